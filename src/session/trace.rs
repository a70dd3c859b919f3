//! The request that is followed, as the page shows it: each bar with what happened there, in words.

use crate::base::english::{Argument, Text, TextId};
use crate::base::time::Nanos;
use crate::engine::fault::Target;
use crate::engine::trace::{Bar, Kind, Phase};

use super::follow::State;
use super::protocol::{Trace, TraceBar};
use super::run::Run;
use super::story;

/// What is known of the request that is followed.
pub fn trace(run: &Run) -> Option<Trace> {
    let follow = run.follow.as_ref()?;
    let tracer = &follow.tracer;
    // While it is looked for, only as far as the search has come.
    let now = match &follow.state {
        State::Searching(moment, _) => moment.world.now(),
        _ => run.head.world.now(),
    };
    let critical = tracer.critical(now);
    let bars = tracer.bars.iter().zip(critical);
    Some(Trace {
        request: tracer.request,
        searching: matches!(follow.state, State::Searching(..)),
        missing: matches!(follow.state, State::Missing),
        cut: tracer.cut,
        bars: bars.map(|(it, critical)| bar(run, it, critical, now)).collect(),
    })
}

fn bar(run: &Run, bar: &Bar, critical: bool, now: Nanos) -> TraceBar {
    let blueprint = run.head.world.blueprint();
    let (component, member) = blueprint.members[bar.member as usize];
    let it = &blueprint.components[component as usize];
    let id = it.id.to_string();
    let target = Target { component: id, member: (it.members.len() > 1).then_some(member) };
    let end = (bar.end <= now).then_some(bar.end);
    let lasted = end.unwrap_or(now).saturating_sub(bar.start);
    let mut arguments =
        vec![story::name(&run.head.design, &target), Argument::Duration(lasted.0 as f64)];
    let id = match (bar.kind, bar.outcome, end) {
        (Kind::Job, ..) => TextId::BarJob,
        (Kind::Phase(Phase::Queue), ..) => TextId::BarQueue,
        (Kind::Phase(Phase::Work), ..) => TextId::BarWork,
        (Kind::Phase(Phase::Own), ..) => TextId::BarOwn,
        (Kind::Phase(Phase::Backoff), ..) => TextId::BarBackoff,
        (Kind::Phase(Phase::Connection), ..) => TextId::BarConnection,
        (Kind::Forth, ..) => TextId::BarForth,
        (Kind::Back, ..) => TextId::BarBack,
        (Kind::Call, _, None) => TextId::BarWaits,
        (Kind::Call, Some(outcome), _) if outcome.is_failure() => {
            arguments.push(Argument::Name(outcome.word().replace('_', " ")));
            TextId::BarFailed
        }
        (Kind::Call, ..) => TextId::BarCall,
    };
    TraceBar {
        kind: bar.kind,
        component,
        member,
        wire: bar.wire,
        verb: bar.request.verb,
        attempt: bar.request.attempt,
        key: bar.request.key,
        class: bar.request.class,
        start: bar.start,
        end,
        outcome: bar.outcome,
        parent: bar.parent,
        depth: bar.depth,
        critical,
        text: Text::new(id, arguments),
    }
}
