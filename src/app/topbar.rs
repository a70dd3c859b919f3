//! The bar at the top: whose page this is, what is open, undo and redo, the look.

use leptos::prelude::*;

use super::icons::Icon;
use super::store::App;
use super::theme::Theme;

/// The bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let app = App::here();
    let name = move || app.frame_of.with(|it| it.0.clone());
    let themes = Theme::ALL.map(|theme| {
        let on = move || app.theme.get() == theme;
        view! {
            <button aria-label=theme.name() title=format!("{} theme", theme.name())
                aria-pressed=move || on().to_string() class:on=on
                on:click=move |_| super::choose_theme(app, theme)>
                <Icon name=theme.word().to_owned()/>
            </button>
        }
    });
    let undo = move |back| {
        if let Some(rooms) = app.later() {
            (rooms.undo)(app, back);
        }
    };
    let chart = app.chart_open;
    view! {
        <header class="topbar">
            <svg class="logo" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
                <circle cx="11" cy="11" r="8" class="ring"/>
                <circle cx="11" cy="3" r="2.200" class="f-read"/>
                <circle cx="18" cy="15" r="2.200" class="f-write"/>
                <circle cx="4.200" cy="15.200" r="2.200" class="f-hit"/>
            </svg>
            <h1>"Ringside"</h1>
            <span class="document" hidden=move || app.rooms.get().is_some()>{name}</span>
            {app.room(|it| it.designs)}
            <button aria-label="Undo" title="Undo (Ctrl+Z)" disabled=move || !app.history.get().0
                on:click=move |_| undo(true)><Icon name="undo".to_owned()/></button>
            <button aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled=move || !app.history.get().1
                on:click=move |_| undo(false)><Icon name="redo".to_owned()/></button>
            {app.room(|it| it.library)}
            <span class="spring"></span>
            {app.room(|it| it.share)}
            <button class="toggle-chart" aria-pressed=move || chart.get().to_string() class:on=move || chart.get()
                aria-label="Chart" title="Latency over time (C)" on:click=move |_| chart.update(|it| *it = !*it)>
                <Icon name="chart".to_owned()/>
            </button>
            <span class="seg" role="group" aria-label="Theme">{themes.into_iter().collect_view()}</span>
        </header>
    }
}
