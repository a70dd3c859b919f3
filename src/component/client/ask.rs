//! What one request of a client is: class, key, sizes, and how long somebody waits for it.

use crate::algorithm::traffic::recording::Row;
use crate::base::draw::open_unit;
use crate::base::size::Size;
use crate::base::spread::{Shape, Spread};
use crate::base::time::Nanos;
use crate::engine::Request;
use crate::engine::blueprint::Patience;
use crate::engine::event::Verb;

use super::pattern::hot_shift;
use super::{ANSWER, CLASS, Class, Client, ClientParams, ClientState, Context, Does};
use super::{HOT, KEY, SIZE};

/// Begins the request with this number, as recorded or drawn. False if there is nothing to ask for.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub(super) fn begin(
    state: &mut ClientState,
    params: &ClientParams,
    number: u64,
    row: Option<&Row>,
    ctx: &mut Context<Client>,
) -> bool {
    let count = state.begun;
    state.begun += 1;
    let recorded = row.and_then(|it| it.class);
    let recorded = recorded.and_then(|it| state.tables.rows.classes.get(usize::from(it)));
    let (known, name) = match recorded {
        Some(name) => (params.classes.iter().find(|it| it.name == *name), name.as_str()),
        None => match drawn(number, params, ctx) {
            Some(class) => (Some(class), class.name.as_str()),
            None => return false,
        },
    };
    let Some(class) = ctx.class(name) else { return false };
    let does = known.map_or(Does::Read, |it| it.does);
    let mut size = known.map_or(Size::default(), |it| draw_size(it, it.request_size, number, SIZE, ctx));
    let mut answer =
        known.map_or(Size::default(), |it| draw_size(it, it.answer_size, number, ANSWER, ctx));
    if let Some(bytes) = row.and_then(|it| it.size) {
        *(if does == Does::Write { &mut size } else { &mut answer }) = Size::bytes(bytes);
    }
    let hot = state.hot_key.filter(|it| open_unit(ctx.draw(number, HOT)) < it.1);
    let key = match (hot, row.and_then(|it| it.key)) {
        (Some((key, _)), _) | (None, Some(key)) => key,
        (None, None) => {
            let shift = hot_shift(params, ctx.now());
            state.tables.keys.key(count, ctx.draw(number, KEY), shift)
        }
    };
    let ClientParams { timeout, retries, backoff, .. } = *params;
    let patience = ctx.longest(&Patience { timeout, retries, backoff });
    let request = Request {
        id: ctx.request_id(number),
        deadline: ctx.now().saturating_add(patience),
        key,
        class,
        verb: if does == Does::Write { Verb::Write } else { Verb::Read },
        size,
        answer,
        ..Request::default()
    };
    ctx.begin(request);
    true
}

/// Draws the class by weight.
fn drawn<'a>(number: u64, params: &'a ClientParams, ctx: &Context<Client>) -> Option<&'a Class> {
    if let [only] = params.classes.as_slice()
        && only.weight > 0
    {
        return Some(only);
    }
    let total: u64 = params.classes.iter().map(|it| u64::from(it.weight)).sum();
    let draw = (u128::from(ctx.draw(number, CLASS)) * u128::from(total)) >> 64;
    let mut left = draw as u64;
    params.classes.iter().find(|class| {
        let weight = u64::from(class.weight);
        let found = left < weight;
        left = left.wrapping_sub(weight);
        found
    })
}

#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn draw_size(class: &Class, mean: u32, number: u64, purpose: u8, ctx: &Context<Client>) -> Size {
    let mean = u64::from(mean);
    if class.size_shape == Shape::Constant {
        return Size::bytes(mean);
    }
    // A thousandth of a byte is a nanosecond here.
    let spread = Spread::new(class.size_shape, Nanos(mean * 1_000));
    Size::bytes(spread.sample(ctx.draw(number, purpose)).0 / 1_000)
}
