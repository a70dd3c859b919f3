//! Whoever drags the scrubber sees the moment: what a frame holds there (messages, figures, the inside
//! of a component, its charts) is what a run shows that was stopped at that moment and never knew more.

use crate::common::golden::{open, play};
use ringside::base::time::Nanos;
use ringside::session::Session;
use ringside::session::golden::{self, Golden};
use ringside::session::protocol::{Branch, ChartPoint, Command, Frame, Place, Tick, View, Which};

/// Everything that is asked of one component.
fn view(id: &str, which: Which) -> View {
    View {
        lens: Some((id.into(), 520.0)),
        chart: Some((id.into(), which)),
        pick: Some(Place::Component(id.into())),
        messages: true,
        figures: true,
        ..View::default()
    }
}

fn points(frame: &Frame) -> &[ChartPoint] {
    frame.chart.as_ref().map_or(&[], |it| &it.points)
}

/// What failed in a window, by cause.
fn causes(frame: &Frame, point: &ChartPoint) -> (Nanos, Vec<(String, f64)>) {
    let lines = frame.chart.iter().flat_map(|it| &it.lines);
    let named = lines.map(|it| format!("{:?}", it.name)).zip(point.values.iter().copied());
    (point.at, named.filter(|it| it.1 != 0.0).collect())
}

/// More frames than a study takes.
const STUDIED: u32 = 8;

/// What is shown of a component at the cursor, in debug form, since NaN is not equal to itself.
fn shown(session: &mut Session, id: &str) -> Vec<(&'static str, String)> {
    let mut seen = Vec::new();
    // A cache's study is drawn as far as it has come, or as the last that was complete until the next
    // is, which takes some frames.
    let mut lens = || session.frame(&view(id, Which::Latency)).lens.map(|it| it.svg);
    let (mut last, mut same) = (lens(), 0);
    while same < STUDIED {
        let next = lens();
        same = if next == last { same + 1 } else { 0 };
        last = next;
    }
    let about = session.run().expect("it is open").head.design.components[id].spec.about();
    let ratios = (0..about.ratios.len()).map(|it| Which::Ratio(it as u8));
    let gauges = (0..about.gauges.len()).map(|it| Which::Gauge(it as u8));
    let all = [Which::Throughput, Which::Latency, Which::Errors, Which::Work, Which::Queue];
    for which in all.into_iter().chain(ratios).chain(gauges) {
        let frame = session.frame(&view(id, which));
        assert_eq!(frame.sought, None, "it is there");
        // The run knows what comes after; the chart shows that beyond the cursor.
        let known: Vec<_> = points(&frame).iter().filter(|it| it.at <= frame.now).collect();
        let known = match which {
            // It has a line for each cause there is in the whole run: nothing, before the first.
            Which::Errors => {
                format!("{:?}", known.iter().map(|it| causes(&frame, it)).collect::<Vec<_>>())
            }
            _ => format!("{known:?}"),
        };
        seen.push(("chart", format!("{which:?} {known}")));
        if which == Which::Throughput {
            seen.push(("cursor", format!("{} {}", frame.now, frame.ordinal)));
            seen.push(("messages", format!("{:?}", frame.messages)));
            seen.push(("figures", format!("{:?}", frame.figures)));
            seen.push(("picks", format!("{:?}", frame.picks)));
            let lens = frame.lens.map(|it| (it.svg, it.text));
            seen.push(("lens in words", format!("{:?}", lens.as_ref().map(|it| &it.1))));
            seen.push(("lens", format!("{:?}", lens.map(|it| it.0))));
            seen.push(("edits", frame.edits.to_string()));
        }
    }
    seen
}

/// Moments, on the beat of the windows and beside it; there and back again.
const MOMENTS_MS: [u64; 9] = [15_900, 1_003, 4_000, 7_250, 13_111, 12_000, 14_750, 6_001, 15_999];

fn check(golden: &Golden) {
    let mut session = open(golden);
    play(&mut session, golden, Nanos::seconds(16), &[Branch::Main]);
    let mut drawn = 0;
    for at in MOMENTS_MS.map(Nanos::millis) {
        let mut stopped = open(golden);
        play(&mut stopped, golden, at, &[Branch::Main]);
        let commands = vec![Command::Seek(at)];
        session.tick(&Tick { commands, ..Tick::default() }, u64::MAX);
        let run = stopped.run().expect("it is open");
        let ids: Vec<_> = run.head.design.components.keys().cloned().collect();
        for id in ids {
            let (here, there) = (shown(&mut session, &id), shown(&mut stopped, &id));
            for (here, there) in here.iter().zip(&there) {
                let mut lines = here.1.split("\\n").zip(there.1.split("\\n"));
                let first = lines.find(|it| it.0 != it.1);
                let what = format!("{}, {id} at {at}: {}", golden.name, here.0);
                assert!(here == there, "{what} is not of then: {first:#?}");
                drawn += usize::from(here.0 == "lens" && here.1 != "None");
            }
            assert_eq!(here.len(), there.len());
        }
    }
    assert!(drawn >= MOMENTS_MS.len(), "{}: {drawn} insides", golden.name);
}

#[test]
fn moments_of_the_store_are_shown_as_they_were() {
    for it in golden::ALL.iter().filter(|it| it.name.contains("replica")) {
        check(it);
    }
}

/// Whatever is in no other test here.
#[test]
fn moments_of_all_others_are_shown_as_they_were() {
    let elsewhere = ["replica", "market", "ledger", "lock"];
    // Of the store nothing but its replicas changes what is drawn.
    let store = ["calm"];
    for it in golden::ALL {
        if !elsewhere.iter().chain(&store).any(|part| it.name.contains(part)) {
            check(it);
        }
    }
}

#[test]
fn moments_of_the_market_are_shown_as_they_were() {
    for it in golden::ALL.iter().filter(|it| it.name.starts_with("market")) {
        check(it);
    }
}

#[test]
fn moments_of_the_ledger_are_shown_as_they_were() {
    for it in golden::ALL.iter().filter(|it| it.name.starts_with("ledger")) {
        check(it);
    }
}

#[test]
fn moments_of_the_lock_are_shown_as_they_were() {
    for it in golden::ALL.iter().filter(|it| it.name.starts_with("lock")) {
        check(it);
    }
}

/// However long ago: what a canvas, an inside and picks show does not come from what is kept of the newest,
/// whose windows reach back 75 s for wires and five minutes for components.
#[test]
fn moments_long_ago_are_shown_as_they_were() {
    let golden = golden::ALL.iter().find(|it| it.name.contains("replica")).expect("it is there");
    let mut session = open(golden);
    play(&mut session, golden, Nanos::seconds(16), &[Branch::Main]);
    session.tick(&Tick { advance: Nanos::seconds(500), ..Tick::default() }, u64::MAX);
    for at in [500_000, 400_250, 120_000, 430_600].map(Nanos::millis) {
        let mut stopped = open(golden);
        play(&mut stopped, golden, Nanos::seconds(16), &[Branch::Main]);
        let left = at - Nanos::seconds(16);
        stopped.tick(&Tick { advance: left, ..Tick::default() }, u64::MAX);
        let commands = vec![Command::Seek(at)];
        session.tick(&Tick { commands, ..Tick::default() }, u64::MAX);
        let ids: Vec<_> =
            session.run().expect("open").head.design.components.keys().cloned().collect();
        let mut flowing = 0;
        for id in ids {
            let (here, there) = (shown(&mut session, &id), shown(&mut stopped, &id));
            for (here, there) in here.iter().zip(&there).filter(|it| it.0.0 != "chart") {
                assert!(here == there, "{id} at {at}: {} is not of then", here.0);
            }
            let figures = session.frame(&view(&id, Which::Throughput)).figures.expect("asked for");
            flowing += figures.wires.iter().filter(|it| it.arrived > 0.0).count();
        }
        assert!(flowing > 5, "there is traffic to show");
    }
}
