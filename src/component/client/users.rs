//! A closed loop: users who ask, wait, think and ask again.
//!
//! A user is nothing but the number of their next request, carried by their alarm or by the request
//! that is under way: who they are, and which request of theirs it is. So each one's draws are their
//! own, whatever the others do.

use crate::base::spread::Spread;
use crate::base::time::Nanos;
use crate::engine::Request;

use super::{Alarm, Client, ClientParams, ClientState, Context, Load, THINK, ask};

/// Marks the number of a user's request; below it, others are numbered.
const USER: u64 = 1 << 39;
/// Bits that count a user's requests.
const TURN_BITS: u32 = 22;
/// Bits that tell users apart.
const USER_BITS: u32 = 17;
/// Who comes after all numbers of users are used up takes an old one, and counts from so many
/// requests further on.
const TURNS_APART: u64 = 1 << 16;
/// Even who does not think takes so long between two requests, so that time goes on.
const THINK_MIN: Nanos = Nanos::MICROSECOND;

/// Lets users come until all are here. They think first: nobody knows when they came.
pub(super) fn fill(state: &mut ClientState, params: &ClientParams, ctx: &mut Context<Client>) {
    while state.users.0 < wanted(state, params) {
        state.users.0 += 1;
        let user = state.users.1;
        state.users.1 += 1;
        let turn = (user >> USER_BITS) * TURNS_APART;
        let user = user & ((1 << USER_BITS) - 1);
        think(params, number(user, turn), ctx);
    }
}

/// How many users there are to be: a traffic spike brings more.
fn wanted(state: &ClientState, params: &ClientParams) -> u32 {
    if params.load != Load::Closed {
        return 0;
    }
    let most = (1u32 << USER_BITS) - 1;
    ((f64::from(params.users) * state.surge + 0.5) as u32).min(most)
}

fn number(user: u64, turn: u64) -> u64 {
    USER | user << TURN_BITS | turn & ((1 << TURN_BITS) - 1)
}

fn think(params: &ClientParams, number: u64, ctx: &mut Context<Client>) {
    let spread = Spread::new(params.think_shape, params.think);
    let after = spread.sample(ctx.draw(number, THINK)).max(THINK_MIN);
    ctx.timer(after, Alarm::Thought(number));
}

/// If there are too many, this user goes.
fn leaves(state: &mut ClientState, params: &ClientParams) -> bool {
    let leaves = state.users.0 > wanted(state, params);
    state.users.0 -= u32::from(leaves);
    leaves
}

fn again(params: &ClientParams, last: u64, ctx: &mut Context<Client>) {
    let (user, turn) = ((last & !USER) >> TURN_BITS, last + 1);
    think(params, number(user, turn), ctx);
}

/// A user has thought.
pub(super) fn thought(
    state: &mut ClientState,
    params: &ClientParams,
    number: u64,
    ctx: &mut Context<Client>,
) {
    if !leaves(state, params) && !ask::begin(state, params, number, None, ctx) {
        again(params, number, ctx);
    }
}

/// Whether a request is a user's, who asks again once it has ended.
pub(super) fn is_users(request: &Request) -> bool {
    request.id & USER != 0
}

/// A request has ended, well or not.
pub(super) fn answered(
    state: &mut ClientState,
    params: &ClientParams,
    request: Request,
    ctx: &mut Context<Client>,
) {
    let number = request.id & ((1 << 40) - 1);
    if is_users(&request) && !leaves(state, params) {
        again(params, number, ctx);
    }
}
