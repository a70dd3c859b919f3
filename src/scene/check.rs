//! What every scene must keep: the rules of the look that can be checked without eyes.

use std::collections::BTreeSet;

use super::{Mark, Scene, Shape};

/// How far a mark may stick out of its scene, in pixels: half a thick line.
const SLACK: f32 = 2.0;

/// Everything that is wrong with a scene, one sentence each. Contract tests loop over the lenses
/// and expect none.
pub fn problems(scene: &Scene) -> Vec<String> {
    let mut problems = Vec::new();
    if scene.title.is_empty() || scene.description.is_empty() {
        problems.push("The scene has no title or no description.".to_string());
    }
    let mut seen = BTreeSet::new();
    for mark in &scene.marks {
        let id = &mark.id;
        if !seen.insert(id) {
            problems.push(format!("Two marks have the id {id}."));
        }
        if !is_inside(scene, mark) {
            problems.push(format!("{id} reaches out of the scene."));
        }
        if (mark.action.is_some() || mark.slide.is_some())
            && mark.label.is_none()
            && mark.words().is_empty()
        {
            problems.push(format!("{id} can be asked for something, but has no name."));
        }
        if !has_second_cue(mark) {
            problems.push(format!("{id} says {} by its hue alone.", mark.tone.name()));
        }
    }
    problems.extend(collisions(scene));
    problems
}

fn is_inside(scene: &Scene, mark: &Mark) -> bool {
    let bounds = mark.shape.bounds();
    let finite = [bounds.x, bounds.y, bounds.width, bounds.height].iter().all(|it| it.is_finite());
    let low = -SLACK <= bounds.x && -SLACK <= bounds.y;
    let high = bounds.right() <= scene.width + SLACK && bounds.bottom() <= scene.height + SLACK;
    finite && low && high
}

/// A sign must have the form of its hue; words and cells speak for themselves; any other form in a
/// hue needs a label.
fn has_second_cue(mark: &Mark) -> bool {
    match &mark.shape {
        _ if !mark.tone.is_hue() => true,
        Shape::Glyph { glyph, .. } => mark.tone.glyph() == Some(*glyph) || mark.label.is_some(),
        Shape::Text { .. } | Shape::Cell { .. } => true,
        _ => mark.label.is_some(),
    }
}

/// Words that lie on other words.
fn collisions(scene: &Scene) -> Vec<String> {
    let worded = scene.marks.iter().filter(|mark| !mark.words().is_empty());
    let words: Vec<_> = worded.map(|mark| (&mark.id, mark.shape.bounds().inset(0.5))).collect();
    let mut problems = Vec::new();
    for (index, (id, bounds)) in words.iter().enumerate() {
        for (other, _) in words[..index].iter().filter(|(_, other)| other.overlaps(*bounds)) {
            problems.push(format!("The words of {id} lie on those of {other}."));
        }
    }
    problems
}
