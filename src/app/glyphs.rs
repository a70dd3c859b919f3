//! Icons that the first paint does not need; those it needs are in [`super::icons`].

use leptos::prelude::*;

/// The body of an icon on an 18 × 18 field.
fn body(name: &str) -> &'static str {
    match name {
        "zone" => {
            r#"<rect x="2.5" y="3.5" width="13" height="11" rx="2" stroke-dasharray="2.600 2"/>"#
        }
        "note" => r#"<path d="M3.500 3h11v8l-4 4h-7zM10.500 15v-4h4M6 6.500h6M6 9.500h3"/>"#,
        "select" => {
            r#"<path d="M5 2.500l9 6.500-4 .8 2.400 4.700-1.900 1-2.400-4.700L5 13.500z"/>"#
        }
        "pan" => r#"<path d="M9 2v14M2 9h14M7 4l2-2 2 2M7 14l2 2 2-2M4 7L2 9l2 2M14 7l2 2-2 2"/>"#,
        "cut" => {
            r#"<path d="M2.500 9h4M11.500 9h4M11.500 2c-4 4-1.500 6-4 9-1 1.300-1.300 3-1 5" /><path d="M6.500 7v4M11.500 7v4"/>"#
        }
        "align-left" => r#"<path d="M3 2v14M6 5h9v3H6zM6 11h5v3H6z"/>"#,
        "align-centre" => r#"<path d="M9 2v3M9 8v3M9 14v2M4 5h10v3H4zM6 11h6v3H6z"/>"#,
        "align-right" => r#"<path d="M15 2v14M3 5h9v3H3zM7 11h5v3H7z"/>"#,
        "align-top" => r#"<path d="M2 3h14M5 6h3v9H5zM11 6h3v5h-3z"/>"#,
        "align-middle" => r#"<path d="M2 9h3M8 9h3M14 9h2M5 4h3v10H5zM11 6h3v6h-3z"/>"#,
        "align-bottom" => r#"<path d="M2 15h14M5 3h3v9H5zM11 7h3v5h-3z"/>"#,
        "align-across" => r#"<path d="M3 3v12M15 3v12M7.500 5h3v8h-3z"/>"#,
        "align-down" => r#"<path d="M3 3h12M3 15h12M5 7.500h8v3H5z"/>"#,
        other => super::icons::body(other),
    }
}

/// An icon by name, of all there are.
#[component]
pub fn Glyph(
    /// Which.
    name: &'static str,
    /// Its side, in pixels.
    #[prop(default = 16)]
    size: u32,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" viewBox="0 0 18 18" width=size height=size inner_html=body(name)></svg>
    }
}
