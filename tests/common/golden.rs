//! Golden runs in a session, played as a page plays them.

use ringside::base::time::Nanos;
use ringside::session::Session;
use ringside::session::golden::Golden;
use ringside::session::protocol::{Branch, Command, Tick};

/// Opens it at its very start.
pub fn open(golden: &Golden) -> Session {
    let mut session = Session::default();
    let (design, warmup) = (Box::new(golden.design()), Nanos::ZERO);
    let open = Command::Open { design, seed: golden.seed, warmup, inputs: Vec::new() };
    session.tick(&Tick { commands: vec![open], ..Tick::default() }, u64::MAX);
    session
}

/// Plays on to a moment, and does to these futures what is done to the golden run meanwhile, and at
/// that moment.
pub fn play(session: &mut Session, golden: &Golden, until: Nanos, futures: &[Branch]) {
    let now = |it: &Session| it.run().expect("it is open").shown().world.now();
    let since = now(session);
    let mut go = |commands, to: Nanos| {
        let advance = to.saturating_sub(now(session));
        session.tick(&Tick { commands, advance, ..Tick::default() }, u64::MAX);
    };
    for (second, input) in (golden.inputs)() {
        let at = Nanos::seconds(second);
        if at > since && at <= until {
            go(Vec::new(), at);
            let act = |it: &Branch| Command::Act(*it, input.clone());
            go(futures.iter().map(act).collect(), at);
        }
    }
    go(Vec::new(), until);
}
