//! Every inside in every state that the ready designs bring it into: before anything is done to them, after each
//! thing their scripts do, and at the end. What each says stands in `tests/snapshots/insides`, one file a component;
//! `UPDATE_EXPECT=1` writes them anew. At every width they are well drawn: nothing is clipped or lies over anything.

use std::collections::BTreeSet;

use crate::common::looking::{Looking, run_to, well_drawn};
use expect_test::expect_file;
use ringside::base::time::Nanos;
use ringside::document::file;
use ringside::lens;
use ringside::scene::text;

/// Moments of each at most, in seconds; and no later than this.
const MOMENTS: usize = 5;
const LATEST: f64 = 130.0;

/// The moments after its warm-up at which a design is looked at: early, and a while after each thing that is done to
/// it.
fn moments(script: impl Iterator<Item = Nanos>, warmup: Nanos) -> Vec<f64> {
    let after = script.map(|it| it.as_seconds() - warmup.as_seconds() + 1.3);
    let mut after: Vec<f64> = after.filter(|it| (0.0..LATEST).contains(it)).collect();
    after.sort_by(f64::total_cmp);
    after.dedup_by(|one, other| *one - *other < 2.0);
    let last = after.last().map_or(20.0, |it| it + 12.0);
    let mut all = vec![3.1];
    all.extend(after.into_iter().filter(|it| *it > 4.0).take(MOMENTS - 2));
    all.push(last);
    all
}

#[test]
fn every_inside_says_what_it_said() {
    let root = env!("CARGO_MANIFEST_DIR");
    let (mut kinds, mut files) = (BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(format!("{root}/static/designs")).expect("it is there") {
        let path = entry.expect("it is there").path();
        let name = path.file_stem().and_then(|it| it.to_str()).expect("plain").to_owned();
        let told = std::fs::read_to_string(&path).expect("it reads");
        let (file, _) = file::read(&told).expect("it is a file");
        let inside = |id: &&String| lens::has(file.design.components[*id].spec.about().id);
        let ids: Vec<&'static str> =
            file.design.components.keys().filter(inside).map(|it| &*it.clone().leak()).collect();
        let mut said = vec![String::new(); ids.len()];
        let mut it = Looking::open(file.design.clone(), file.seed, file.warmup, ("", ""));
        for moment in moments(file.design.script.values().map(|it| it.at), file.warmup) {
            run_to(&mut it.run, moment);
            for (id, said) in ids.iter().zip(&mut said) {
                it.of = (*id, *id);
                well_drawn(&format!("{name}-{id}-{moment}"), &[300.0, 520.0, 900.0], |width| {
                    it.scene(width)
                });
                *said += &format!("== after {moment:.1} s\n{}\n", text::reading(&it.scene(300.0)));
            }
        }
        for (id, said) in ids.iter().zip(&said) {
            kinds.insert(file.design.components[*id].spec.about().id);
            files.insert(format!("{name}.{id}.txt"));
            expect_file![format!("{root}/tests/snapshots/insides/{name}.{id}.txt")].assert_eq(said);
        }
    }
    // Each kind with an inside is in some ready design, but for what those at the gate do.
    assert!(kinds.len() >= 8, "{kinds:?}");
    // Of designs that are gone, nothing stays.
    for entry in std::fs::read_dir(format!("{root}/tests/snapshots/insides")).expect("it is there")
    {
        let name = entry.expect("it is there").file_name().into_string().expect("plain");
        assert!(files.contains(&name), "{name} is of no design");
    }
}
