//! How wide words are, near enough to place things without a browser.
//!
//! Widths per character are those of Inter and JetBrains Mono, rounded up and kept in a few
//! classes: real text comes out a little narrower, so what fits here fits on screen.

use crate::scene::{Face, Font, Weight};

/// Every character of the monospaced face, in parts of its size.
const MONO_EM: f32 = 0.6;

/// What parts thousands (`text::number`): no font of ours has it, and others draw it narrow.
const THIN: char = '\u{202f}';
/// The columns it takes, at most.
const THIN_COLUMNS: f32 = 0.5;

/// What stands for words that were cut off.
pub const ELLIPSIS: char = '…';

/// The width of words in pixels.
pub fn width(text: &str, font: Font) -> f32 {
    let em: f32 = match font.face {
        Face::Mono => MONO_EM * text.chars().map(columns).sum::<f32>(),
        Face::Ui => text.chars().map(ui_em).sum(),
    };
    let weight = match (font.weight, font.face) {
        (Weight::Bold, Face::Ui) => 1.06,
        _ => 1.0,
    };
    em * weight * font.size.px()
}

/// The distance from baseline to baseline in pixels.
pub fn line_height(font: Font) -> f32 {
    1.4 * font.size.px()
}

/// The words, or as much of their beginning as fits into `width_max` pixels with an ellipsis.
pub fn fit(text: &str, font: Font, width_max: f32) -> String {
    if width(text, font) <= width_max {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let shorter: String = kept.iter().collect::<String>().trim_end().to_string();
        let cut = format!("{shorter}{ELLIPSIS}");
        if width(&cut, font) <= width_max {
            return cut;
        }
    }
    ELLIPSIS.to_string()
}

/// How many columns a character takes: wide scripts take two, what parts thousands a part of one.
fn columns(letter: char) -> f32 {
    match letter {
        THIN => THIN_COLUMNS,
        _ if is_wide(letter) => 2.0,
        _ => 1.0,
    }
}

fn ui_em(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '·' | THIN => 0.28,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | '/' | '-' | '"' => 0.38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' | '→' | '←' => 0.92,
        'a'..='z' => 0.58,
        'A'..='Z' => 0.71,
        '0'..='9' => 0.64,
        _ if is_wide(letter) => 1.0,
        _ => 0.66,
    }
}

/// East Asian scripts and emoji (after Unicode's East Asian Width, roughly).
fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}')
}

/// The words in lines of at most `width_max` pixels. A word longer than a line is cut.
pub fn wrap(text: &str, font: Font, width_max: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|longer| width(longer, font) <= width_max) {
            Some(longer) => {
                lines.pop();
                lines.push(longer);
            }
            None => lines.push(fit(word, font, width_max)),
        }
    }
    lines
}
