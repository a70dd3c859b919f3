//! A zone that is chosen: its name, how far it is, its size, and what can befall it as one.

use leptos::prelude::*;
use serde_json::Value;

use super::Close;
use super::cut::WhichWays;
use super::settings::Settings;
use super::shape::{CopyAndDelete, Name, Problem};
use crate::app::figures::Health;
use crate::app::glyphs::Glyph;
use crate::app::script::last_said;
use crate::app::store::{App, Selected};
use crate::base::geometry::Rect;
use crate::base::param::Params;
use crate::base::time::Nanos;
use crate::base::typed::spaced;
use crate::document::edit::{Edit, Item};
use crate::document::{Id, ZonePair, ZoneRecord, zone};
use crate::engine::fault::{Fault, Target, Ways};

/// The panel.
#[component]
pub fn OfZone(
    /// Which.
    id: Id,
) -> impl IntoView {
    let app = App::here();
    let record = {
        let id = id.clone();
        Memo::new(move |_| app.frame_of.with(|it| it.1.get(&id).cloned()))
    };
    let label = Signal::derive(move || {
        record.with(|it| it.as_ref().map_or_else(String::new, |it| it.label.clone()))
    });
    let fields = Memo::new(move |_| {
        record.with(|it| it.as_ref().map(|it| it.settings.fields()).unwrap_or_default())
    });
    let set = {
        let id = id.clone();
        Callback::new(move |(field, value): (String, Value)| {
            app.make(Edit::SetZone { id: id.clone(), field, value }).err()
        })
    };
    let problem = RwSignal::new(None::<String>);
    let inside = {
        let id = id.clone();
        move || {
            app.nodes.track();
            app.frame_of.track();
            app.desk.with_value(|it| {
                let all = it.shown().components.iter().filter(|it| it.1.zones.contains(&id));
                all.map(|it| (it.0.clone(), it.1.label.clone())).collect::<Vec<_>>()
            })
        }
    };
    let list = {
        let inside = inside.clone();
        move || {
            let all = inside();
            if all.is_empty() {
                return view! { <p class="empty">"Nothing lies in it yet: drag components into it."</p> }.into_any();
            }
            let row = |(id, label): (Id, String)| {
                let item = Selected::Node(id);
                view! { <button class="o" on:click=move |_| app.select(Some(item.clone()))>{label}</button> }
            };
            view! {
                <div class="links" role="group" aria-label="Lies in it">
                    <span>"Lies in it"</span>
                    <span>{all.into_iter().map(row).collect_view()}</span>
                </div>
            }
            .into_any()
        }
    };
    view! {
        <aside class="inspector" aria-label="Inspector">
            <header>
                <div class="title">
                    <Glyph name="zone" size=18/>
                    <h2>{label}</h2>
                    <Close/>
                </div>
                <p class="summary">"A place that holds components: it carries distance, and fails as one."</p>
                <div class="doing" role="toolbar" aria-label="Actions">{faults(app, id.clone(), inside)}</div>
            </header>
            <div class="tab-body">
                <div class="shape">
                    <Name item=Item::Zone(id.clone()) label problem/>
                    {size(app, id.clone(), record, problem)}
                    <Problem problem/>
                    {list}
                    <span class="doing"><CopyAndDelete/></span>
                </div>
                {distances(app, id.clone(), problem)}
                <Settings fields set/>
            </div>
        </aside>
    }
}

/// How far it is from every other zone: a row of the distance matrix.
fn distances(app: App, id: Id, problem: RwSignal<Option<String>>) -> impl IntoView {
    let row = {
        let id = id.clone();
        Memo::new(move |_| {
            app.frame_of.track();
            app.desk.with_value(|it| {
                let design = it.shown();
                let others = design.zones.iter().filter(|it| *it.0 != id);
                let cell = |(other, record): (&Id, &ZoneRecord)| {
                    let said = zone::pair(design, &id, other).is_some();
                    (other.clone(), record.label.clone(), zone::between(design, &id, other), said)
                };
                others.map(cell).collect::<Vec<_>>()
            })
        })
    };
    let cell = move |(other, label, one_way, said): (Id, String, Nanos, bool)| {
        let own = id.clone();
        let change = move |event: leptos::ev::Event| {
            let text = event_target_value(&event);
            let wanted = match (text.trim(), Nanos::parse(text.trim())) {
                ("", _) => None,
                (_, Some(it)) => Some(it),
                _ => {
                    return problem.set(Some(
                        "Distance: a duration such as 1 ms; empty as by default".into(),
                    ));
                }
            };
            // One of the two says it: this one, unless the other did already.
            let at = app.desk.with_value(|it| {
                let says = |one: &str, other: &str| {
                    it.shown()
                        .zones
                        .get(one)
                        .is_some_and(|it| it.settings.pairs.iter().any(|it| it.zone == other))
                };
                if says(&other, &own) {
                    (other.clone(), own.clone())
                } else {
                    (own.clone(), other.clone())
                }
            });
            let mut pairs = app.desk.with_value(|it| {
                it.shown().zones.get(&at.0).map(|it| it.settings.pairs.clone()).unwrap_or_default()
            });
            pairs.retain(|it| it.zone != at.1);
            pairs.extend(wanted.map(|one_way| ZonePair { zone: at.1.clone(), one_way }));
            let value = crate::base::param::Param::to_value(&pairs);
            problem.set(app.make(Edit::SetZone { id: at.0, field: "pairs".into(), value }).err());
        };
        let title = match said {
            true => {
                "Said of these two zones; empty it, and it follows from borders and places again."
            }
            false => "Follows from borders and places; type another to say so.",
        };
        view! {
            <label title=title><span>"To "{label}</span>
                <input class="num" class:said=said prop:value=spaced(&one_way.to_string()) on:change=change/>
            </label>
        }
    };
    move || {
        let row = row.get();
        (!row.is_empty()).then(|| {
            view! {
                <fieldset class="distances">
                    <legend>"Distance, one way"</legend>
                    {row.into_iter().map(&cell).collect_view()}
                </fieldset>
            }
        })
    }
}

/// Width and height, for those who do not drag.
fn size(
    app: App,
    id: Id,
    record: Memo<Option<ZoneRecord>>,
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let one = move |name: &'static str, of: fn(&mut Rect) -> &mut f64| {
        let id = id.clone();
        let value = move || {
            record.with(|it| it.as_ref().map_or(0.0, |it| *of(&mut it.area.clone())).to_string())
        };
        let change = move |event: leptos::ev::Event| {
            let Some(mut area) = record.with_untracked(|it| it.as_ref().map(|it| it.area)) else {
                return;
            };
            match event_target_value(&event).trim().parse::<f64>() {
                Ok(number) if (40.0..=100_000.0).contains(&number) => {
                    *of(&mut area) = number;
                    problem.set(app.make(Edit::Resize { zone: id.clone(), area }).err());
                }
                _ => problem
                    .set(Some(format!("{name}: a number of pixels from 40 to 100\u{202f}000"))),
            }
        };
        view! {
            <label>{name}<span class="box text">
                <input class="num" inputmode="numeric" prop:value=value on:change=change/><span class="unit">"px"</span>
            </span></label>
        }
    };
    let width = one.clone()("Width", |it| &mut it.width);
    view! { {width} {one("Height", |it| &mut it.height)} }
}

/// What can befall it.
fn faults(
    app: App,
    id: Id,
    inside: impl Fn() -> Vec<(Id, String)> + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let down = {
        let (inside, here) = (inside.clone(), id.clone());
        Memo::new(move |_| {
            let down = |id: &Id| {
                app.node(id).is_some_and(|it| {
                    it.face.with(|it| it.members.iter().all(|it| it.health == Health::Down))
                })
            };
            let all = inside();
            let now = !all.is_empty() && all.iter().all(|it| down(&it.0));
            app.meant(now, |it| match it {
                Fault::ZoneOutage { zone } if *zone == here => Some(true),
                Fault::ZoneRestart { zone } if *zone == here => Some(false),
                _ => None,
            })
        })
    };
    let name = format!("zone {id}");
    let cut = {
        let name = name.clone();
        Memo::new(move |_| {
            let says = |it: &Fault| match it {
                Fault::Partition { name: it, ways, .. } if *it == name => Some(Some(*ways)),
                Fault::Heal { name: it } if *it == name => Some(None),
                _ => None,
            };
            last_said(&app.done(), says).flatten()
        })
    };
    let empty = {
        let inside = inside.clone();
        move || inside().is_empty()
    };
    let outage = {
        let id = id.clone();
        move |_| {
            let zone = id.clone();
            app.fault(match down.get_untracked() {
                true => Fault::ZoneRestart { zone },
                false => Fault::ZoneOutage { zone },
            });
        }
    };
    let chosen = RwSignal::new(Ways::Both);
    // Which ways it is cut, or is to be.
    let ways = Signal::derive(move || cut.get().unwrap_or_else(|| chosen.get()));
    let isolate = move |_| {
        if cut.get_untracked().is_some() {
            app.fault(Fault::Heal { name: name.clone() });
            return;
        }
        let (one, other): (Vec<_>, Vec<_>) = app.desk.with_value(|it| {
            let all = zone::standing(it.shown()).into_iter();
            all.map(|(who, zones)| (who, zones.contains(&id))).partition(|it| it.1)
        });
        let targets = |all: Vec<(Target, bool)>| all.into_iter().map(|it| it.0).collect();
        let (one, other) = (targets(one), targets(other));
        let ways = ways.get_untracked();
        app.fault(Fault::Partition { name: name.clone(), one, other, ways });
    };
    view! {
        <button disabled=empty.clone() on:click=outage
            title="Everything in it dies at once, zones within it included; or comes back.">
            {move || if down.get() { "Bring the zone back" } else { "Zone outage" }}
        </button>
        <button disabled=empty on:click=isolate
            title="Nothing passes its border, either way or one way: what lies in it stays up, and is alone.">
            {move || if cut.get().is_some() { "Heal the network" } else { "Cut off" }}
        </button>
        <WhichWays ways choose=move |it| chosen.set(it) names=["Stops only what goes out", "Stops only what comes in"] disabled=Signal::derive(move || cut.get().is_some())/>
    }
}
