//! What was done to the run, as marks: on the scrubber, and as brackets in the chart.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::base::text;
use crate::base::time::Nanos;
use crate::document::FaultRecord;
use crate::engine::fault::{Fault, Target, Ways};
use crate::session::protocol::{Claim, Input, Stamped};

use super::store::App;

/// For each input that may be taken back, from when to when it was in force: to none while it is.
/// An edit that was not taken back is how things are since then, so it has no end to wait for.
pub fn spans(inputs: &[Stamped]) -> Vec<(Nanos, Option<Nanos>)> {
    let span = |(index, it): (usize, &Stamped)| {
        let later = &inputs[index + 1..];
        let end = later.iter().find(|later| later.input.ends(&it.input)).map(|it| it.at);
        // Nor does what takes an edit back ask to be taken back.
        let takes_back = inputs[..index].iter().any(|then| it.input.ends(&then.input));
        match it.input {
            Input::Edit(_) if end.is_none() || takes_back => None,
            _ => it.input.lasts().then_some((it.at, end)),
        }
    };
    inputs.iter().enumerate().filter_map(span).collect()
}

/// What was done to the run, on the scrubber.
pub fn marks(app: App) -> impl IntoView {
    let deeds = Memo::new(move |_| app.deeds());
    let spans = move || {
        let latest = app.clock.get().latest;
        let shade = |(from, to): (Nanos, Option<Nanos>)| {
            let (left, right) = (app.percent(from), app.percent(to.unwrap_or(latest)));
            let place = format!("left:{left:.3}%;width:{:.3}%", (right - left).max(0.0));
            view! { <div class="outage" style=place></div> }
        };
        deeds.with(|it| spans(it)).into_iter().map(shade).collect_view()
    };
    // One place on the scrubber, with what was there; clicked, it is looked at, with Shift in slow motion. What was
    // done by hand can be taken out.
    let mark = move |at: Nanos, class: &str, words: &str, input: Option<usize>| {
        let by_key = if input.is_some() { "; Delete takes it out" } else { "" };
        let name = format!("{} · {words}", text::clock(at, app.clock.get_untracked().zero));
        let take_out = move |event: KeyboardEvent| {
            if let (Some(index), "Delete" | "Backspace") = (input, event.key().as_str()) {
                event.prevent_default();
                event.stop_propagation();
                app.take_out(index);
            }
        };
        let named = name.clone();
        view! {
            <button class=format!("event {class}") style:left=move || format!("{:.3}%", app.percent(at))
                title=move || match at <= app.clock.get().latest {
                    true => format!("{named}. Click: go there; with Shift: see it in slow motion{by_key}"),
                    false => named.clone(),
                } aria-label=name on:keydown=take_out
                on:click=move |event| match event.shift_key() && at <= app.clock.get_untracked().latest {
                    true => app.watch_slowly(at),
                    false => app.look_at(at),
                }></button>
        }
    };
    // What is put into the script is marked where it happens.
    let tells = |it: &(usize, &Stamped)| !matches!(&it.1.input, Input::Edit(it) if it.is_script());
    let marks = move || {
        let of = |(index, it): (usize, &Stamped)| {
            let (class, words) = told(app, &it.input);
            mark(it.at, class, &words, Some(index))
        };
        app.inputs.with(|it| it.iter().enumerate().filter(tells).map(of).collect_view())
    };
    // Who has gone back to a mark can take out what was done there; who has just done it has undo.
    let here = Memo::new(move |_| {
        let clock = app.clock.get();
        let now = clock.now;
        let at = |it: &(usize, &Stamped)| it.1.at == now && tells(it);
        let of = |it: (usize, &Stamped)| (it.0, told(app, &it.1.input).1);
        match app.playing.get() || !clock.is_past() {
            true => Vec::new(),
            false => app.inputs.with(|it| it.iter().enumerate().filter(at).map(of).collect()),
        }
    });
    let outs = move || {
        let all = here.get();
        let one = |(index, words): (usize, String)| {
            view! {
                <button title="As if it had never been done: the run comes again to this moment without it, and what was is \
                    left as the dashed line before"
                    on:click=move |_| app.take_out(index)>{words} ": take out"</button>
            }
        };
        let now = app.clock.get_untracked().now;
        (!all.is_empty()).then(|| view! {
            <div class="outs" style:left=move || format!("{:.3}%", app.percent(now).clamp(12.0, 88.0))>
                {all.into_iter().map(one).collect_view()}
            </div>
        })
    };
    // What the script has in store is seen ahead.
    let scripted = move || {
        app.come.track();
        let (latest, zero) = app.clock.with_untracked(|it| (it.latest, it.zero));
        let end = zero.saturating_add(Nanos::seconds(app.span.get()));
        let of = |it: &FaultRecord| {
            let (class, words) = told(app, &Input::Fault(it.fault.clone()));
            let (ahead, words) = match it.at > latest {
                true => (" ahead", format!("{words}, by the script: to come")),
                false => ("", format!("{words}, by the script")),
            };
            mark(it.at, &format!("{class}{ahead}"), &words, None)
        };
        app.frame_of.with(|it| it.3.values().filter(|it| it.at <= end).map(of).collect_view())
    };
    let sights = move || {
        let of = |(at, claim): &(Nanos, Claim)| {
            mark(*at, sight(*claim), &upper(claim.violation()), None)
        };
        app.sights.with(|it| it.iter().map(of).collect_view())
    };
    let forks = move || {
        let of = |it: &Nanos| mark(*it, "fork", "What if…: two futures from here", None);
        app.forks.with(|it| it.iter().map(of).collect_view())
    };
    view! {
        <div class="deeds" role="group" aria-label="What was done to the run">
            {spans} {marks} {outs} {scripted} {sights} {forks}
        </div>
    }
}

/// Class of the mark of a violation.
fn sight(claim: Claim) -> &'static str {
    match claim {
        Claim::Fresh => "stale",
        Claim::Durable | Claim::OnePrimary | Claim::Once | Claim::Agreed => "violated",
    }
}

/// With a capital letter.
fn upper(words: &str) -> String {
    let mut words = words.to_owned();
    words[..1].make_ascii_uppercase();
    words
}

/// Class of an input's mark, and what it was in words.
pub fn told(app: App, input: &Input) -> (&'static str, String) {
    let label = |id: &str| {
        app.desk.with_value(|it| {
            it.shown().components.get(id).map_or_else(|| id.to_owned(), |it| it.label.clone())
        })
    };
    let name = |target: &Target| {
        let label = label(&target.component);
        let member = app.desk.with_value(|it| {
            let record = it.shown().components.get(&target.component)?;
            Some(record.spec.member_name(target.member?))
        });
        member.map_or_else(|| label.clone(), |member| format!("{label}, {member}"))
    };
    match input {
        Input::Fault(Fault::Crash(target)) => ("crash", format!("{} killed", name(target))),
        Input::Fault(Fault::Restart(target)) => ("back", format!("{} restarted", name(target))),
        Input::Fault(Fault::Slow { target, factor }) if *factor > 1.0 => {
            ("slow", format!("{} slowed {factor} times", name(target)))
        }
        Input::Fault(Fault::Slow { target, .. }) => {
            ("back", format!("{} at full speed", name(target)))
        }
        Input::Fault(it @ (Fault::Gray { target, .. } | Fault::Skew { target, .. })) => {
            match (it.is_reversal(), it) {
                (true, _) => ("back", format!("{} well again", name(target))),
                (_, Fault::Gray { .. }) => ("slow", format!("{}: gray failure", name(target))),
                _ => ("slow", format!("{}: clock put wrong", name(target))),
            }
        }
        Input::Fault(Fault::Promote(target)) => ("edit", format!("{} promoted", name(target))),
        Input::Fault(Fault::Command { target, words }) => {
            ("edit", format!("{}: {words}", label(&target.component)))
        }
        Input::Fault(Fault::Flush(target)) => ("crash", format!("{} emptied", name(target))),
        Input::Fault(it @ (Fault::Loss { .. } | Fault::Delay { .. })) => match it.is_reversal() {
            true => ("back", "Network well again".to_owned()),
            false => ("slow", "Network trouble".to_owned()),
        },
        Input::Fault(Fault::DropNext { .. } | Fault::DropMessage { .. }) => {
            ("crash", "One message dropped".to_owned())
        }
        Input::Fault(Fault::DelayNext { by, .. } | Fault::DelayMessage { by, .. }) => {
            ("slow", format!("One message delayed by {}", text::duration(by.0 as f64)))
        }
        Input::Fault(Fault::Spike { target, factor }) if *factor != 1.0 => {
            ("slow", format!("{} × {factor}", name(target)))
        }
        Input::Fault(Fault::HotKey { target, share, .. }) if *share > 0.0 => {
            ("slow", format!("{}: a hot key", name(target)))
        }
        Input::Fault(Fault::Spike { target, .. } | Fault::HotKey { target, .. }) => {
            ("back", format!("{} as usual", name(target)))
        }
        Input::Fault(Fault::ZoneOutage { .. }) => ("crash", "Zone outage".to_owned()),
        Input::Fault(Fault::ZoneRestart { .. }) => ("back", "Zone back".to_owned()),
        Input::Fault(Fault::CutWire { ways, .. } | Fault::Partition { ways, .. }) => match ways {
            Ways::Both => ("crash", "Network cut".to_owned()),
            Ways::Forth | Ways::Back => ("crash", "Network cut one way".to_owned()),
        },
        Input::Fault(Fault::MendWire { .. } | Fault::Heal { .. }) => {
            ("back", "Network mended".to_owned())
        }
        Input::Seed(seed) => ("edit", format!("Seed {seed}")),
        Input::Edit(diff) => {
            let ids: Vec<_> = diff.components.keys().map(|it| label(it)).collect();
            match ids.as_slice() {
                [] if diff.wires.is_empty() && diff.script.is_empty() => {
                    ("edit", "Zones edited".to_owned())
                }
                [] => ("edit", "Wires edited".to_owned()),
                [one] => ("edit", format!("{one} edited")),
                [one, rest @ ..] => ("edit", format!("{one} and {} more edited", rest.len())),
            }
        }
    }
}
