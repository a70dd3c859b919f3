//! What has gone wrong with the program itself, told calmly, with what was kept.

use leptos::prelude::*;

use super::store::App;

/// A notice across the top of the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Banner {
    /// What happened and what was kept.
    pub text: String,
    /// What technicians want to know.
    pub detail: String,
    /// Whether beginning again may help.
    pub again: bool,
}

impl Banner {
    /// Workers are missing or forbidden.
    pub fn no_worker() -> Self {
        Self {
            text:
                "The simulation could not start: this browser does not let the page run a worker. \
                   The design is shown, but stands still."
                    .into(),
            detail: String::new(),
            again: false,
        }
    }

    /// Half of the page did not come.
    pub fn missing() -> Self {
        Self {
            text: "Part of the page could not be loaded: you can watch, but not change anything. \
                   Check the connection and load the page again."
                .into(),
            detail: String::new(),
            again: false,
        }
    }

    /// A worker died and another has taken over; or what else is told of that.
    pub fn restarted(told: Option<String>) -> Self {
        let usual = "The simulation stopped and was restarted: same design, same seed, same faults and \
                     edits, same moment.";
        let text = told.unwrap_or_else(|| usual.into());
        Self { text, detail: String::new(), again: false }
    }

    /// A worker dies every time.
    pub fn gave_up(reason: &str) -> Self {
        Self {
            text: "The simulation stops every time it is started. The design is kept and can be \
                   edited; start again after a change."
                .into(),
            detail: reason.into(),
            again: true,
        }
    }

    /// The session refuses to go on.
    pub fn failure(reason: &str, stopped: bool) -> Self {
        let reason = reason.trim_end_matches('.');
        // A run that was stopped says so itself.
        let start = if stopped { "" } else { "This design cannot run as it is: " };
        Self {
            text: format!("{start}{reason}. Nothing was lost; change it and it runs again."),
            detail: String::new(),
            again: true,
        }
    }
}

impl App {
    /// What the run failed for is told no longer; but without a worker there is no run to be mended.
    pub fn clear_failure(self) {
        let failed = |it: &Option<Banner>| it.as_ref().is_some_and(|it| it.again);
        let works = self.bridge.with_value(|it| it.is_free() || it.is_busy());
        if works && self.banner.with_untracked(failed) {
            self.banner.set(None);
        }
    }
}

/// The notice, if there is one.
#[component]
pub fn BannerStrip() -> impl IntoView {
    let app = App::here();
    let again = move |_| {
        if !app.bridge.with_value(|it| it.is_free() || it.is_busy()) {
            super::bridge::connect(app);
        }
        app.banner.set(None);
        app.playing.set(true);
        app.restart();
    };
    move || {
        app.banner.get().map(|banner| {
            view! {
                <div class="banner" role="alert">
                    <p title=banner.detail.clone()>{banner.text.clone()}</p>
                    {banner.again.then(|| view! {
                        <button class="o" on:click=again>"Start again"</button>
                    })}
                    <button on:click=move |_| app.banner.set(None)>"Dismiss"</button>
                </div>
            }
        })
    }
}
