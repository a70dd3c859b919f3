//! What happened, in one sentence; and one thing to try, its reversal, and a question.

use leptos::prelude::*;

use crate::base::{english, text};
use crate::component::Spec;
use crate::component::client::Load;
use crate::component::kv_store::Conflicts::LastWriteWins;
use crate::component::kv_store::{KvStoreParams, WhenCut};
use crate::document::edit::Item;
use crate::document::{ComponentRecord, Diff, Id};
use crate::engine::fault::{Fault, Target, Ways};
use crate::session::protocol::{Input, Stamped, Story, Which};

use super::canvas::sight;
use super::store::{App, Selected};

/// Stories and the invitation, at the foot of the canvas.
pub fn foot(_: App) -> AnyView {
    view! {
        <div class="stage-foot">
            <Newest/>
            <Invite/>
        </div>
    }
    .into_any()
}

/// The newest story that is not after the cursor.
#[component]
fn Newest() -> impl IntoView {
    let app = App::here();
    let closed = RwSignal::new(None);
    // The one that is read whole where only two lines have room.
    let open = RwSignal::new(None);
    let story = Memo::new(move |_| {
        let now = app.clock.get().now;
        let told = app.stories.with(|it| it.iter().rev().find(|it| it.at <= now).cloned());
        // What was done since has no story yet: the one before it would be taken for its own.
        let last = app.inputs.with(|it| it.iter().rev().map(|it| it.at).find(|it| *it <= now));
        let newest = told.filter(|it| last.is_none_or(|last| it.at >= last));
        newest.filter(|it| Some((it.at, it.until)) != closed.get())
    });
    view! {
        <div class="story-place" role="status" aria-live="polite">
            {move || story.get().map(|story| {
                let (at, until) = (story.at, story.until);
                let zero = app.clock.get_untracked().zero;
                let component = story.component.clone();
                let show = move |_| {
                    app.look_at(at);
                    if let Some(id) = component.clone() {
                        app.select(Some(Selected::Node(id)));
                    }
                };
                let is_open = move || open.get() == Some(at);
                let turn = move |_| open.update(|it| *it = if *it == Some(at) { None } else { Some(at) });
                view! {
                    <div class="story chip" class:open=is_open>
                        <button class="when num" title="Go to this moment" on:click=show>
                            {text::clock(at, zero)}
                        </button>
                        // A link in it leads elsewhere.
                        <p on:click=move |event| if !event.default_prevented() { turn(event) }>{told(app, &story)}</p>
                        <button class="more" aria-label="All of it" aria-expanded=move || is_open().to_string()
                            on:click=turn>{move || if is_open() { "▴" } else { "▾" }}</button>
                        <button class="close" aria-label="Dismiss" on:click=move |_| closed.set(Some((at, until)))>"×"</button>
                    </div>
                }
            })}
        </div>
    }
}

/// The sentence, in which each change leads to its component, its chart and its moment.
fn told(app: App, story: &Story) -> AnyView {
    let clauses = story.clauses();
    let changes = story.changes.iter().map(Some).chain(std::iter::repeat(None));
    let parts = clauses.iter().skip(1).zip(changes).enumerate().map(|(index, (text, change))| {
        let before = if index == 0 { ": " } else { ", " };
        let words = english::clause(text);
        let Some(change) = change.cloned() else { return view! { {before} {words} }.into_any() };
        let show = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            app.look_at(change.at);
            app.show_chart(change.component.clone(), change.which);
            app.select(Some(Selected::Node(change.component.clone())));
        };
        let title = "Show the component, its chart and the moment that this was measured at";
        view! { {before} <a href="#" title=title on:click=show>{words}</a> }.into_any()
    });
    let parts = parts.collect_view();
    let later = text::duration(story.until.saturating_sub(story.at).0 as f64).replace(".00", "");
    let against = (!story.is_too_soon()).then(|| {
        view! { <small>{format!(" {later} later, against the same run without it.")}</small> }
    });
    view! { {english::clause(&story.done)} {parts} "." {against} }.into_any()
}

/// One obvious thing to try, with its reversal and a question about what was seen.
struct Invitation {
    /// What to do, and how it is undone.
    act: &'static str,
    back: &'static str,
    /// What to look at meanwhile.
    watch: &'static str,
    question: &'static str,
    /// Answers; the first is right, whatever the order in which they are shown.
    answers: [&'static str; 2],
    why: &'static str,
}

/// Every invitation, in the order in which newcomers are invited.
const INVITATIONS: [Invitation; 8] = [
    Invitation {
        act: "Cut A off",
        back: "Heal the network",
        watch: "Watch who is refused",
        question: "A could reach nobody else, and stays consistent (CP). What did its clients get?",
        answers: ["Refusals", "Old values"],
        why: "One of three is no majority: A cannot know what the others agree on meanwhile, so it \
              refuses. Set to keep answering (AP), it would have answered with what it had.",
    },
    Invitation {
        act: "Let two answer",
        back: "Let one answer",
        watch: "Watch the stale reads inside the store, and the latency",
        question: "Two of three answered each read and each write. Why was no read stale?",
        answers: ["They overlap", "They are faster"],
        why: "Any two of three share a member with any other two, so each read asked a member that \
              took part in the last finished write (W + R > N). The price is the wait for a second \
              answer.",
    },
    Invitation {
        act: "Cut A off",
        back: "Heal the network",
        watch: "Watch what each side holds, inside the store",
        question: "Both sides went on and took writes. What became of them?",
        answers: ["All were kept", "The later won"],
        why: "Neither write knew of the other, so both stayed side by side (siblings) until somebody \
              read both, or wrote over both. To unite them is up to the application: a cart can.",
    },
    Invitation {
        act: "Cut A off",
        back: "Heal the network",
        watch: "Watch what each side holds, inside the store",
        question: "Both sides went on and wrote to the same key. What became of the writes?",
        answers: ["The later won", "All were kept"],
        why: "Of two writes that did not know of each other, the one with the later clock stays (last \
              write wins). The other had been acknowledged too, and is gone.",
    },
    Invitation {
        act: "Kill the cache",
        back: "Bring the cache back",
        watch: "Watch the database and the latency",
        question: "The cache is back, but empty. What fills it again?",
        answers: ["Misses", "Time"],
        why: "Each miss reads the database, then puts the answer into the cache. Popular books \
              come back first, so the ratio climbs fast, then slowly.",
    },
    Invitation {
        act: "Cut replica 2 off",
        back: "Heal the network",
        watch: "Watch the replica's lag",
        question: "Replica 2 was cut off from its primary. What did its readers get meanwhile?",
        answers: ["Old values", "Errors"],
        why: "The replica stayed up and answered with what it had. Nothing failed, and that is the \
              danger: only a comparison with the newest write shows that a read was stale.",
    },
    Invitation { act: "Make it Black Friday", back: "End the sale", ..CROWD },
    CROWD,
];

/// Many come at once, and go again: in a shop that is a sale.
const CROWD: Invitation = Invitation {
    act: "Triple the load",
    back: "Back to the usual load",
    watch: "Watch the queues and the goodput",
    question: "Three times as many came. Why did latency climb before anything failed?",
    answers: ["Queues", "The network"],
    why: "The network did not change. The nearer a server is to fully busy, the longer the line \
          before it: at 90 % busy about ten times its work, at 100 % without end.",
};

/// How many times as many come, on Black Friday too.
const SALE: f64 = 3.0;

/// A member of a component, to be cut off.
fn member(id: &Id, spec: &Spec, ordinal: u16, chart: Option<Which>) -> About {
    let name = spec.member_name(ordinal);
    About::Member(Member { component: id.clone(), ordinal, name, chart })
}

/// All members but that one.
fn others(app: App, it: &Member) -> Vec<Target> {
    let members = app.desk.with_value(|desk| {
        desk.shown().components.get(&it.component).map_or(0, |it| it.spec.members() as u16)
    });
    let others = (0..members).filter(|at| *at != it.ordinal);
    others.map(|at| Target::member(&it.component, at)).collect()
}

/// Whether a member of a store that is cut off from the others refuses.
fn refuses(it: &KvStoreParams) -> bool {
    it.when_cut == WhenCut::Consistent && it.homes() > 2
}

/// Whether a member that is cut off from the others goes on by itself.
fn goes_on(it: &KvStoreParams) -> bool {
    it.when_cut == WhenCut::Available && it.homes() > 1
}

/// Whether one answer may be too few, and two are enough to overlap.
fn by_numbers(it: &KvStoreParams) -> bool {
    it.when_cut == WhenCut::Quorums && it.homes() == 3
}

/// Whether an edit made something of a component larger, or smaller; none if it left it.
fn grew(diff: &Diff, id: &Id, of: impl Fn(&Spec) -> Option<f64>) -> Option<bool> {
    let change = diff.components.get(id)?;
    let (before, after) = (of(&change.before.as_ref()?.spec)?, of(&change.after.as_ref()?.spec)?);
    (before != after).then_some(after > before)
}

/// Whether only who sells something has such a component: somebody who is paid, or shoppers.
fn is_of_a_shop(it: &ComponentRecord) -> bool {
    matches!(it.spec, Spec::ThirdParty(_)) || it.label == "Shoppers"
}

/// Where the newcomer is with an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not done yet.
    Try,
    /// Done, and not undone.
    Undo,
    /// Done and undone.
    Ask,
}

/// What an invitation is about in the design shown, if it has such a thing.
#[derive(Clone, Debug, PartialEq)]
enum About {
    Cache(Id),
    Member(Member),
    Numbers(Id),
    Customers(Id),
}

/// Somebody who can be cut off from the rest of their component.
#[derive(Clone, Debug, PartialEq)]
struct Member {
    component: Id,
    ordinal: u16,
    /// What it is called, and the cut too.
    name: String,
    /// What shows best what comes of it; none for how long clients wait.
    chart: Option<Which>,
}

impl About {
    fn find(app: App, at: usize) -> Option<Self> {
        app.desk.with_value(|it| {
            let all = &it.shown().components;
            let sells = all.values().any(is_of_a_shop);
            all.iter().find_map(|(id, it)| match (at, &it.spec) {
                (0, Spec::KvStore(of)) if refuses(of) => Some(member(id, &it.spec, 0, None)),
                (1, Spec::KvStore(of)) if by_numbers(of) => {
                    let it = Self::Numbers(id.clone());
                    // Not where they overlap anyway, unless that is our doing.
                    let ours =
                        |all: &Vec<Stamped>| all.iter().any(|of| it.reads(&of.input).is_some());
                    let apart = of.quorum().iter().sum::<u32>() <= of.homes();
                    (apart || app.inputs.with(ours)).then_some(it)
                }
                (2 | 3, Spec::KvStore(of))
                    if goes_on(of) && (of.conflicts == LastWriteWins) == (at == 3) =>
                {
                    Some(member(id, &it.spec, 0, None))
                }
                (4, Spec::Cache(_)) => Some(Self::Cache(id.clone())),
                (5, Spec::SqlDb(_)) if it.spec.members() > 2 => {
                    Some(member(id, &it.spec, 2, Some(Which::Gauge(0))))
                }
                (6 | 7, Spec::Client(of)) if of.load == Load::Open && sells == (at == 6) => {
                    Some(Self::Customers(id.clone()))
                }
                _ => None,
            })
        })
    }

    /// What an input means for it: true if it does what was invited to, false if it undoes it.
    fn reads(&self, input: &Input) -> Option<bool> {
        match (self, input) {
            (Self::Cache(id), Input::Fault(Fault::Crash(it))) => {
                (it.component == *id).then_some(true)
            }
            (Self::Cache(id), Input::Fault(Fault::Restart(it))) => {
                (it.component == *id).then_some(false)
            }
            (Self::Member(it), Input::Fault(fault)) => match fault {
                Fault::Partition { name, .. } if *name == it.name => Some(true),
                Fault::Heal { name } if *name == it.name => Some(false),
                _ => None,
            },
            (Self::Numbers(id), Input::Edit(diff)) => grew(diff, id, |it| match it {
                Spec::KvStore(it) => Some(f64::from(it.quorum().iter().sum::<u32>())),
                _ => None,
            }),
            (Self::Customers(id), Input::Edit(diff)) => grew(diff, id, |it| match it {
                Spec::Client(it) => Some(it.rate.0),
                _ => None,
            }),
            _ => None,
        }
    }

    /// Whom it acts on.
    fn component(&self) -> &Id {
        match self {
            Self::Cache(id) | Self::Numbers(id) | Self::Customers(id) => id,
            Self::Member(it) => &it.component,
        }
    }

    fn stage(&self, app: App) -> Stage {
        let now = app.clock.get().now;
        let last = app.inputs.with(|inputs| {
            let known = inputs.iter().rev().filter(|it| it.at <= now);
            known.filter_map(|it| self.reads(&it.input)).next()
        });
        match last {
            None => Stage::Try,
            Some(true) => Stage::Undo,
            Some(false) => Stage::Ask,
        }
    }

    /// Does it, or undoes it.
    fn act(&self, app: App, on: bool) {
        match self {
            Self::Cache(id) => app.set_up(Target::component(id), !on),
            Self::Member(it) => app.fault(match on {
                true => Fault::Partition {
                    name: it.name.clone(),
                    one: vec![Target::member(&it.component, it.ordinal)],
                    other: others(app, it),
                    ways: Ways::Both,
                },
                false => Fault::Heal { name: it.name.clone() },
            }),
            Self::Numbers(id) => app.edit_node(id, |it| {
                if let Spec::KvStore(it) = &mut it.spec {
                    (it.read_quorum, it.write_quorum) = if on { (2, 2) } else { (1, 1) };
                }
            }),
            Self::Customers(id) => app.edit_node(id, |it| {
                if let Spec::Client(it) = &mut it.spec {
                    it.rate.0 *= if on { SALE } else { 1.0 / SALE };
                }
            }),
        }
        if on {
            self.chart(app);
        }
        sight::reveal(app, &Item::Component(self.component().clone()));
        app.playing.set(true);
        app.wake();
    }

    /// Charts what will change the most.
    fn chart(&self, app: App) {
        app.charting.set(match self {
            // How long clients wait.
            Self::Cache(_) | Self::Numbers(_) => None,
            Self::Member(it) => it.chart.map(|chart| (it.component.clone(), chart)),
            Self::Customers(id) => Some((id.clone(), Which::Throughput)),
        });
    }
}

/// What to try next: one invitation at a time, each with its reversal and its question.
#[component]
fn Invite() -> impl IntoView {
    let app = App::here();
    let at = RwSignal::new(0_usize);
    let about = Memo::new(move |_| {
        app.nodes.track();
        // What the design has nothing for is passed over.
        (at.get()..INVITATIONS.len()).find_map(|at| Some((at, About::find(app, at)?)))
    });
    let stage = Memo::new(move |_| about.get().map(|(at, it)| (at, it.stage(app))));
    let act = move |on: bool| {
        if let Some((_, about)) = about.get_untracked() {
            about.act(app, on);
        }
    };
    // Of those that the design has something for.
    let is_first = move |at: usize| (0..at).all(|it| About::find(app, it).is_none());
    let answer = RwSignal::new(None::<bool>);
    Effect::new(move |_| {
        if stage.get().is_none_or(|it| it.1 != Stage::Ask) {
            answer.set(None);
        }
    });
    let next = move |_| {
        at.set(about.get_untracked().map_or(0, |it| it.0) + 1);
        answer.set(None);
    };
    let halted = Memo::new(move |_| app.is_halted());
    move || {
        if halted.get() {
            // Nothing to try before it is mended.
            let clock = app.clock.get_untracked();
            let why = move |_| app.banner.set(app.halt.get_untracked());
            return Some(view! {
                <div class="try chip halt">
                    <span>"The run is stopped at " <span class="num">{text::clock(clock.now, clock.zero)}</span></span>
                    <button class="o" on:click=why>"Why?"</button>
                </div>
            }
            .into_any());
        }
        let (at, stage) = stage.get()?;
        let it = &INVITATIONS[at];
        let chip = match stage {
            Stage::Try => view! {
                <span>{if is_first(at) { "Try this" } else { "And now" }}</span>
                <button class="o" on:click=move |_| act(true)>{it.act}</button>
            }
            .into_any(),
            Stage::Undo => view! {
                // The story says more than the hint.
                <span class="wide-only" hidden=move || app.stories.with(|it| !it.is_empty())>
                    {it.watch}
                </span>
                <button class="o" on:click=move |_| act(false)>{it.back}</button>
            }
            .into_any(),
            Stage::Ask => match answer.get() {
                None => {
                    // The right answer does not always stand first.
                    let order = if at % 2 == 0 { [1, 0] } else { [0, 1] };
                    let answers = order.map(|index| {
                        view! {
                            <button class="o" on:click=move |_| answer.set(Some(index == 0))>
                                {it.answers[index]}
                            </button>
                        }
                    });
                    view! { <span>{it.question}</span> {answers.collect_view()} }.into_any()
                }
                Some(right) => {
                    let verdict = match right {
                        true => format!("Yes: {}. ", it.answers[0].to_ascii_lowercase()),
                        false => format!("No: {}. ", it.answers[0].to_ascii_lowercase()),
                    };
                    view! {
                        <span>{verdict} {it.why}</span>
                        <button class="close" aria-label="Next" title="Next" on:click=next>"×"</button>
                    }
                    .into_any()
                }
            },
        };
        let question = stage == Stage::Ask;
        Some(view! { <div class="try chip" class:question=question>{chip}</div> }.into_any())
    }
}
