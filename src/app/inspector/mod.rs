//! The inspector: what is chosen, its figures, what can be done to it, its parameters and its
//! inside.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::document::Id;
use crate::document::edit::Edit;
use crate::editor::{Held, Input, Key};
use crate::engine::Addressing;
use crate::engine::fault::{Fault, Scope, Target, Ways};
use crate::lens;

use super::canvas::actions::Buttons;
use super::canvas::node::FigureText;
use super::figures::{self, Health};
use super::icons::Icon;
use super::store::{App, Selected, Tab};

pub mod about;
pub mod amounts;
pub mod bring;
mod command;
pub mod cut;
pub mod editor;
mod faults;
mod grip;
pub mod inside;
pub mod pull;
pub mod requests;
pub mod settings;
pub mod several;
pub mod shape;
pub mod theory;
pub mod values;
pub mod zone;

/// Settings of a wire that are in sight at once: how long it takes, and how patient the caller is.
const WIRE_FIRST: usize = 5;

/// Puts the keyboard into the inspector.
pub fn focus() {
    // Once it is there.
    request_animation_frame(|| {
        let tab = document().query_selector(".inspector [role=tab][aria-selected=true]");
        if let Ok(Some(tab)) = tab
            && let Ok(tab) = tab.dyn_into::<web_sys::HtmlElement>()
        {
            _ = tab.focus();
        }
    });
}

/// The panel; nothing when nothing is chosen.
pub fn panel(app: App) -> AnyView {
    // A component that is gone at the moment shown has nothing to inspect.
    let chosen = Memo::new(move |_| {
        app.selected.get().filter(|it| match it {
            Selected::Node(id) => app.nodes.with(|it| it.contains(id)),
            Selected::Wire(id) => app.wires.with(|it| it.contains(id)),
            Selected::Zone(id) => app.frame_of.with(|it| it.1.contains_key(id)),
            Selected::Note(id) => app.frame_of.with(|it| it.2.contains_key(id)),
            Selected::Several(_) => true,
        })
    });
    let panel = move || match chosen.get() {
        None => ().into_any(),
        Some(Selected::Node(id)) => view! { <OfNode id/> }.into_any(),
        Some(Selected::Wire(id)) => view! { <OfWire id/> }.into_any(),
        Some(Selected::Zone(id)) => view! { <zone::OfZone id/> }.into_any(),
        Some(Selected::Note(id)) => view! { <several::OfNote id/> }.into_any(),
        Some(Selected::Several(all)) => view! { <several::OfSeveral all/> }.into_any(),
    };
    let open = Memo::new(move |_| chosen.with(Option::is_some));
    view! { {move || open.get().then(|| pull::handle(app))} {panel} }.into_any()
}

#[component]
fn Close() -> impl IntoView {
    let app = App::here();
    view! {
        <button class="close" aria-label="Close" title="Close (Esc)"
            on:click=move |_| app.select(None)>
            <Icon name="close".to_owned()/>
        </button>
    }
}

#[component]
fn OfNode(id: Id) -> impl IntoView {
    let app = App::here();
    let node = app.node(&id)?;
    let (record, figures) = (node.record, node.figures);
    let figures_of = figures.clone();
    let about = record.with_untracked(|it| it.spec.about());
    let fidelity = record.with_untracked(|it| it.spec.fidelity());
    let has_lens = lens::has(about.id);
    if !has_lens && app.tab.get_untracked() == Tab::Inside {
        app.tab.set(Tab::Settings);
    }
    let label = {
        let record = record.clone();
        move || record.with(|it| it.label.clone())
    };
    let trio = {
        let record = record.clone();
        Memo::new(move |_| record.with(|it| figures.with(|all| figures::trio(&it.spec, all))))
    };
    let cell = move |at: usize| {
        let figure = Memo::new(move |_| {
            let figure = trio.with(|it| it[at].clone());
            figures::Figure { label: String::new(), ..figure }
        });
        view! {
            <div tabindex="0" title=move || trio.with(|it| it[at].help.clone())>
                <small>{move || trio.with(|it| it[at].label.clone())}</small>
                <FigureText figure/>
            </div>
        }
    };
    let fields = {
        let record = record.clone();
        Memo::new(move |_| record.with(|it| it.spec.fields()))
    };
    // What is wrong though nothing failed: told only where there is any.
    let wrong = Memo::new(move |_| {
        figures_of.with(|it| {
            let wasted = (it.wasted >= 0.005).then(|| {
                let share = crate::base::text::percent(it.wasted);
                format!("{share} of its workers work for callers who have left (wasted)")
            });
            let twice = (it.twice > 0.0)
                .then(|| format!("{} writes took effect twice in 10 s (retries)", it.twice));
            // Primaries get more by design; and few calls fall unevenly by chance.
            let spread = about.addressing != Addressing::Leader && it.offered >= 10.0;
            let uneven = (spread && it.imbalance >= 1.2).then(|| {
                format!(
                    "Its busiest member gets {:.1} times its fair share (imbalance)",
                    it.imbalance
                )
            });
            wasted.into_iter().chain(twice).chain(uneven).collect::<Vec<_>>()
        })
    });
    let wrong = move || {
        wrong.get().into_iter().map(|it| view! { <p class="pool num">{it}</p> }).collect_view()
    };
    let set = {
        let id = id.clone();
        Callback::new(move |(field, value): (String, serde_json::Value)| {
            app.make(Edit::SetComponent { id: id.clone(), field, value }).err()
        })
    };
    let lens_id = id.clone();
    Some(view! {
        <aside class="inspector" class:large=move || app.large.get() aria-label="Inspector">
            <header>
                <div class="title">
                    <Icon name=about.id.to_owned() size=18/>
                    <h2>{label}</h2>
                    <Close/>
                </div>
                <p class="summary">{about.summary}</p>
                <div class="doing" role="toolbar" aria-label="Actions">
                    <Buttons id=id.clone()/>
                    <cut::Isolate nodes=vec![id.clone()]/>
                    <faults::Menu on=Scope::Target(Target::component(&id)) role=about.role/>
                </div>
                <MemberList id=id.clone()/>
                <cut::Parting store=id.clone()/>
                // What comes and goes would push the picture of an inside up and down.
                <div hidden=move || app.tab.get() == Tab::Inside>
                    {wrong}
                    <div class="figs num">{cell(0)}{cell(1)}{cell(2)}</div>
                </div>
            </header>
            <Tabs has_lens/>
            <div class="tab-body" role="tabpanel">
                {move || match app.tab.get() {
                    Tab::Settings => view! {
                        {crate::app::canvas::hints::list(app, lens_id.clone())}
                        <shape::Shape id=lens_id.clone()/>
                        <settings::Settings fields set/>
                    }
                    .into_any(),
                    Tab::Inside => view! { <inside::Inside id=lens_id.clone()/> }.into_any(),
                    Tab::Requests => view! { <requests::Requests/> }.into_any(),
                    Tab::Theory => view! { <theory::Theory/> }.into_any(),
                    Tab::About => view! { <about::About fidelity/> }.into_any(),
                }}
            </div>
        </aside>
    })
}

#[component]
fn Tabs(has_lens: bool, #[prop(default = true)] has_card: bool) -> impl IntoView {
    let app = App::here();
    let tabs = [
        (Tab::Settings, "Settings"),
        (Tab::Inside, "Inside"),
        (Tab::Theory, "Theory"),
        (Tab::Requests, "Requests"),
        (Tab::About, "About"),
    ];
    let tabs = tabs.into_iter().filter(move |it| match it.0 {
        Tab::Inside => has_lens,
        Tab::About | Tab::Theory => has_card,
        _ => true,
    });
    let one = |(tab, name): (Tab, &'static str)| {
        let on = move || app.tab.get() == tab;
        view! {
            <button role="tab" aria-selected=move || on().to_string() class:on=on
                on:click=move |_| {
                    app.tab.set(tab);
                    app.theory.set(None);
                    app.bridge.update_value(|it| it.look());
                    app.wake();
                }>
                {name}
            </button>
        }
    };
    view! { <div class="tabs" role="tablist">{tabs.map(one).collect_view()}</div> }
}

/// Each member with its state, and what can be done to it.
#[component]
fn MemberList(id: Id) -> impl IntoView {
    let app = App::here();
    let face = app.node(&id)?.face;
    // What is open of a row stays open as its member dies, is slowed or leads.
    let names = {
        let face = face.clone();
        Memo::new(move |_| {
            face.with(|it| it.members.iter().map(|it| it.name.clone()).collect::<Vec<_>>())
        })
    };
    Some(move || {
        let names = names.get();
        if names.len() < 2 {
            return ().into_any();
        }
        // Letters stand side by side, names one below another: what can be done lies in columns.
        let pairs = names.iter().all(|it| it.len() < 3);
        let rows = names.into_iter().enumerate().map(|(ordinal, name)| {
            let target = Target::member(&id, ordinal as u16);
            let face = face.clone();
            let now = Memo::new(move |_| {
                let up = (Health::Up, false);
                face.with(|it| it.members.get(ordinal).map_or(up, |it| (it.health, it.leads)))
            });
            let down = {
                let target = target.clone();
                Memo::new(move |_| {
                    app.meant(now.get().0 == Health::Down, |it| match it {
                        Fault::Crash(it) if *it == target => Some(true),
                        Fault::Restart(it) if *it == target => Some(false),
                        _ => None,
                    })
                })
            };
            let act = move || if down.get() { "Restart" } else { "Kill" };
            let on = Scope::Target(target.clone());
            let whom = name.clone();
            let label = {
                let name = name.clone();
                move || format!("{} {name}", act())
            };
            view! {
                <li>
                    <span class=move || now.get().0.class()></span>
                    // Letters have no room for more than what screen readers are told.
                    <span class:leads=move || now.get().1>
                        {name}<span>{move || if now.get().1 { " · leads" } else { "" }}</span>
                    </span>
                    <button aria-label=label on:click=move |_| app.set_up(target.clone(), down.get_untracked())>
                        {act}
                    </button>
                    <faults::Menu on whom/>
                </li>
            }
        });
        view! { <ul class="member-list" class:pairs=pairs>{rows.collect_view()}</ul> }.into_any()
    })
}

#[component]
fn OfWire(id: Id) -> impl IntoView {
    let app = App::here();
    let wire = app.wire(&id)?;
    let (record, figures) = (wire.record, wire.figures);
    let label = |end: &str| {
        app.node(end).map_or_else(String::new, |it| it.record.with_untracked(|it| it.label.clone()))
    };
    let (from, to) = record.with_untracked(|it| (label(&it.from), label(&it.to)));
    let menu = id.clone();
    let ends = ends(app, id.clone(), record.get_untracked());
    let cut = {
        let (figures, here) = (figures.clone(), id.clone());
        let says = move |it: &Fault| match it {
            Fault::CutWire { wire, .. } if *wire == here => Some(true),
            Fault::MendWire { wire } if *wire == here => Some(false),
            _ => None,
        };
        Memo::new(move |_| app.meant(figures.with(|it| it.cut), &says))
    };
    let cell = |name: &'static str,
                help: &'static str,
                rate: fn(&crate::session::protocol::WireFigures) -> f64| {
        let figures = figures.clone();
        let figure = Memo::new(move |_| figures::Figure {
            label: String::new(),
            value: crate::base::text::number(figures.with(rate)),
            unit: "/s".into(),
            help: help.into(),
        });
        view! { <div tabindex="0" title=help><small>{name}</small><FigureText figure/></div> }
    };
    let pool = {
        let (record, figures) = (record.clone(), figures.clone());
        move || {
            let size = record.with(|it| it.settings.pool);
            let (open, waiting) = figures.with(|it| (it.open, it.waiting));
            let words = format!("{open} connections in use, {waiting} calls wait for one");
            (size > 0).then(|| view! {
                <p class="pool num" tabindex="0" title="Connection pools of all members of the caller together, at this moment.">
                    {words}
                </p>
            })
        }
    };
    let fields = {
        use crate::base::param::Params;
        Memo::new(move |_| record.with(|it| it.settings.fields()))
    };
    let set = {
        let id = id.clone();
        Callback::new(move |(field, value): (String, serde_json::Value)| {
            app.make(Edit::SetWire { id: id.clone(), field, value }).err()
        })
    };
    Some(view! {
        <aside class="inspector" aria-label="Inspector">
            <header>
                <div class="title">
                    <Icon name="wire".to_owned() size=18/>
                    <h2>{from} " → " {to}</h2>
                    <Close/>
                </div>
                <p class="summary">"Carries calls one way and their answers back."</p>
                <div class="doing" role="toolbar" aria-label="Actions">
                    <button title="Nothing passes, either way; callers find out by waiting."
                        on:click=move |_| {
                        let wire = id.clone();
                        app.fault(if cut.get_untracked() {
                            Fault::MendWire { wire }
                        } else {
                            Fault::CutWire { wire, ways: Ways::Both }
                        });
                    }>{move || if cut.get() { "Mend" } else { "Cut" }}</button>
                    <faults::Menu on=Scope::Wire(menu)/>
                    <button title="Takes the wire away (Delete)"
                        on:click=move |_| app.act(Input::Key { key: Key::Delete, held: Held::default() })>"Delete"</button>
                </div>
                <div class="figs num">
                    {cell("Calls", "Calls that arrived per second, over the last whole second: those of all wires to a component \
                        add up to its requests.", |it| it.arrived)}
                    {cell("Failures", "Answers that bring a failure per second, over the last quarter second.", |it| it.failures)}
                    {cell("Lost", "Messages swallowed by a cut per second, over the last quarter second.", |it| it.lost)}
                </div>
                {pool}
            </header>
            <Tabs has_lens=false has_card=false/>
            <div class="tab-body" role="tabpanel">
                {move || match app.tab.get() {
                    Tab::Requests => view! { <requests::Requests/> }.into_any(),
                    _ => view! { {ends.clone()()} <settings::Settings fields set first=WIRE_FIRST/> }.into_any(),
                }}
            </div>
        </aside>
    })
}

/// Both ends of a wire, to be led elsewhere.
fn ends(app: App, wire: Id, record: crate::document::WireRecord) -> impl Fn() -> AnyView + Clone {
    let problem = RwSignal::new(None::<String>);
    move || {
        let (from, to) = (record.from.clone(), record.to.clone());
        let one = |name: &'static str, end: Id, other: Id, calls: bool| {
            let (wire, now) = (wire.clone(), end.clone());
            let change = move |event: leptos::ev::Event| {
                let (chosen, other) = (event_target_value(&event), other.clone());
                let (from, to) = if calls { (chosen, other) } else { (other, chosen) };
                problem.set(app.make(Edit::Reconnect { wire: wire.clone(), from, to }).err());
            };
            let options = shape::others(app, Id::new());
            view! { <label>{name}" "<select prop:value=now on:change=change>{options}</select></label> }
        };
        view! {
            <div class="shape">
                {one("Who calls", from.clone(), to.clone(), true)}
                {one("Who is called", to, from, false)}
                <shape::Problem problem/>
            </div>
        }
        .into_any()
    }
}
