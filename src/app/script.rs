//! The script: what goes wrong by itself in every run of a design, at which moments. Faults chosen on the
//! canvas go into it while a moment is set for them.

use leptos::html;
use leptos::prelude::*;

use crate::base::text;
use crate::base::time::Nanos;
use crate::document::edit::{Edit, Item};
use crate::document::history::Deed;
use crate::document::{Diff, FaultRecord, Id, ids};
use crate::editor::Input as Gesture;
use crate::engine::fault::{Fault, Target};
use crate::session::protocol::{Command, Input, Stamped};

use super::figures::{Health, MemberFace};
use super::form;
use super::icons::Icon;
use super::inspector::amounts::Amounts;
use super::inspector::shape::Problem;
use super::marks;
use super::store::App;

impl App {
    /// A fault, or its end: now, or into the script while a moment is set for it.
    pub fn fault(self, fault: Fault) {
        self.faults(vec![fault]);
    }

    /// The same for some at once: done now, they are one step of undo.
    pub fn faults(self, faults: Vec<Fault>) {
        let planned = self.planned.get_untracked();
        let now = |it: &Fault| planned.is_none() || is_of_one_message(it);
        let (now, later): (Vec<_>, Vec<_>) = faults.into_iter().partition(now);
        if let Some(at) = planned {
            later
                .into_iter()
                .for_each(|fault| self.act(Gesture::Edit(Edit::AddFault { at, fault })));
        }
        if now.is_empty() {
            return;
        }
        // What is under way is a step of its own.
        self.act(Gesture::Commit);
        let so_far = self.deeds().into_iter().filter_map(|it| match it.input {
            Input::Fault(fault) => Some(fault),
            _ => None,
        });
        let so_far: Vec<_> = so_far.collect();
        let back = now.iter().rev().flat_map(|it| it.back(&so_far, &self.touched(it))).collect();
        let deed = Deed { at: self.clock.get_untracked().now, done: now.clone(), back };
        self.leave_future();
        self.do_to_run(now);
        if !deed.back.is_empty() {
            self.desk.update_value(|it| it.editor.history_mut().did(deed));
            self.tell_history();
        }
    }

    /// Does it, now.
    pub(super) fn do_to_run(self, faults: Vec<Fault>) {
        let act = |it| self.send(Command::Act(self.branch, Input::Fault(it)));
        faults.into_iter().for_each(act);
    }

    /// Everybody whose life a fault touches, and whether they are up; all of a component as one where all are.
    fn touched(self, fault: &Fault) -> Vec<(Target, bool)> {
        let (id, member, zone) = match fault {
            Fault::Crash(it) | Fault::Restart(it) => (Some(&it.component), it.member, None),
            Fault::ZoneOutage { zone } | Fault::ZoneRestart { zone } => (None, None, Some(zone)),
            _ => return Vec::new(),
        };
        let of = self.desk.with_value(|it| {
            let all = it.shown().components.iter();
            let of = all.filter(|it| {
                id == Some(it.0) || zone.is_some_and(|zone| it.1.zones.contains(zone))
            });
            of.map(|it| it.0.clone()).collect::<Vec<_>>()
        });
        let life = |id: &Id| {
            let node = self.node(id)?;
            let up = |it: &MemberFace| it.health != Health::Down;
            let up: Vec<_> = node.face.with_untracked(|it| it.members.iter().map(up).collect());
            let same = up.iter().all(|it| Some(it) == up.first());
            let each = up.iter().enumerate().map(|it| (Target::member(id, it.0 as u16), *it.1));
            Some(match member {
                None if same => vec![(Target::component(id), up.first().copied().unwrap_or(true))],
                None => each.collect(),
                Some(_) => each.filter(|it| it.0.member == member).collect(),
            })
        };
        of.iter().filter_map(life).flatten().collect()
    }

    /// What was done to the run so far, by hand and by the script, oldest first.
    pub fn deeds(self) -> Vec<Stamped> {
        self.deeds_by(self.come.get())
    }

    /// Whether something is so, by what the page sees now; or, while a moment is set for which faults go
    /// into the script, by the last fault before it that says.
    pub fn meant<T>(self, now: T, says: impl Fn(&Fault) -> Option<T>) -> T {
        let planned = self.planned.with(Option::is_some);
        let said = planned.then(|| last_said(&self.done(), says)).flatten();
        said.unwrap_or(now)
    }

    /// What was done to the run by the moment that is looked at, oldest first; or, while a moment is set for
    /// which faults go into the script, what will have been done by then.
    pub fn done(self) -> Vec<Stamped> {
        let planned = self.planned.get();
        let by = planned.unwrap_or_else(|| self.clock.get().now);
        let come = match planned {
            Some(at) => self.frame_of.with(|it| it.3.values().filter(|it| it.at <= at).count()),
            None => self.come.get(),
        };
        let mut all = self.deeds_by(come);
        all.retain(|it| it.at <= by);
        all
    }

    fn deeds_by(self, come: usize) -> Vec<Stamped> {
        let mut all = self.inputs.get();
        // What is put into the script has no effect before it comes.
        all.retain(|it| !matches!(&it.input, Input::Edit(it) if it.is_script()));
        if come > 0 {
            let ordinal = 0;
            let scripted = self.frame_of.with(|it| {
                let mut script: Vec<_> = it.3.values().cloned().collect();
                script.sort_by_key(|it| it.at);
                script
            });
            let input = |it: FaultRecord| (it.at, Input::Fault(it.fault));
            let stamped = scripted.into_iter().take(come).map(input);
            all.extend(stamped.map(|(at, input)| Stamped { at, ordinal, input }));
            all.sort_by_key(|it| it.at);
        }
        all
    }

    /// How much of the script has come by the newest moment.
    pub fn count_script(self) {
        let latest = self.clock.with_untracked(|it| it.latest);
        let come =
            self.frame_of.with_untracked(|it| it.3.values().filter(|it| it.at <= latest).count());
        if self.come.get_untracked() != come {
            self.come.set(come);
        }
        if self.planned.get_untracked().is_some_and(|it| it <= latest) {
            self.planned.set(None);
        }
    }

    /// A moment of the run in seconds since the end of the warm-up, as it is shown.
    fn seconds(self, at: Nanos) -> f64 {
        let zero = self.clock.with_untracked(|it| it.zero);
        (at.0 as f64 - zero.0 as f64) / 1e9
    }

    /// The moment that somebody has typed: seconds since the end of the warm-up.
    fn moment(self, typed: &str) -> Result<Nanos, String> {
        let typed = typed.trim().trim_end_matches('s').trim().replace(',', ".");
        let seconds = typed.parse::<f64>().ok().filter(|it| it.is_finite());
        let Some(seconds) = seconds else {
            return Err("Moment: a number of seconds, such as 12.5".to_owned());
        };
        let zero = self.clock.with_untracked(|it| it.zero).as_seconds();
        match seconds + zero {
            it if it < 0.0 => {
                Err(format!("Moment: {} s or later, where the run begins", 0.0 - zero.floor()))
            }
            it if Nanos::from_seconds(it) <= self.clock.with_untracked(|it| it.latest) => {
                Err("Moment: that has passed in this run; choose a later one, or restart"
                    .to_owned())
            }
            it if it > LATEST => Err("Moment: within the first 1,000 hours".to_owned()),
            it => Ok(Nanos::from_seconds(it)),
        }
    }

    /// Puts what went wrong by hand into the script, and begins the run again.
    fn keep_faults(self) {
        let inputs = self.inputs.get_untracked();
        let diff = self.desk.with_value(|it| {
            let mut after = it.shown().clone();
            let faults =
                inputs.iter().filter_map(|it| Some((it.at, to_script(&it.input)?.clone())));
            for (at, fault) in faults {
                let id = ids::fresh("fault", |id| after.has(id));
                after.script.insert(id, FaultRecord { at, fault });
            }
            Diff::between(it.shown(), &after)
        });
        self.edit(diff);
        self.restart();
    }
}

/// Whether it befalls a single message, which is on its way now and has another number in another run.
fn is_of_one_message(fault: &Fault) -> bool {
    matches!(fault, Fault::DropMessage { .. } | Fault::DelayMessage { .. })
}

/// What of an input can go into the script.
fn to_script(input: &Input) -> Option<&Fault> {
    match input {
        Input::Fault(fault) => Some(fault).filter(|it| !is_of_one_message(it)),
        _ => None,
    }
}

/// What the last fault that says anything says.
pub fn last_said<T>(done: &[Stamped], says: impl Fn(&Fault) -> Option<T>) -> Option<T> {
    done.iter().rev().find_map(|it| match &it.input {
        Input::Fault(it) => says(it),
        _ => None,
    })
}

/// Latest moment of a scripted fault, in seconds.
const LATEST: f64 = 3_600_000.0;

/// The button and what it opens; what is set.
pub fn script(app: App) -> AnyView {
    let open = app.scripting;
    // One at a time: they stand in the same place.
    Effect::new(move |_| {
        if open.get() {
            app.asks.set(false)
        }
    });
    Effect::new(move |_| {
        if app.asks.get() {
            open.set(false)
        }
    });
    let button = NodeRef::<html::Button>::new();
    let close = form::closing(open, button);
    let count = move || {
        let count = app.frame_of.with(|it| it.3.len());
        (count > 0).then(|| view! { <span class="num">{count}</span> })
    };
    view! {
        <span class="until script">
            <button class="o" node_ref=button aria-label="Script" aria-haspopup="dialog" aria-expanded=move || open.get().to_string()
                title="Script: what goes wrong by itself in every run of this design, and when (J)"
                on:click=move |_| open.update(|it| *it = !*it)><Icon name="script".to_owned()/> {count}</button>
            {move || open.get().then(|| view! { <Form close/> })}
        </span>
        {move || app.planned.get().map(|at| {
            let seconds = text::clock(at, app.clock.with_untracked(|it| it.zero));
            view! {
                <div class="until-state chip" role="status">
                    <span>"What you do to components and wires goes into the script, at " <b class="num">{seconds}</b></span>
                    <button class="o" on:click=move |_| app.planned.set(None)>"At once again"</button>
                </div>
            }
        })}
    }
    .into_any()
}

#[component]
fn Form(close: Callback<()>) -> impl IntoView {
    let app = App::here();
    let first = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(it) = first.get() {
            _ = it.focus();
        }
    });
    let problem = RwSignal::new(None::<String>);
    let typed = RwSignal::new({
        let now = app.clock.with_untracked(|it| it.latest);
        let at = app
            .planned
            .get_untracked()
            .map_or(app.seconds(now).max(0.0).ceil() + 5.0, |it| app.seconds(it));
        format!("{at}")
    });
    let scripted = Memo::new(move |_| {
        app.frame_of.with(|it| {
            let mut all: Vec<(Id, FaultRecord)> =
                it.3.iter().map(|(id, it)| (id.clone(), it.clone())).collect();
            all.sort_by_key(|it| it.1.at);
            all
        })
    });
    let by_hand =
        move || app.inputs.with(|it| it.iter().filter(|it| to_script(&it.input).is_some()).count());
    // What has come is not undone by being taken out: the run begins again. The list is made anew, and the
    // keyboard stays in the form.
    let settle = move |has_come: bool| {
        if has_come {
            app.restart();
        }
        request_animation_frame(move || {
            if let Some(it) = first.get_untracked() {
                _ = it.focus();
            }
        });
    };
    let row = move |(id, record): (Id, FaultRecord)| {
        let has_come = record.at <= app.clock.with_untracked(|it| it.latest);
        let words = marks::told(app, &Input::Fault(record.fault.clone())).1;
        let name = format!("Moment: {words}");
        let gone = match has_come {
            true => format!("Take out: {words} (the run begins again)"),
            false => format!("Take out: {words}"),
        };
        let (taken, fault, at) = (id.clone(), record.fault, record.at);
        let put = move |at: Result<Nanos, String>, fault: Fault| {
            let put = at.and_then(|at| app.make(Edit::SetFault { id: id.clone(), at, fault }));
            if put.is_ok() {
                settle(has_come);
            }
            problem.set(put.err());
        };
        let change = {
            let put = put.clone();
            Callback::new(move |it: Fault| put(Ok(at), it))
        };
        let amounts = {
            let (fault, words) = (Signal::stored(fault.clone()), words.clone());
            view! { <Amounts fault words change problem/> }
        };
        let moved = move |typed: String| put(app.moment(&typed), fault.clone());
        let entered = {
            let moved = moved.clone();
            form::entered(move |it| moved(it.value()))
        };
        view! {
            <li>
                <span class="until-value"><input class="num" inputmode="decimal" aria-label=name
                    prop:value=format!("{}", app.seconds(record.at)) on:keydown=entered
                    on:change=move |event| moved(event_target_value(&event))/>"s"</span>
                <span>{words}</span>
                <span class="amounts">{amounts}</span>
                <button class="close" aria-label=gone.clone() title=gone on:click=move |_| {
                    let made = app.make(Edit::Remove { items: [Item::Fault(taken.clone())].into() });
                    if made.is_ok() {
                        settle(has_come);
                    }
                    problem.set(made.err());
                }>"×"</button>
            </li>
        }
    };
    let plan = move || match app.moment(&typed.get_untracked()) {
        Ok(at) => {
            app.planned.set(Some(at));
            close.run(());
        }
        Err(words) => problem.set(Some(words)),
    };
    view! {
        <form::Dialog name="Script" close submit=Callback::new(move |()| plan())>
            <b>"Script"</b>
            <p class="help">"What goes wrong by itself in every run of this design. Seconds count from the end of the warm-up."</p>
            {move || {
                let all = scripted.get();
                if all.is_empty() {
                    view! { <p>"Nothing yet."</p> }.into_any()
                } else {
                    view! { <ol class="script-rows">{all.into_iter().map(row).collect_view()}</ol> }.into_any()
                }
            }}
            <label>"Put what I do next in, at"
                <form::Number typed unit=Signal::stored("s")/>
            </label>
            <p class="help">"Then kill, slow, cut or restart as usual."</p>
            <Problem problem/>
            <div class="until-row">
                <button class="p" type="submit" node_ref=first>"Choose faults"</button>
                <form::Close close/>
            </div>
            {move || {
                let count = by_hand();
                (count > 0).then(|| view! {
                    <button class="o" type="button" title="At the moments at which you did it; the run begins again. Single messages \
                        that were dropped or delayed are of this run only, and stay out."
                        on:click=move |_| {
                            app.keep_faults();
                            close.run(());
                        }>{format!("Put in what was done by hand ({count}), and restart")}</button>
                })
            }}
        </form::Dialog>
    }
}
