//! What if…: another future of the run beside it. Two canvases in step, one camera; what differs is
//! marked; one of the two is kept.

use leptos::context::Provider;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use crate::base::text;
use crate::base::time::Nanos;
use crate::document::Diff;
use crate::session::compare::{Differs, What, all_that_differs};
use crate::session::protocol::{Branch, Command, Input};

use super::canvas::Canvas;
use super::desk::Desk;
use super::inspector;
use super::store::App;

pub mod gap;
pub mod request;
mod toll;

/// Canvases narrower than this show one future at a time, unless told otherwise, in pixels.
const WIDE: f64 = 1_100.0;

impl App {
    /// Begins another future at the cursor.
    pub fn what_if(self) {
        if self.parted.get_untracked().is_some() {
            return;
        }
        let fork = self.other.get_value().unwrap_or_else(|| self.second());
        self.other.set_value(Some(fork));
        fork.other.set_value(Some(self));
        // What was done so far is told by the first frame.
        let desk = self.desk.with_value(|it| {
            let (shown, base, edits) = (it.shown().clone(), it.base.clone(), it.edits);
            let editor = crate::editor::Editor::new(shown.clone());
            Desk { design: shown, editor, base, edits, ..Desk::default() }
        });
        fork.desk.set_value(desk);
        fork.inputs.set(Vec::new());
        fork.latest.set_value(self.latest.with_value(Clone::clone));
        fork.clock.set(self.clock.get_untracked());
        fork.place.set(self.place.get_untracked());
        fork.lens.set(None);
        fork.trace.set(None);
        fork.history.set((false, false));
        fork.show();
        self.forking.set_value(true);
        self.focus.set(Branch::Fork);
        let now = self.clock.get_untracked().now;
        self.parted.set(Some(now));
        self.forks.update(|it| {
            it.retain(|it| *it != now);
            it.push(now);
        });
        self.send(Command::Fork);
        self.see_both(self.stage.get_untracked().0 >= WIDE);
    }

    /// Goes on with one future alone.
    pub fn keep_future(self, branch: Branch) {
        let (Some(fork), true) = (self.other.get_value(), self.parted.get_untracked().is_some())
        else {
            return;
        };
        self.send(Command::Keep(branch));
        if branch == Branch::Fork {
            let design = fork.desk.with_value(|it| it.design.clone());
            let inputs = fork.desk.with_value(|it| it.inputs.clone());
            let edits = fork.desk.with_value(|it| it.edits);
            self.desk.update_value(|it| {
                // One step of undo, whatever was done there.
                let diff = Diff::between(&it.design, &design);
                if !diff.is_empty() {
                    it.editor.note(diff);
                }
                // What was done to the run that is left, since they parted, is not there to be undone.
                let parted = self.parted.get_untracked();
                it.editor.history_mut().forget_deeds(parted);
                (it.design, it.inputs, it.edits) = (design, inputs.clone(), edits);
            });
            self.tell_history();
            self.inputs.set(inputs);
        }
        self.rejoin();
        self.sync();
    }

    /// There is one future again.
    pub fn rejoin(self) {
        self.forking.set_value(false);
        self.see_both(false);
        self.parted.set(None);
        self.focus.set(Branch::Main);
        self.mirror.with_value(|it| {
            it.nodes.iter().for_each(|it| it.1.gap.set(String::new()));
            it.wires.iter().for_each(|it| it.1.gap.set(false));
        });
        self.bridge.update_value(|it| it.look());
        self.wake();
    }

    /// Shows the two futures side by side, or one at a time.
    fn see_both(self, both: bool) {
        self.both.set(both);
        self.follows.set(true);
        self.grow();
    }

    /// Turns to one of the two futures.
    fn turn_to(self, branch: Branch) {
        if self.focus.get_untracked() != branch {
            self.focus.set(branch);
            self.bridge.update_value(|it| it.look());
            self.wake();
        }
    }

    /// The future that the keyboard and the inspector are for.
    pub fn focused(self) -> Self {
        let fork = self.other.get_value().filter(|_| self.parted.get_untracked().is_some());
        fork.filter(|_| self.focus.get_untracked() == Branch::Fork).unwrap_or(self)
    }

    /// Both futures, while there are two: the run and the fork.
    pub fn forked(self) -> Option<(Self, Self)> {
        self.parted.get()?;
        let other = self.other.get_value()?;
        Some(if self.branch == Branch::Main { (self, other) } else { (other, self) })
    }

    /// What a future needs of its own; the rest both share.
    fn second(self) -> Self {
        let blank = Self::blank();
        Self {
            branch: Branch::Fork,
            other: blank.other,
            desk: blank.desk,
            mirror: blank.mirror,
            latest: blank.latest,
            pulse: blank.pulse,
            nodes: blank.nodes,
            wires: blank.wires,
            frame_of: blank.frame_of,
            stage: blank.stage,
            place: blank.place,
            clock: blank.clock,
            inputs: blank.inputs,
            stories: blank.stories,
            lens: blank.lens,
            charted: blank.charted,
            picks: blank.picks,
            trace: blank.trace,
            history: blank.history,
            theory: blank.theory,
            sights: blank.sights,
            halt: blank.halt,
            come: blank.come,
            ..self
        }
    }

    /// Marks what differs between the two futures.
    pub fn mark_differences(self) {
        let Some(fork) = self.other.get_value() else { return };
        let (designs, gaps) = self.latest.with_value(|main| {
            fork.latest.with_value(|other| {
                let gaps =
                    all_that_differs((&main.cast, &main.figures), (&other.cast, &other.figures));
                let names = main.cast.components.clone();
                let designs = self.desk.with_value(|it| it.shown().clone());
                (
                    (designs, fork.desk.with_value(|it| it.shown().clone())),
                    names.into_iter().zip(gaps).collect::<Vec<_>>(),
                )
            })
        });
        let diff = Diff::between(&designs.0, &designs.1);
        for app in [self, fork] {
            app.mirror.with_value(|mirror| {
                for (id, node) in mirror.nodes.iter() {
                    let differs = gaps.iter().find(|it| it.0 == *id).and_then(|it| it.1);
                    let changed =
                        diff.components.get(id).map(|it| it.before.is_some() && it.after.is_some());
                    let words = match changed {
                        Some(false) => "only here".to_owned(),
                        Some(true) => differs.map_or_else(
                            || "changed".to_owned(),
                            |it| format!("changed · {}", said(it)),
                        ),
                        None => differs.map(said).unwrap_or_default(),
                    };
                    if node.gap.with_untracked(|it| *it != words) {
                        node.gap.set(words);
                    }
                }
                for (id, wire) in mirror.wires.iter() {
                    let cut = |app: App| {
                        let figures = app.wire(id)?.figures;
                        Some(figures.with_untracked(|it| it.cut || it.parted))
                    };
                    let differs = diff.wires.contains_key(id) || cut(self) != cut(fork);
                    if wire.gap.get_untracked() != differs {
                        wire.gap.set(differs);
                    }
                }
            });
        }
    }
}

/// A difference in a few words, as seen from the run.
fn said(it: Differs) -> String {
    let Differs { what, main, fork } = it;
    let times = || {
        let factor = fork / main;
        match factor {
            it if !it.is_finite() || it > 99.0 => ">99×".to_owned(),
            it if it >= 10.0 => format!("{it:.0}×"),
            it if it >= 0.1 => format!("{it:.1}×"),
            it => format!("1/{:.0}", 1.0 / it.max(1e-3)),
        }
    };
    let more = |by: f64| {
        let sign = if by < 0.0 { '−' } else { '+' };
        format!("{sign}{}", text::number(by.abs()))
    };
    match what {
        What::Up => format!("up {fork:.0}, not {main:.0}"),
        What::Failed => format!("failed {}/s", more(fork - main)),
        What::P99 => format!("p99 {}", times()),
        What::Hits => format!("hits {:+.0} pp", (fork - main) * 100.0),
        What::Waiting => format!("waiting {}", more(fork - main)),
        What::Offered => format!("req/s {}", times()),
    }
}

/// The inspector of the future that has the keyboard.
pub fn inspector(app: App) -> AnyView {
    let of = move || {
        let of_fork = app.parted.get().is_some() && app.focus.get() == Branch::Fork;
        match app.other.get_value().filter(|_| of_fork) {
            Some(fork) => {
                view! { <Provider value=fork>{inspector::panel(fork)}</Provider> }.into_any()
            }
            None => inspector::panel(app),
        }
    };
    of.into_any()
}

/// The other canvas, and what can be done with the two.
pub fn beside(app: App) -> AnyView {
    // Read here, so that a moment that moves on does not draw all of it anew.
    let parted = Memo::new(move |_| app.parted.get().is_some());
    // The canvas as it is knows nothing of another: whoever touches it turns to it.
    let back = move |event: Event| {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let within =
            |of: &str| target.as_ref().is_some_and(|it| matches!(it.closest(of), Ok(Some(_))));
        if parted.get_untracked() && within(".stage") && !within(".other") {
            app.turn_to(Branch::Main);
        }
    };
    let ears = ["pointerdown", "focusin"].map(|it| window_event_listener_untyped(it, back));
    on_cleanup(move || ears.into_iter().for_each(|it| it.remove()));
    let view = move || {
        let fork = parted.get().then(|| app.other.get_value())??;
        let chosen = move |branch| app.focus.get() == branch;
        let both = move || app.both.get();
        Some(view! {
            <Bar fork/>
            <section class="side-name chip" aria-label="As it is" class:on=move || chosen(Branch::Main)>"As it is"</section>
            // Where it is seen alone, its canvas is the page's main part.
            <div class="other" role=move || both().then_some("region") aria-label=move || both().then_some("What if: the other future")
                on:pointerdown=move |_| app.turn_to(Branch::Fork) on:focusin=move |_| app.turn_to(Branch::Fork)>
                <Provider value=fork><Canvas/></Provider>
                <div class="side-name chip" class:on=move || chosen(Branch::Fork)>"What if"</div>
            </div>
        })
    };
    view.into_any()
}

/// What is compared, and how it ends.
#[component]
fn Bar(fork: App) -> impl IntoView {
    let app = App::here();
    let since = move || {
        let zero = app.clock.with(|it| it.zero);
        app.parted.get().map(|it| text::clock(it, zero)).unwrap_or_default()
    };
    let done = move || {
        fork.inputs.with(Vec::len)
            + app.inputs.with(|it| {
                let since = app.parted.get().unwrap_or(Nanos::ZERO);
                it.iter().filter(|it| it.at >= since).count()
            })
    };
    let hint = move || match fork.inputs.with(|it| {
        let since = app.parted.get().unwrap_or(Nanos::ZERO);
        it.iter().filter(|it| it.at >= since).count()
    }) {
        0 => {
            "Both futures are the same so far. Change one thing in “What if”: break it or edit it."
                .to_owned()
        }
        _ => "The same requests, the same chance. What differs is marked.".to_owned(),
    };
    let seed = move |_| {
        let seed = app.seed.get_untracked().wrapping_add(1);
        app.send(Command::Act(Branch::Fork, Input::Seed(seed)));
    };
    let see = move |name: &'static str, (branch, both): (Branch, bool)| {
        let on = move || app.both.get() == both && (both || app.focus.get() == branch);
        let choose = move |_| {
            if app.both.get_untracked() != both {
                app.see_both(both);
            }
            app.turn_to(branch);
        };
        view! {
            <button class:on=on class:pair=both aria-pressed=move || on().to_string() on:click=choose>{name}</button>
        }
    };
    view! {
        <div class="compare-bar" role="region" aria-label="Two futures">
            <b>"What if…"</b>
            <span class="num" title="The moment at which the two futures part.">"from " {since}</span>
            <div class="seg" role="group" aria-label="Which future is shown">
                {see("As it is", (Branch::Main, false))}
                {see("Side by side", (Branch::Fork, true))}
                {see("What if", (Branch::Fork, false))}
            </div>
            <p role="status">{hint}</p>
            <button class="o wide-only" hidden=move || done() != 0
                title="In the other future, everything random comes out differently from here on: what is chance, and what is effect?"
                on:click=seed>"Another seed"</button>
            <button class="o" title="Go on with the right one; the left one stays in the charts, dashed"
                on:click=move |_| app.keep_future(Branch::Fork)><span>"Keep"<span class="wide-only">" this future"</span></span></button>
            <button class="o" title="Go on with the left one, as if nothing had been asked"
                on:click=move |_| app.keep_future(Branch::Main)>"Leave"</button>
        </div>
    }
}
