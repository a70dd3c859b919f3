//! The pieces of a request that a service asks for at once: how far each is, and which one the rest waits for.

use crate::base::text;
use crate::component::Spec;
use crate::component::service::Calls;
use crate::lens::Subject;
use crate::lens::column::{Bar, Column};
use crate::lens::hits;
use crate::scene::Tone;
use crate::scene::layout::sheet::Sheet;

/// Whole seconds that times are means of, and pieces shown.
const SECONDS: usize = 10;
const SHOWN: usize = 12;

/// One piece: whom it is asked of, how long that takes, and since when it is asked for now, in ns.
struct Piece {
    id: String,
    name: String,
    mean: f64,
    so_far: Option<f64>,
}

fn piece(subject: &Subject, wire: u32) -> Option<Piece> {
    let blueprint = subject.world.blueprint();
    let it = &blueprint.wires[wire as usize];
    let own = &blueprint.components[subject.component as usize];
    let to = blueprint.components.get(it.to as usize).filter(|_| it.alive)?;
    let mean = hits::mean(&Subject { component: it.to, ..*subject }, SECONDS);
    let calls = own.members.iter().flat_map(|slot| subject.world.member(*slot).desk.calls.iter());
    let sent = calls
        .filter(|call| call.1.wire == wire && call.1.asked.is_some())
        .map(|it| it.1.sent)
        .min();
    let so_far = sent.map(|at| subject.now().saturating_sub(at).0 as f64);
    let mean = mean.or(so_far)?;
    Some(Piece { id: to.id.to_string(), name: (subject.name)(&to.id), mean, so_far })
}

/// Draws them, where there are several.
pub fn pieces(subject: &Subject, sheet: &mut Sheet) {
    let component = &subject.world.blueprint().components[subject.component as usize];
    let Some(Spec::Service(params)) = &component.spec else { return };
    if params.calls == Calls::InTurn {
        return;
    }
    let pieces: Vec<_> =
        component.out.iter().filter_map(|it| piece(subject, *it)).take(SHOWN).collect();
    let longest = pieces.iter().map(|it| it.mean.max(it.so_far.unwrap_or(0.0))).fold(0.0, f64::max);
    let slowest = pieces.iter().max_by(|one, other| one.mean.total_cmp(&other.mean));
    let Some(slowest) = slowest.filter(|_| pieces.len() > 1 && longest > 0.0) else { return };
    sheet.space(8.0);
    sheet.caption("pieces", ["Pieces of a request, asked for at once", "mean, 10 s"]);
    let bar = |it: &Piece| {
        let mean = text::duration(it.mean);
        let state = match it.so_far {
            Some(so_far) => format!("asked for {} ago", text::duration(so_far)),
            None => String::from("none under way"),
        };
        (mean.clone(), format!("{}: {mean} on average; {state}", it.name))
    };
    let told: Vec<_> = pieces.iter().map(bar).collect();
    let bars: Vec<_> = pieces
        .iter()
        .zip(told)
        .map(|(it, (figure, label))| Bar {
            id: format!("pieces/{}", it.id),
            name: &it.name,
            part: it.so_far.unwrap_or(0.0) / longest,
            ghost: Some(it.mean / longest),
            figure,
            tone: Tone::Control,
            label,
        })
        .collect();
    Column::on(sheet, |column| column.bars(&bars, None));
    sheet.space(2.0);
    let others = pieces.iter().filter(|it| it.id != slowest.id).map(|it| it.mean);
    let next = others.fold(0.0, f64::max);
    let waits = match params.calls {
        Calls::AllAtOnce => format!(
            "The slowest decides: {}, {}; {} after the next.",
            slowest.name,
            text::duration(slowest.mean),
            text::duration(slowest.mean - next),
        ),
        _ => String::from("Whoever is late is not waited for. Dashed: how long each takes."),
    };
    sheet.words("pieces/words", &waits);
}
