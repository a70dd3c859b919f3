//! The insides of a gateway and of a balancer, from a running book store. `LENSES=folder` writes
//! the pictures there.

use expect_test::{Expect, expect};
use ringside::base::time::Nanos;
use ringside::base::unit::Rate;
use ringside::component::Spec;
use ringside::document::{Design, file};
use ringside::engine::fault::Fault;
use ringside::lens::{self, Look, Subject};
use ringside::scene::{check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

fn store(change: impl Fn(&mut Design)) -> Run {
    let (mut file, _) = file::read(include_str!("../static/designs/bookstore.json")).expect("it");
    change(&mut file.design);
    Run::open(file.design, file.seed, Nanos::ZERO, Vec::new()).expect("it compiles")
}

/// The lens at a small, a medium and a large width: well drawn, and read aloud as expected.
#[track_caller]
fn look(run: &Run, id: &str, name: &str, expected: Expect) {
    let shown = run.shown();
    let component = shown.world.blueprint().component(id).expect("a component");
    for width in [320.0, 560.0, 900.0] {
        let subject = Subject {
            world: &shown.world,
            recorder: &run.recorder,
            component,
            label: &shown.design.components[id].label,
            name: &|id| id.to_owned(),
            key_name: "book",
            width,
            earlier: &[],
            before: None,
            look: &Look::default(),
        };
        let scene = lens::draw(&subject).expect("it has a lens");
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
        if let Ok(folder) = std::env::var("LENSES") {
            std::fs::write(format!("{folder}/{name}-{width}.svg"), svg::svg(&scene)).expect("it");
        }
        if width == 320.0 {
            expected.assert_eq(&text::reading(&scene));
        }
    }
}

#[test]
fn a_gateway_at_ease() {
    let mut run = store(|_| ());
    run.advance(Nanos::seconds(12), u64::MAX);
    look(
        &run,
        "gateway",
        "gateway",
        expect![[r#"
            Inside API gateway
            1 999 tokens of 2 000; 4 000 drip in a second; 0 % of requests limited in the last 10 s.
            Tokens: 1 999 of 2 000  Drip in: 4 000 /s  Limited, 10 s: 0 %
            Bucket of each instance  tokens
            1  1 000
            2  999
            Tokens of all instances  last 12 s
            2 000
            1 000
            0
            Requests, last  newest left
            passed book:1  passed book:0
            passed book:9  passed book:5
            passed book:2  passed book:340
            passed book:7  passed book:13173  … 6 more
        "#]],
    );
}

#[test]
fn a_gateway_that_limits() {
    let mut run = store(|design| {
        let gateway = design.components.get_mut("gateway").expect("a gateway");
        let Spec::ApiGateway(params) = &mut gateway.spec else { panic!("a gateway") };
        (params.rate, params.burst) = (Rate(450.0), 900);
    });
    run.advance(Nanos::seconds(12), u64::MAX);
    look(
        &run,
        "gateway",
        "limiting",
        expect![[r#"
            Inside API gateway
            5 tokens of 1 800; 900 drip in a second; 15.9 % of requests limited in the last 10 s.
            Tokens: 5 of 1 800  Drip in: 900 /s  Limited, 10 s: 15.9 %
            Bucket of each instance  tokens
            1  2
            2  3
            Tokens of all instances  last 12 s
            1 000
            0
            Requests, last  newest left
            passed book:1  passed book:0
            passed book:9  passed book:5
            passed book:2  passed book:340
            passed book:7  passed book:13173  … 6 more
        "#]],
    );
    run.act(Input::Fault(Fault::Crash("gateway/0".parse().expect("it")))).expect("it compiles");
    run.advance(Nanos::seconds(2), u64::MAX);
    look(
        &run,
        "gateway",
        "half",
        expect![[r#"
            Inside API gateway
            2 tokens of 900; 450 drip in a second; 20.5 % of requests limited in the last 10 s.
            Tokens: 2 of 900  Drip in: 450 /s  Limited, 10 s: 20.5 %
            Bucket of each instance  tokens
            1  down
            2  2
            Tokens of all instances  last 14 s
            1 000
            0
            Requests, last  newest left
            passed book:896  passed book:107
            limited book:1  passed book:4158
            limited book:4  limited book:17
            passed book:1  passed book:0  … 6 more
        "#]],
    );
}

#[test]
fn a_balancer_with_one_down_and_one_failing() {
    let mut run = store(|_| ());
    run.advance(Nanos::millis(1_500), u64::MAX);
    run.act(Input::Fault(Fault::Crash("books/1".parse().expect("it")))).expect("it compiles");
    run.advance(Nanos::seconds(6), u64::MAX);
    run.act(Input::Fault(Fault::Crash("search/0".parse().expect("it")))).expect("it compiles");
    run.advance(Nanos::millis(900), u64::MAX);
    look(
        &run,
        "balancer",
        "balancer",
        expect![[r#"
            Inside Load balancer
            Round robin: 29 calls out to 10 members, 1 of them down by its health checks.
            Rule: Round robin  Calls out: 29
            Down, by checks: 1 of 10
            Each in turn.
            billing  calls out
            instance 1    0
            instance 2    1
            Next: 1, 2, 1, 2, 1, 2
            books  calls out
            instance 1    7
            instance 2  down: passed over    0
            instance 3    6
            instance 4    7
            Next: 3, 4, 1, 3, 4, 1
            cart  calls out
            instance 1    2
            instance 2    2
            Next: 1, 2, 1, 2, 1, 2
            search  calls out
            instance 1  1 of 3 failed checks    0
            instance 2    4
            Next: 2, 1, 2, 1, 2, 1
            Last choices, answers to come  newest left
            book:3941 to books, instance 1: Each in turn.  book:0 to books, instance 4: Each in turn.
            book:40 to billing, instance 2: Each in turn.  book:16 to books, instance 3: Each in turn.
            book:3 to books, instance 1: Each in turn.  book:73 to search, instance 2: Each in turn.
            book:1703 to cart, instance 2: Each in turn.  … 7 more
        "#]],
    );
}

#[test]
fn a_balancer_by_the_key() {
    let mut run = store(|design| {
        let balancer = &mut design.components.get_mut("balancer").expect("it").spec;
        balancer.set("rule", &"key-hash".into()).expect("a rule");
    });
    run.advance(Nanos::seconds(3), u64::MAX);
    look(
        &run,
        "balancer",
        "by-key",
        expect![[r#"
            Inside Load balancer
            Hash of the key: 31 calls out to 10 members, 0 of them down by its health checks.
            Rule: Hash of the key  Calls out: 31
            Down, by checks: 0 of 10
            The same key goes to the same member, as long as
            their number stays.
            billing  calls out
            instance 1    1
            instance 2    4
            books  calls out
            instance 1    6
            instance 2    3
            instance 3    2
            instance 4    6
            cart  calls out
            instance 1    1
            instance 2    2
            search  calls out
            instance 1    4
            instance 2    2
            Last choices, answers to come  newest left
            book:1 to books, instance 4: The hash of book:1 leads there.  book:20 to books, instance 2: The hash of book:20 leads there.
            book:600 to books, instance 3: The hash of book:600 leads there.  book:0 to search, instance 1: The hash of book:0 leads there.
            book:24 to books, instance 4: The hash of book:24 leads there.  book:156 to billing, instance 2: The hash of book:156 leads there.
            book:8 to books, instance 4: The hash of book:8 leads there.  book:0 to books, instance 1: The hash of book:0 leads there.  … 6 more
        "#]],
    );
}
