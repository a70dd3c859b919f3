//! A scene as SVG text: for the page, for export, for eyes in a test.
//!
//! Colours are design tokens and sizes are classes with the pixels beside them, so a style sheet
//! has the last word. Nothing is referred to by a document-wide id, so pictures can share a page.

use std::fmt::Write;

use super::layout::{chips, measure};
use super::{
    Anchor, CellStyle, Dash, Face, Fill, Font, Mark, Point, Rect, Scene, Shape, Size, Slide, Spot,
    Stroke, Tone, Weight,
};

mod forms;

/// The smallest side of what can be clicked, in pixels (WCAG 2.2, 2.5.8).
const TARGET_MIN: f32 = 24.0;

/// The scene as an `<svg>` element.
///
/// A picture without actions is one image to a screen reader. One with actions is a group, since
/// what is inside an image cannot be reached.
pub fn svg(scene: &Scene) -> String {
    let acts = scene.marks.iter().any(acts);
    let role = if acts { "group" } else { "img" };
    let (width, height) = (Px(scene.width), Px(scene.height));
    let mut out = String::new();
    put(&mut out, format_args!("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"scene\" "));
    put(&mut out, format_args!("width=\"{width}\" height=\"{height}\" "));
    put(&mut out, format_args!("viewBox=\"0 0 {width} {height}\" role=\"{role}\">\n"));
    put(&mut out, format_args!("<title>{}</title>\n", Escaped(&scene.title)));
    put(&mut out, format_args!("<desc>{}</desc>\n", Escaped(&scene.description)));
    scene.marks.iter().for_each(|mark| write_mark(&mut out, mark));
    out.push_str("</svg>\n");
    out
}

fn acts(mark: &Mark) -> bool {
    mark.action.is_some() || mark.slide.is_some()
}

fn write_mark(out: &mut String, mark: &Mark) {
    let (id, tone) = (Escaped(&mark.id), mark.tone.name());
    put(out, format_args!("<g class=\"mark {tone}\" data-id=\"{id}\""));
    if let Some(action) = &mark.action {
        put(out, format_args!(" data-action=\"{}\"", Escaped(action)));
    }
    if let Some(slide) = &mark.slide {
        write_slide(out, slide);
    }
    if acts(mark) {
        let name = Escaped(mark.label.as_deref().unwrap_or_else(|| mark.words()));
        let role = if mark.slide.is_some() { "slider" } else { "button" };
        put(out, format_args!(" tabindex=\"0\" role=\"{role}\" aria-label=\"{name}\""));
    }
    out.push('>');
    if let Some(label) = &mark.label {
        put(out, format_args!("<title>{}</title>", Escaped(label)));
    }
    if acts(mark) {
        let Rect { x, y, width, height } = mark.shape.bounds().at_least(TARGET_MIN);
        put(out, format_args!("<rect class=\"target\" x=\"{}\" y=\"{}\"", Px(x), Px(y)));
        put(out, format_args!(" width=\"{}\" height=\"{}\"", Px(width), Px(height)));
        out.push_str(" fill=\"transparent\"/>");
    }
    write_shape(out, mark);
    out.push_str("</g>\n");
}

/// The spots as lines: left, top, width and height, then the action.
fn write_slide(out: &mut String, slide: &Slide) {
    out.push_str(" data-spots=\"");
    for Spot { area: Rect { x, y, width, height }, action, .. } in &slide.spots {
        let (x, y, width, height) = (Px(*x), Px(*y), Px(*width), Px(*height));
        put(out, format_args!("{x} {y} {width} {height} {}\n", Escaped(action)));
    }
    let last = slide.spots.len().saturating_sub(1);
    put(out, format_args!("\" aria-valuemin=\"0\" aria-valuemax=\"{last}\""));
    let at = slide.at.and_then(|it| Some((it, slide.spots.get(it)?)));
    let (at, text) = at.map_or((0, "–"), |(at, spot)| (at, spot.label.as_str()));
    put(out, format_args!(" aria-valuenow=\"{at}\" aria-valuetext=\"{}\"", Escaped(text)));
}

fn write_shape(out: &mut String, mark: &Mark) {
    let tone = mark.tone;
    match &mark.shape {
        Shape::Glyph { glyph, at, radius } => forms::glyph(out, *glyph, (*at, *radius), tone),
        Shape::Bar { area, radius, fill } => {
            rect(out, *area, *radius);
            put(out, format_args!("{}/>", Paint(*fill, tone)));
        }
        Shape::Arc { .. } => {
            if let Some((path, fill)) = forms::arc(&mark.shape) {
                put(out, format_args!("<path d=\"{path}\"{}/>", Paint(fill, tone)));
            }
        }
        Shape::Arcs { center, inner, outer, spans, fill } => {
            forms::arcs(out, *center, (*inner, *outer), spans, (tone, *fill));
        }
        Shape::Line { from, to, stroke } => line(out, &[*from, *to], *stroke, tone),
        Shape::Arrow { from, to, stroke, heads } => {
            line(out, &[*from, *to], *stroke, tone);
            forms::heads(out, [*from, *to], *heads, tone);
        }
        Shape::Path { points, stroke } => line(out, points, *stroke, tone),
        Shape::Polygon { points, fill } => {
            put(out, format_args!("<path d=\"{}Z\"{}/>", Points(points), Paint(*fill, tone)));
        }
        Shape::Cell { area, text, style } => cell(out, *area, (text, *style), tone),
        Shape::Text { at, text, font, anchor } => {
            words(out, *at, (text, *font, *anchor));
            put(out, format_args!(" fill=\"var({})\">{}</text>", tone.line_token(), Escaped(text)));
        }
    }
}

fn rect(out: &mut String, area: Rect, radius: f32) {
    let Rect { x, y, width, height } = area;
    put(out, format_args!("<rect x=\"{}\" y=\"{}\"", Px(x), Px(y)));
    put(out, format_args!(" width=\"{}\" height=\"{}\"", Px(width), Px(height)));
    if radius > 0.0 {
        put(out, format_args!(" rx=\"{}\"", Px(radius)));
    }
}

fn line(out: &mut String, points: &[Point], stroke: Stroke, tone: Tone) {
    put(out, format_args!("<path d=\"{}\" fill=\"none\"", Points(points)));
    put(out, format_args!(" stroke=\"var({})\"", tone.line_token()));
    put(out, format_args!(" stroke-width=\"{}\"{}/>", Px(stroke.width), Gaps(stroke.dash)));
}

/// An open `<text` tag.
fn words(out: &mut String, at: Point, (_, font, anchor): (&str, Font, Anchor)) {
    let (class, family) = match font.face {
        Face::Ui => ("ui", "var(--ui)"),
        Face::Mono => ("num", "var(--num)"),
    };
    let step = match font.size {
        Size::T1 => "t1",
        Size::T2 => "t2",
        Size::T3 => "t3",
        Size::T4 => "t4",
    };
    put(out, format_args!("<text class=\"{class} {step}\" x=\"{}\" y=\"{}\"", Px(at.x), Px(at.y)));
    put(out, format_args!(" font-family=\"{family}\" font-size=\"{}\"", Px(font.size.px())));
    if font.weight == Weight::Bold {
        out.push_str(" font-weight=\"600\"");
    }
    match anchor {
        Anchor::Start => {}
        Anchor::Middle => out.push_str(" text-anchor=\"middle\""),
        Anchor::End => out.push_str(" text-anchor=\"end\""),
    }
}

/// A cell: its box, the sign of its hue, its word in ink, or bold in the hue.
fn cell(out: &mut String, area: Rect, (text, style): (&str, CellStyle), tone: Tone) {
    let border = if tone == Tone::Ink { Tone::Line } else { tone };
    let fill = match style {
        CellStyle::Dashed => Fill::Dashed,
        CellStyle::Filled => Fill::Framed,
        _ => Fill::Hollow,
    };
    // A dashed outline in the colour of lines would not be seen.
    let border =
        if (style, border) == (CellStyle::Dashed, Tone::Line) { Tone::Ink2 } else { border };
    rect(out, area, 5.0);
    put(out, format_args!("{}/>", Paint(fill, border)));
    let sign = chips::sign_width(tone);
    let font = chips::font(style);
    let middle = area.middle();
    if let Some(glyph) = tone.glyph().filter(|_| tone.is_hue()) {
        forms::glyph(out, glyph, (Point::new(area.x + 10.5, middle.y), 4.0), tone);
    }
    let x = middle.x + sign / 2.0;
    words(out, Point::new(x, middle.y + 4.0), (text, font, Anchor::Middle));
    let (color, line) = match style {
        CellStyle::Struck => ("--ink-3", " text-decoration=\"line-through\""),
        CellStyle::Strong => (tone.line_token(), ""),
        _ => ("--ink", ""),
    };
    put(out, format_args!(" fill=\"var({color})\"{line}>{}</text>", Escaped(text)));
    debug_assert!(measure::width(text, font) <= area.width + 0.1, "the word fits its cell");
}

/// Writing to a string cannot fail.
fn put(out: &mut String, arguments: std::fmt::Arguments) {
    let written = out.write_fmt(arguments);
    debug_assert!(written.is_ok());
}

/// Pixels to a hundredth, without trailing zeros.
struct Px(f32);

impl std::fmt::Display for Px {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let hundredths = libm::round(f64::from(self.0) * 100.0) as i64;
        let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
        match (size / 100, size % 100) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, rest) if rest % 10 == 0 => write!(f, "{sign}{whole}.{}", rest / 10),
            (whole, rest) => write!(f, "{sign}{whole}.{rest:02}"),
        }
    }
}

/// Points as path commands.
struct Points<'a>(&'a [Point]);

impl std::fmt::Display for Points<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for (index, point) in self.0.iter().enumerate() {
            let command = if index == 0 { "M" } else { "L" };
            write!(f, "{command}{} {}", Px(point.x), Px(point.y))?;
        }
        Ok(())
    }
}

/// Fill and outline attributes.
struct Paint(Fill, Tone);

impl std::fmt::Display for Paint {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Paint(fill, tone) = self;
        let (area, edge) = (tone.token(), tone.line_token());
        match fill {
            Fill::Solid => write!(f, " fill=\"var({area})\""),
            Fill::Soft => write!(f, " fill=\"var({area})\" fill-opacity=\".55\""),
            Fill::Tint => write!(f, " fill=\"var({area})\" fill-opacity=\".08\""),
            Fill::Framed => {
                write!(f, " fill=\"var({area})\" fill-opacity=\".2\" stroke=\"var({edge})\"")
            }
            Fill::Hollow => write!(f, " fill=\"var(--surface)\" stroke=\"var({edge})\""),
            Fill::Dashed => {
                write!(f, " fill=\"var(--surface)\" stroke=\"var({edge})\"{}", Gaps(Dash::Dashed))
            }
        }
    }
}

/// The dash attribute.
struct Gaps(Dash);

impl std::fmt::Display for Gaps {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.0 {
            Dash::Whole => Ok(()),
            Dash::Dashed => f.write_str(" stroke-dasharray=\"4 3\""),
            Dash::Dotted => f.write_str(" stroke-dasharray=\"1 3\" stroke-linecap=\"round\""),
        }
    }
}

/// Words that may stand in text and in attributes.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Control characters are not allowed in XML at all.
                '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => {
                    f.write_char('\u{fffd}')?
                }
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
