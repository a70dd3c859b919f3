//! A run as it is kept: in the browser, in a file, in a link. The file form of the design, and what
//! was done to the run, so that design, faults and seed play again to the last digit.
//!
//! `inputs` is `{"base": PATCH, "done": [INPUT, …]}`. The design of a file is always the newest, so
//! whoever does not know `inputs` still opens what was drawn; `base` is the patch (RFC 7396, on the
//! file form) that leads from it back to what the run began with. An input is
//! `{"at": "32.5s", "ordinal": 81233, "fault": FAULT}` or the same with `"seed": 9` or `"edit": PATCH`, on the
//! design as it was then. Inputs that do not lead to the design are left out, with a notice.
//!
//! `view` is `{"at": "40s", "playing": false, "camera": [X, Y, ZOOM]}`, each part optional: the
//! moment looked at, whether time runs, and what part of the canvas is seen.

use serde_json::{Map, Value, json};

use crate::base::geometry::{Camera, Point};
use crate::base::time::Nanos;
use crate::document::file::{self, File, FileError, Notice, merge};
use crate::document::{Design, Diff, faults};
use crate::engine::fault::Fault;

use super::protocol::{Input, Stamped};

/// Most inputs that are read.
pub const INPUTS_MAX: usize = 2_000;
/// Edits are read against the whole design: at most so many bytes of text together.
const EDITED_BYTES_MAX: usize = 32 << 20;
/// Latest moment of an input.
const DONE_MAX: Nanos = Nanos::seconds(3_600_000);
/// Latest moment that is looked at: a page that opens has to come there.
const AT_MAX: Nanos = Nanos::seconds(86_400);

/// A run as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The newest design, seed and warm-up; `view` and `inputs` are taken out.
    pub file: File,
    /// What the run began with.
    pub base: Design,
    /// What was done to it, in order.
    pub inputs: Vec<Stamped>,
    /// What was looked at.
    pub look: Look,
}

/// Beginnings of two futures that are kept.
const FORKS_MAX: usize = 64;

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// The cursor; none for the start.
    pub at: Option<Nanos>,
    /// Whether time stood still.
    pub paused: bool,
    /// What part of the canvas was seen; none for all of it.
    pub camera: Option<Camera>,
    /// Where two futures began, oldest first.
    pub forks: Vec<Nanos>,
}

impl Kept {
    /// A design to which nothing was done yet.
    pub fn new(file: File) -> Self {
        let base = file.design.clone();
        Self { file, base, inputs: Vec::new(), look: Look::default() }
    }

    /// The text that people read and keep.
    pub fn write(&self) -> String {
        file::write(&self.with_texts())
    }

    /// The same in as few characters as possible, for links.
    pub fn write_tight(&self) -> String {
        let text = self.write();
        let value: Option<Value> = serde_json::from_str(&text).ok();
        value.map_or(text, |it| it.to_string())
    }

    fn with_texts(&self) -> File {
        let mut file = self.file.clone();
        (file.view, file.inputs) = (self.look.write(), None);
        if !self.inputs.is_empty() {
            file.inputs = Some(self.write_inputs());
        }
        file
    }

    fn write_inputs(&self) -> String {
        let mut map = Map::new();
        if let Some(patch) = merge::between(&raw(&self.file.design), &raw(&self.base)) {
            map.insert("base".into(), patch);
        }
        let done = self.inputs.iter().map(|it| {
            let mut input = Map::new();
            input.insert("at".into(), it.at.to_string().into());
            input.insert("ordinal".into(), it.ordinal.into());
            match &it.input {
                Input::Fault(fault) => {
                    let fault = serde_json::to_value(fault).unwrap_or_default();
                    input.insert("fault".into(), fault);
                }
                Input::Seed(seed) => _ = input.insert("seed".into(), (*seed).into()),
                Input::Edit(diff) => {
                    input.insert("edit".into(), patch(diff));
                }
            }
            Value::Object(input)
        });
        let done = done.collect();
        map.insert("done".into(), Value::Array(done));
        Value::Object(map).to_string()
    }

    /// Reads a text. What was done to the run is taken as a whole or not at all: half of it would
    /// be another run.
    pub fn read(text: &str) -> Result<(Self, Vec<Notice>), FileError> {
        let (mut file, mut notices) = file::read(text)?;
        let inputs = file.inputs.take();
        let look = file.view.take().map_or_else(Look::default, |it| Look::read(&it));
        let mut kept = Self { look, ..Self::new(file) };
        match inputs.map_or(Ok(Vec::new()), |it| kept.read_inputs(&it)) {
            Ok(idle) => {
                let rest = match idle.len() {
                    0 | 1 => String::new(),
                    count => format!("; {} more like this", count - 1),
                };
                let sentence = |it: String| format!("{it}; it has no effect{rest}");
                let notice = |it| Notice { place: "inputs".into(), sentence: sentence(it) };
                notices.extend(idle.into_iter().next().map(notice));
            }
            Err(problem) => {
                let sentence = format!("{problem}; the run begins anew, as the design stands");
                notices.push(Notice { place: "inputs".into(), sentence });
                (kept.base, kept.look.at) = (kept.file.design.clone(), None);
            }
        }
        Ok((kept, notices))
    }

    /// Gives back what is said of faults that name what is not there.
    fn read_inputs(&mut self, text: &str) -> Result<Vec<String>, String> {
        let value: Value = serde_json::from_str(text).map_err(|it| it.to_string())?;
        let mut budget = EDITED_BYTES_MAX;
        let mut now = raw(&self.file.design);
        if let Some(patch) = value.get("base") {
            self.base = patched(&mut now, patch, &mut budget)?;
        }
        let done = value.get("done").and_then(Value::as_array).ok_or("done is not a list")?;
        if done.len() > INPUTS_MAX {
            return Err(format!("there are {}, at most {INPUTS_MAX} are read", done.len()));
        }
        let (mut design, mut inputs) = (self.base.clone(), Vec::<Stamped>::new());
        let mut idle = Vec::new();
        for (index, item) in done.iter().enumerate() {
            let place = |problem: &str| format!("done[{index}] {problem}");
            let at = moment(item.get("at"), DONE_MAX)
                .ok_or_else(|| place("has no moment such as \"3s\""))?;
            let ordinal = item.get("ordinal").and_then(Value::as_u64);
            let ordinal = ordinal.ok_or_else(|| place("has no ordinal, a whole number"))?;
            if inputs.last().is_some_and(|it| it.at > at || it.ordinal > ordinal) {
                return Err(place("is earlier than the one before"));
            }
            let input = match (item.get("fault"), item.get("edit"), item.get("seed")) {
                (None, None, Some(seed)) => {
                    let seed = seed.as_u64().ok_or_else(|| place("has a seed that is no number"));
                    Input::Seed(seed?)
                }
                (Some(fault), None, None) => {
                    let fault = serde_json::from_value::<Fault>(fault.clone());
                    let fault = fault.map_err(|it| place(&format!("is no fault ({it})")))?;
                    if let Err(error) = faults::check(&design, &fault) {
                        let words = place(&format!("is a fault that does not fit ({error})"));
                        match error.field == faults::MISSING {
                            true => idle.push(words),
                            false => return Err(words),
                        }
                    }
                    Input::Fault(fault)
                }
                (None, Some(patch), None) => {
                    let after = patched(&mut now, patch, &mut budget)
                        .map_err(|it| place(&format!("is no edit: {it}")))?;
                    let diff = Diff::between(&design, &after);
                    design = after;
                    Input::Edit(diff)
                }
                _ => return Err(place("is neither a fault nor an edit nor a seed")),
            };
            inputs.push(Stamped { at, ordinal, input });
        }
        if Diff::between(&design, &self.file.design).is_felt() {
            return Err("what was done does not lead to this design".into());
        }
        self.inputs = inputs;
        Ok(idle)
    }
}

impl Look {
    fn write(&self) -> Option<String> {
        let mut map = Map::new();
        if let Some(at) = self.at {
            map.insert("at".into(), at.to_string().into());
        }
        if self.paused {
            map.insert("playing".into(), false.into());
        }
        if let Some(Camera { offset, zoom }) = self.camera {
            let rounded = |it: f64| libm::round(it * 1_000.0) / 1_000.0;
            map.insert("camera".into(), json!([offset.x, offset.y, zoom].map(rounded)));
        }
        if !self.forks.is_empty() {
            let forks: Vec<_> = self.forks.iter().map(Nanos::to_string).collect();
            map.insert("forks".into(), forks.into());
        }
        (!map.is_empty()).then(|| Value::Object(map).to_string())
    }

    /// What cannot be understood is not looked at.
    fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let camera = value.get("camera").and_then(Value::as_array).and_then(|it| {
            let numbers: Vec<f64> = it.iter().filter_map(Value::as_f64).collect();
            let [x, y, zoom] = numbers.try_into().ok()?;
            let fits = |it: f64| it.abs() <= file::COORDINATE_MAX;
            let seen = fits(x) && fits(y) && (Camera::ZOOM.0..=Camera::ZOOM.1).contains(&zoom);
            seen.then_some(Camera { offset: Point::new(x, y), zoom })
        });
        let paused = value.get("playing") == Some(&Value::Bool(false));
        let forks = value.get("forks").and_then(Value::as_array).into_iter().flatten();
        let forks = forks.filter_map(|it| moment(Some(it), AT_MAX)).take(FORKS_MAX).collect();
        Self { at: moment(value.get("at"), AT_MAX), paused, camera, forks }
    }
}

fn moment(value: Option<&Value>, latest: Nanos) -> Option<Nanos> {
    Nanos::parse(value?.as_str()?).filter(|it| *it <= latest)
}

/// A design in file form.
fn raw(design: &Design) -> Value {
    let text = file::write(&File::new(design.clone()));
    let mut value: Value = serde_json::from_str(&text).unwrap_or_default();
    value.get_mut("design").map(Value::take).unwrap_or_default()
}

/// A diff as a patch of the file form. Only what it changes is written, not the whole design.
fn patch(diff: &Diff) -> Value {
    let mut before = Design::default();
    diff.clone().reversed().apply(&mut before);
    let mut after = Design::default();
    diff.apply(&mut after);
    let [before, after] = [before, after].map(|it| {
        let mut raw = raw(&it);
        // An empty table is not the end of a table.
        for name in ["zones", "notes", "script"] {
            raw.as_object_mut().map(|it| it.entry(name).or_insert_with(|| json!({})));
        }
        raw
    });
    merge::between(&before, &after).unwrap_or_else(|| json!({}))
}

/// Patches a design in file form and reads it.
fn patched(raw: &mut Value, patch: &Value, budget: &mut usize) -> Result<Design, String> {
    merge::apply(raw, patch);
    let text = json!({ "version": crate::document::VERSION, "design": raw }).to_string();
    *budget = budget.checked_sub(text.len()).ok_or("too many changes of too large a design")?;
    let (file, _) = file::read(&text).map_err(|it| it.to_string())?;
    Ok(file.design)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::draw::mix;
    use crate::component::Spec;
    use crate::engine::fault::Target;
    use crate::session::run::Run;
    use proptest::prelude::*;

    const BOOKSTORE: &str = include_str!("../../static/designs/bookstore.json");

    fn more_books(design: &Design, instances: u32) -> Input {
        let mut after = design.clone();
        if let Some(Spec::Service(it)) = after.components.get_mut("books").map(|it| &mut it.spec) {
            it.instances = instances;
        }
        Input::Edit(Diff::between(design, &after))
    }

    fn without_cache(design: &Design) -> Input {
        let mut after = design.clone();
        after.components.remove("cache");
        after.wires.retain(|_, it| it.from != "cache" && it.to != "cache");
        Input::Edit(Diff::between(design, &after))
    }

    /// A run of the book store with a fault, two edits and a move, and how it is kept.
    fn eventful() -> (Run, Kept) {
        let (file, _) = file::read(BOOKSTORE).unwrap();
        let mut kept = Kept::new(file.clone());
        let warmup = Nanos::seconds(2);
        kept.file.warmup = warmup;
        let mut run = Run::open(file.design.clone(), file.seed, warmup, Vec::new()).unwrap();
        run.advance(Nanos::millis(517), u64::MAX);
        run.act(Input::Fault(Fault::Crash(Target::component("cache")))).unwrap();
        run.advance(Nanos::millis(1_003), u64::MAX);
        run.act(more_books(&run.head.design.clone(), 5)).unwrap();
        run.advance(Nanos::millis(250), u64::MAX);
        run.act(without_cache(&run.head.design.clone())).unwrap();
        run.advance(Nanos::millis(400), u64::MAX);
        kept.file.design = run.head.design.clone();
        if let Some(it) = kept.file.design.components.get_mut("books") {
            it.at = Point::new(it.at.x + 3.0, it.at.y + 0.5);
        }
        kept.inputs = run.inputs.clone();
        kept.look.at = Some(run.head.world.now());
        kept.look.camera = Some(Camera { offset: Point::new(-3.25, 8.0), zoom: 1.5 });
        kept.look.forks = vec![Nanos::millis(900), Nanos::SECOND];
        (run, kept)
    }

    #[test]
    fn what_was_done_plays_again_to_the_last_digit() {
        let (run, kept) = eventful();
        for text in [kept.write(), kept.write_tight()] {
            let (read, notices) = Kept::read(&text).unwrap();
            assert_eq!(notices, []);
            assert_eq!((&read.base, &read.look), (&kept.base, &kept.look));
            assert_eq!(read.file, kept.file);
            let Kept { file, base, inputs, look } = read;
            let mut again = Run::open(base, file.seed, file.warmup, inputs).unwrap();
            let left = look.at.unwrap() - again.head.world.now();
            again.advance(left, u64::MAX);
            assert_eq!(again.head.world.state_hash(), run.head.world.state_hash());
            assert_eq!(again.inputs.len(), 3);
        }
    }

    #[test]
    fn whoever_does_not_know_inputs_opens_the_newest_design() {
        let (_, kept) = eventful();
        let (file, notices) = file::read(&kept.write()).unwrap();
        assert_eq!(notices, []);
        assert_eq!(file.design, kept.file.design);
    }

    #[test]
    fn inputs_that_do_not_fit_are_left_out_as_a_whole() {
        let (_, kept) = eventful();
        let text = kept.write_tight();
        for (from, to, problem) in [
            (
                r#""books":{"settings":{"instances":5}}"#,
                r#""books":{"settings":{"instances":4}}"#,
                "does not lead to this design",
            ),
            (r#""at":"2.517s""#, r#""at":"9s""#, "done[1] is earlier"),
            (r#"{"crash":"cache"}"#, r#"{"crush":"cache"}"#, "done[0] is no fault"),
            (
                r#"{"crash":"cache"}"#,
                r#"{"slow":{"target":"cache","factor":0}}"#,
                "done[0] is a fault that does not fit (factor: 0 is no factor",
            ),
            (r#""fault":"#, r#""default":"#, "done[0] is neither a fault nor an edit nor a seed"),
            (r#""ordinal":"#, r#""nominal":"#, "done[0] has no ordinal"),
            (r#""done":["#, r#""dune":["#, "done is not a list"),
        ] {
            assert!(text.contains(from), "{from} in {text}");
            let (read, notices) = Kept::read(&text.replacen(from, to, 1)).unwrap();
            assert_eq!(notices.len(), 1, "{notices:?}");
            assert_eq!(notices[0].place, "inputs");
            assert!(notices[0].sentence.contains(problem), "{problem}: {}", notices[0]);
            assert_eq!((read.inputs.len(), read.look.at), (0, None));
            assert_eq!(read.base, read.file.design);
        }
    }

    /// A fault may name what an edit has taken away: nothing comes of it, and it is said. What an edit
    /// brings later is not there yet.
    #[test]
    fn faults_that_name_what_is_not_there_are_told_of_and_kept() {
        let (_, kept) = eventful();
        let crash = r#"{"crash":"cache"}"#;
        let text = kept.write_tight();
        let (read, notices) =
            Kept::read(&text.replacen(crash, r#"{"crash":"books/4"}"#, 1)).unwrap();
        let words = "done[0] is a fault that does not fit (fault: there is no books/4;";
        assert!(notices.len() == 1 && notices[0].place == "inputs", "{notices:?}");
        assert!(notices[0].sentence.starts_with(words), "{}", notices[0]);
        assert!(notices[0].sentence.ends_with("; it has no effect"), "{}", notices[0]);
        assert_eq!(read.inputs.len(), 3);
    }

    #[test]
    fn many_inputs_are_refused_before_they_are_read() {
        let (file, _) = file::read(BOOKSTORE).unwrap();
        let item = json!({ "at": "3s", "ordinal": 5, "fault": { "crash": "cache" } });
        let inputs = json!({ "done": vec![item; INPUTS_MAX + 1] }).to_string();
        let text = file::write(&File { inputs: Some(inputs), ..file });
        let (read, notices) = Kept::read(&text).unwrap();
        assert!(read.inputs.is_empty() && notices[0].sentence.contains("at most"), "{notices:?}");
    }

    #[test]
    fn the_look_is_bounded() {
        for bad in [
            r#"{"at": "100000s"}"#,
            r#"{"at": 5, "camera": [0, 0], "forks": [7, "never", "100000s"]}"#,
            r#"{"camera": [0, 0, 1000]}"#,
            r#"{"camera": [1e300, 0, 1]}"#,
            "[]",
            "x",
        ] {
            assert_eq!(Look::read(bad), Look::default(), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(192))]

        /// Text as it comes out of a link or storage, broken in any way: no panic, and what is read
        /// writes to what reads the same.
        #[test]
        fn no_broken_text_makes_it_panic(seed: u64, blows in 1usize..6) {
            let mut bytes = eventful_text().into_bytes();
            for blow in 0..blows as u64 {
                if bytes.is_empty() {
                    break;
                }
                let draw = |salt: u64| mix(seed ^ mix(blow * 8 + salt)) as usize;
                let at = draw(0) % bytes.len();
                match draw(1) % 5 {
                    0 => bytes[at] = b"0123456789{}[]\",:nulltrue.-e\\"[draw(2) % 28],
                    1 => _ = bytes.remove(at),
                    2 => bytes.truncate(at.max(1)),
                    3 => {
                        let end = (at + draw(3) % 40).min(bytes.len());
                        let piece = bytes[at..end].to_vec();
                        let to = draw(4) % bytes.len();
                        bytes.splice(to..to, piece);
                    }
                    _ => bytes[at] ^= 1 << (draw(2) % 7),
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            if let Ok((kept, _)) = Kept::read(&text) {
                let again = Kept::read(&kept.write()).map(|it| it.0);
                prop_assert_eq!(again, Ok(kept));
            }
        }
    }

    /// The same without running it each time.
    fn eventful_text() -> String {
        static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        TEXT.get_or_init(|| eventful().1.write_tight()).clone()
    }
}
