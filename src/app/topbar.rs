//! The bar at the top: whose page this is, what is open, undo and redo, the look.

use leptos::prelude::*;

use super::icons::Icon;
use super::store::App;
use super::theme::Theme;
use super::{deeds, keep, library};

/// What the bar holds once it can be used; its name is there from the start.
pub fn tools(app: App) -> AnyView {
    let history = app.history;
    let chart = app.chart_open;
    view! {
        {keep::menu::designs(app)}
        <button aria-label="Undo" title="Undo (Ctrl+Z)" disabled=move || !history.get().0
            on:click=move |_| deeds::undo(app, true)><Icon name="undo".to_owned()/></button>
        <button aria-label="Redo" title="Redo (Ctrl+Shift+Z)" disabled=move || !history.get().1
            on:click=move |_| deeds::undo(app, false)><Icon name="redo".to_owned()/></button>
        {library::button(app)}
        <span class="spring"></span>
        {keep::share::share(app)}
        <button class="toggle-chart" aria-pressed=move || chart.get().to_string() class:on=move || chart.get()
            aria-label="Chart" title="Chart (C)" on:click=move |_| chart.update(|it| *it = !*it)>
            <Icon name="chart".to_owned()/>
        </button>
        <span class="seg" role="group" aria-label="Theme">{themes(app)}</span>
    }
    .into_any()
}

/// The looks to choose from.
fn themes(app: App) -> impl IntoView {
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
    themes.into_iter().collect_view()
}
