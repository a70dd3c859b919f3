//! Icons, drawn in the colour of the words beside them.

use leptos::prelude::*;

/// The body of an icon on an 18 × 18 field.
pub(super) fn body(name: &str) -> &'static str {
    match name {
        "client" => {
            r#"<rect x="2.5" y="3" width="13" height="9" rx="1.5"/><path d="M6 15h6M9 12v3"/>"#
        }
        "load-balancer" => {
            r#"<circle cx="4" cy="9" r="2"/><circle cx="14" cy="3.8" r="1.8"/><circle cx="14" cy="9" r="1.8"/><circle cx="14" cy="14.2" r="1.8"/><path d="M6 9h6M5.600 8l6.700-3.400M5.600 10l6.700 3.400"/>"#
        }
        "waf" => {
            r#"<path d="M9 2l6 2.500v4.500c0 3.500-2.500 5.800-6 7-3.500-1.200-6-3.500-6-7V4.500zM6.500 9l2 2 3.500-4"/>"#
        }
        "api-gateway" => {
            r#"<path d="M3 16V6.500C3 4 5.500 2 9 2s6 2 6 4.500V16M2 16h14M9 16V9.500M6 16v-4.500M12 16v-4.500"/>"#
        }
        "third-party" => {
            r#"<circle cx="9" cy="9" r="6.500"/><path d="M2.500 9h13M9 2.500c2.200 2 3 4 3 6.500s-.800 4.500-3 6.500c-2.200-2-3-4-3-6.500s.800-4.500 3-6.500z"/>"#
        }
        "dns" => r#"<path d="M9 2v14M3.500 3.500h9l2 2-2 2h-9zM14.500 9.500h-9l-2 2 2 2h9z"/>"#,
        "service" => r#"<path d="M9 2l6 3.500v7L9 16l-6-3.500v-7z"/>"#,
        "cache" => r#"<path d="M10 2L4 10h4l-1 6 7-9H9z"/>"#,
        "cache-cluster" => {
            r#"<circle cx="9" cy="9" r="5.500"/><circle cx="9" cy="3.500" r="1.700" fill="currentColor"/><circle cx="13.800" cy="11.700" r="1.700" fill="currentColor"/><circle cx="4.200" cy="11.700" r="1.700" fill="currentColor"/>"#
        }
        "sql-db" => {
            r#"<ellipse cx="9" cy="4" rx="6" ry="2.200"/><path d="M3 4v10c0 1.200 2.700 2.200 6 2.200s6-1 6-2.200V4M3 9c0 1.200 2.700 2.200 6 2.200s6-1 6-2.200"/>"#
        }
        "sharded-db" => r#"<path d="M3 3h3v12H3zM7.500 3h3v12h-3zM12 3h3v12h-3z"/>"#,
        "redis" => {
            r#"<path d="M2.500 6L9 3l6.500 3L9 9zM2.500 9.500L9 12.500l6.500-3M2.500 13L9 16l6.500-3"/>"#
        }
        "failover-pair" | "raft-group" | "kv-store" => {
            r#"<circle cx="9" cy="4" r="2"/><circle cx="4" cy="13" r="2"/><circle cx="14" cy="13" r="2"/><path d="M8 5.800L5 11.200M10 5.800l3 5.400M6 13h6"/>"#
        }
        "wire" => r#"<path d="M3 14C9 14 9 4 14 4M11 2l3.500 2L11 6.500"/>"#,
        "play" => r#"<path d="M5 3l10 6-10 6z" fill="currentColor"/>"#,
        "pause" => r#"<path d="M5.500 3.500v11M12.500 3.500v11" stroke-width="3"/>"#,
        "back" => r#"<path d="M11.500 4L6.500 9l5 5"/>"#,
        "forward" => r#"<path d="M6.500 4l5 5-5 5"/>"#,
        "restart" => r#"<path d="M4 4v4h4M4.300 8A5.500 5.500 0 119 14.500"/>"#,
        "script" => r#"<path d="M2.500 5h8M2.500 9h5M2.500 13h8M13 6.500l3 5h-6z"/>"#,
        "undo" => r#"<path d="M6 3L2.500 6.500 6 10M2.500 6.500h7a4 4 0 010 8H6"/>"#,
        "redo" => r#"<path d="M12 3l3.500 3.500L12 10M15.500 6.500h-7a4 4 0 000 8H12"/>"#,
        "plus" => r#"<path d="M9 4v10M4 9h10"/>"#,
        "minus" => r#"<path d="M4 9h10"/>"#,
        "fit" => r#"<path d="M3 7V3h4M11 3h4v4M15 11v4h-4M7 15H3v-4"/>"#,
        "close" => r#"<path d="M4.500 4.500l9 9M13.500 4.500l-9 9"/>"#,
        "chart" => r#"<path d="M3 3v12h12M5.500 11.500l3-4 2.500 2 3.500-5"/>"#,
        "down" => r#"<path d="M4.500 7l4.500 4.500L13.500 7"/>"#,
        "share" => r#"<path d="M9 11V2.500M6 5l3-3 3 3M4.500 8v7h9V8"/>"#,
        "copy" => r#"<rect x="6" y="6" width="9" height="9" rx="1.5"/><path d="M12 6V3H3v9h3"/>"#,
        "bin" => r#"<path d="M3 5h12M7 5V3h4v2M5 5l.7 10h6.600L13 5"/>"#,
        "light" => {
            r#"<circle cx="9" cy="9" r="3"/><path d="M9 2v1.500M9 14.500V16M2 9h1.500M14.500 9H16M4 4l1 1M13 13l1 1M14 4l-1 1M5 13l-1 1"/>"#
        }
        "dark" => r#"<path d="M14.500 10.800A6 6 0 017.200 3.500a6 6 0 107.300 7.300z"/>"#,
        "projector" => r#"<path d="M2 3h14M3.500 3v8h11V3M9 11v2.500M6 16l3-2.500 3 2.500"/>"#,
        _ => r#"<rect x="3" y="3" width="12" height="12" rx="2"/>"#,
    }
}

/// An icon by name: a kind of component, or an action.
#[component]
pub fn Icon(
    /// Which.
    #[prop(into)]
    name: Signal<String>,
    /// Its side, in sixteenths of the type around it.
    #[prop(default = 16)]
    size: u32,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" viewBox="0 0 18 18" width=size height=size
            inner_html=move || name.with(|it| body(it))></svg>
    }
}
