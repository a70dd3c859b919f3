//! What a session can do beyond running and being measured. A host whose code comes in parts begins
//! without it, and hands it over when it is there.

use crate::base::english::{Text, sentence};
use crate::base::time::Nanos;
use crate::lens;
use crate::scene::{svg, text};

use super::branch::Side;
use super::protocol::{
    Chart, Claim, Frame, Input, LensPicture, Look, Pick, Place, Story, Theory, Toll, Trace, Which,
};
use super::run::Run;
use super::story::Pending;
use super::{Session, chart, picks, theory, toll, trace};

/// Violations of one claim told as moments.
const SIGHTS_MAX: usize = 64;

/// The parts that can come later.
#[derive(Clone, Copy, Debug)]
pub struct Later {
    /// Draws the inside of the component with this id, so many pixels wide.
    pub picture: fn(&Run, &str, f32, &Look) -> Option<LensPicture>,
    /// The request that is followed, as a waterfall.
    pub trace: fn(&Run) -> Option<Trace>,
    /// Who is at a place.
    pub picks: fn(&Run, &Place) -> Vec<Pick>,
    /// What theory says of the component with this id, beside what was seen.
    pub theory: fn(&Run, &str) -> Option<Theory>,
    /// One chart of a component, by slot.
    pub chart: fn(&Run, u32, Which) -> Chart,
    /// What its stores cost their clients from a moment on.
    pub tolls: fn(&Run, Nanos) -> Vec<Toll>,
    /// When claims were violated.
    pub sights: fn(&Run) -> Vec<(Nanos, Claim)>,
    /// Packs what a frame holds of all this.
    pub pack: fn(&mut Frame),
    /// The input with this index, to be told of once its consequences are known.
    pub done: fn(&Run, usize) -> Option<Pending>,
    /// The story, once there is enough to tell it by, or something else is done next.
    pub tell: fn(&Pending, &Run, Option<&Input>) -> Option<Story>,
    /// Why a run was stopped, in words.
    pub words: fn(&Text) -> String,
    /// Takes an input out of what was done; that makes it another branch.
    pub forget: fn(&mut Side, usize, Nanos, u32),
    /// What another host needs to go on with it, if it can be handed over now (`handover.rs`).
    pub hand_over: fn(&Session) -> Option<Vec<u8>>,
}

impl Later {
    /// All of them.
    pub fn all() -> Self {
        crate::component::provide();
        super::breakpoint::provide();
        crate::engine::ways::provide();
        let (trace, picks, theory) = (trace::trace, picks::picks, theory::theory);
        let (chart, pack) = (chart::chart, Frame::pack);
        let (tolls, done, tell) = (toll::tolls, Pending::new, Pending::tell);
        let hand_over = |it: &Session| Some(it.hand_over()?.encode());
        let forget = Side::forget;
        let words = |it: &Text| sentence(std::slice::from_ref(it));
        Self {
            picture,
            trace,
            picks,
            theory,
            chart,
            tolls,
            sights,
            pack,
            done,
            tell,
            words,
            forget,
            hand_over,
        }
    }
}

fn picture(run: &Run, id: &str, width: f32, look: &Look) -> Option<LensPicture> {
    let shown = run.shown();
    let component = shown.world.blueprint().component(id)?;
    let label = &shown.design.components.get(id)?.label;
    let edits = run.inputs[..shown.inputs].iter().rev().filter_map(|it| match &it.input {
        Input::Edit(diff) => Some((it.at, diff.components.get(id)?.before.as_ref()?)),
        _ => None,
    });
    let earlier: Vec<_> = edits.map(|(at, record)| (at, &record.spec)).collect();
    let name = |id: &str| {
        let design = &shown.design;
        let component = design.components.get(id).map(|it| it.label.clone());
        let zone = || design.zones.get(id).map(|it| it.label.clone());
        component.or_else(zone).unwrap_or_else(|| id.to_owned())
    };
    let before = run.before.as_ref().map(|it| it.seen_by(id));
    let scene = lens::draw(&lens::Subject {
        world: &shown.world,
        recorder: run.recorded(),
        component,
        label,
        key_name: shown.design.key_name(),
        name: &name,
        width: width.clamp(200.0, 4_000.0),
        earlier: &earlier,
        before: before.as_ref(),
        look,
    })?;
    let (svg, text) = (svg::svg(&scene), text::reading(&scene));
    Some(LensPicture { component: id.into(), svg, text })
}

/// When claims were violated, claim by claim, oldest first: the first moment of each stretch of time in
/// which one was, half a second long, or longer if there would be too many.
fn sights(run: &Run) -> Vec<(Nanos, Claim)> {
    let of = |claim: Claim| {
        let moments = run.recorder.sightings.moments(claim);
        let from = moments.partition_point(|it| *it < run.zero);
        let all = || moments.range(from..).copied();
        let (first, last) =
            (all().next().unwrap_or_default(), all().next_back().unwrap_or_default());
        let mut stretch = 500_000_000;
        while last.0 / stretch - first.0 / stretch >= SIGHTS_MAX as u64 {
            stretch *= 2;
        }
        let mut before = None;
        let is_first = move |it: &Nanos| before.replace(it.0 / stretch) != Some(it.0 / stretch);
        all().filter(is_first).map(|it| (it, claim)).collect::<Vec<_>>()
    };
    Claim::ALL.into_iter().flat_map(of).collect()
}
