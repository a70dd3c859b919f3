//! A run whose component with a lens is looked at, and whose marks are used.

use std::collections::BTreeSet;

use expect_test::Expect;
use ringside::base::time::Nanos;
use ringside::component::Spec;
use ringside::document::edit::Edit;
use ringside::document::{Design, file};
use ringside::engine::fault::Fault;
use ringside::lens::{self, Act, Look, Subject};
use ringside::scene::{Mark, Scene, check, svg, text};
use ringside::session::protocol::Input;
use ringside::session::run::Run;

use super::target;

/// A ready design's run, with this component changed.
pub fn open_ready(json: &str, id: &str, change: impl FnOnce(&mut Spec)) -> Run {
    let (mut file, problems) = file::read(json).expect("it is a file");
    assert!(problems.is_empty(), "{problems:?}");
    change(&mut file.design.components.get_mut(id).expect("it is there").spec);
    Run::open(file.design, file.seed, file.warmup, Vec::new()).expect("it compiles")
}

/// Goes on to so many seconds after warming up.
pub fn run_to(run: &mut Run, seconds: f64) {
    let until = run.zero.saturating_add(Nanos::from_seconds(seconds));
    run.advance(until - run.head.world.now(), u64::MAX);
}

/// A picture is well drawn at these widths. `LENSES=folder` writes it there.
#[track_caller]
pub fn well_drawn(name: &str, widths: &[f32], scene: impl Fn(f32) -> Scene) {
    for width in widths {
        let scene = scene(*width);
        if let Ok(folder) = std::env::var("LENSES") {
            let file = format!("{folder}/{name}-{width}.svg");
            std::fs::write(file, svg::svg(&scene)).expect("it can be written");
        }
        assert_eq!(check::problems(&scene), Vec::<String>::new(), "{name} at {width}");
    }
}

/// The run, and what somebody looks for.
pub struct Looking {
    pub run: Run,
    pub look: Look,
    /// Id and label of the component.
    pub of: (&'static str, &'static str),
}

impl Looking {
    pub fn open(
        design: Design,
        seed: u64,
        warmup: Nanos,
        of: (&'static str, &'static str),
    ) -> Self {
        let run = Run::open(design, seed, warmup, Vec::new()).expect("it compiles");
        Self { run, look: Look::default(), of }
    }

    pub fn scene(&self, width: f32) -> Scene {
        let shown = self.run.shown();
        let id = self.of.0;
        let component = shown.world.blueprint().component(id).expect("a component");
        let edits = self.run.inputs[..shown.inputs].iter().rev().filter_map(|it| match &it.input {
            Input::Edit(diff) => Some((it.at, diff.components.get(id)?.before.as_ref()?)),
            _ => None,
        });
        let earlier: Vec<_> = edits.map(|(at, record)| (at, &record.spec)).collect();
        let before = self.run.before.as_ref().map(|it| it.seen_by(id));
        let subject = Subject {
            world: &shown.world,
            recorder: self.run.recorded(),
            component,
            label: self.of.1,
            name: &|id| id.to_owned(),
            key_name: shown.design.key_name(),
            width,
            earlier: &earlier,
            before: before.as_ref(),
            look: &self.look,
        };
        lens::draw(&subject).expect("it has a lens")
    }

    /// Well drawn at three widths, and read aloud as expected at the smallest, but for the marks left
    /// out. `LENSES=folder` writes the pictures there.
    #[track_caller]
    pub fn check(&self, name: &str, without: &[&str], expected: Expect) {
        well_drawn(name, &[300.0, 520.0, 900.0], |width| self.scene(width));
        let mut scene = self.scene(300.0);
        scene.marks.retain(|it| !without.iter().any(|start| it.id.starts_with(start)));
        expected.assert_eq(&text::reading(&scene));
    }

    #[track_caller]
    pub fn mark(&self, id: &str) -> Mark {
        let found = self.scene(300.0).marks.into_iter().find(|it| it.id == id);
        found.unwrap_or_else(|| panic!("there is no mark {id}"))
    }

    #[track_caller]
    pub fn words(&self, id: &str) -> String {
        self.mark(id).words().to_owned()
    }

    /// All words of the marks whose ids begin so, one after the other, in a wide picture.
    pub fn lines(&self, id: &str) -> String {
        let scene = self.scene(900.0);
        let lines = scene.marks.iter().filter(|it| it.id.starts_with(id));
        lines.map(|it| it.words().to_owned()).collect::<Vec<_>>().join(" ")
    }

    /// The number a mark shows.
    #[track_caller]
    pub fn figure(&self, id: &str) -> f64 {
        let words = self.words(id);
        let digits: String = words.chars().filter(|it| it.is_ascii_digit() || *it == '.').collect();
        digits.parse().unwrap_or_else(|_| panic!("{id} shows {words:?}"))
    }

    /// Does what a mark asks for when it is clicked.
    #[track_caller]
    pub fn click(&mut self, id: &str) {
        let action = self.mark(id).action.unwrap_or_else(|| panic!("{id} asks for nothing"));
        self.act(&action);
    }

    #[track_caller]
    pub fn act(&mut self, action: &str) {
        let member = |it: u16| target(&format!("{}/{it}", self.of.0));
        match Act::parse(action).expect("an act") {
            Act::Note(name, value) => self.look.note(&name, &value),
            Act::Set(field, value) => {
                let value = serde_json::from_str(&value).expect("JSON");
                self.set(self.of.0, &field, value);
            }
            Act::Tune(values) => {
                let values: serde_json::Map<_, _> = serde_json::from_str(&values).expect("JSON");
                let edit =
                    Edit::Tune { id: self.of.0.into(), values: values.into_iter().collect() };
                self.edit(&edit);
            }
            Act::Crash(it) => self.fault(Fault::Crash(member(it))),
            Act::Restart(it) => self.fault(Fault::Restart(member(it))),
            Act::Promote(it) => self.fault(Fault::Promote(member(it))),
            Act::Command(it, words) => self.fault(Fault::Command { target: member(it), words }),
            Act::Move(who, ..) => panic!("nobody expects to move {who}"),
            Act::At(moment) => panic!("nobody expects to go to {moment}"),
            Act::Follow(request, _) => panic!("nobody expects to follow {request}"),
        }
    }

    /// Sets a parameter of a component, as an edit.
    #[track_caller]
    pub fn set(&mut self, id: &str, field: &str, value: serde_json::Value) {
        let edit = Edit::SetComponent { id: id.into(), field: field.into(), value };
        self.edit(&edit);
    }

    #[track_caller]
    fn edit(&mut self, edit: &Edit) {
        let diff = edit.diff(&self.run.shown().design, &BTreeSet::new()).expect("it can be set");
        self.run.act(Input::Edit(diff)).expect("it compiles");
    }

    pub fn fault(&mut self, fault: Fault) {
        self.run.act(Input::Fault(fault)).expect("it compiles");
    }

    pub fn on(&mut self, millis: u64) {
        self.run.advance(Nanos::millis(millis), u64::MAX);
    }
}
