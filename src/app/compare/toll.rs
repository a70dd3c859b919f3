//! What a store's setting costs in each of the two futures, on the same traffic.

use leptos::prelude::*;

use crate::app::store::App;
use crate::base::text;
use crate::session::protocol::{Cost, Toll};

/// What a cost is called, and what it counts.
fn words(cost: Cost) -> (&'static str, &'static str) {
    match cost {
        Cost::Refused => ("refused", "Requests refused: too few members could be reached"),
        Cost::Stale => (
            "stale reads",
            "Reads that missed a write which had been acknowledged before they began",
        ),
        Cost::Conflicts => (
            "in conflict",
            "Writes dropped since another did not know of them, and keys with several values",
        ),
        Cost::Lost => ("lost writes", "Acknowledged writes that the latest primary does not have"),
        Cost::Read => ("read, median", "Median time of the reads that were answered"),
        Cost::Write => ("write, median", "Median time of the writes that were acknowledged"),
    }
}

fn figure(cost: Cost, value: f64) -> String {
    match cost {
        _ if !value.is_finite() => "–".to_owned(),
        Cost::Read | Cost::Write => text::duration(value),
        _ => text::count(value as u64),
    }
}

/// The stores that are in both futures, side by side; nothing if there are none.
pub fn table(app: App, fork: App) -> Option<AnyView> {
    let tolls = |of: App| of.latest.with_value(|it| it.tolls.clone());
    let (main, other) = (tolls(app), tolls(fork));
    let pair = |it: &Toll| {
        let other = other.iter().find(|other| other.component == it.component)?;
        Some((it.clone(), other.clone()))
    };
    let pairs: Vec<_> = main.iter().filter_map(pair).collect();
    if pairs.is_empty() {
        return None;
    }
    let several = pairs.len() > 1;
    let one = |(main, fork): (Toll, Toll)| {
        let node = app.node(&main.component).filter(|_| several);
        let name =
            node.map(|it| it.record.with_untracked(|it| it.label.clone())).unwrap_or_default();
        let row = |(cost, here): &(Cost, f64)| {
            let there = fork.costs.iter().find(|it| it.0 == *cost).map_or(f64::NAN, |it| it.1);
            let ((name, title), here, there) =
                (words(*cost), figure(*cost, *here), figure(*cost, there));
            view! {
                <tr title=title><th scope="row">{name}</th><td>{here}</td><td>{there}</td></tr>
            }
        };
        let rows = main.costs.iter().map(row).collect_view();
        view! {
            <table class="toll num" data-toll=main.component.clone()
                title="Since the two futures parted, on the same traffic.">
                <thead><tr>
                    <th>{name}</th>
                    <th scope="col"><span>"as it is "</span>{main.manner.clone()}</th>
                    <th scope="col"><span>"what if "</span>{fork.manner.clone()}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    };
    Some(pairs.into_iter().map(one).collect_view().into_any())
}
