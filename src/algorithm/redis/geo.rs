//! Geospatial members: a sorted set whose scores are interleaved coordinates of 52 bits (geo.c, geohash.c,
//! geohash_helper.c; Web Mercator's limits of latitude, a sphere of Redis' radius).

use std::f64::consts::PI;

use super::run::{Answer, Call, SYNTAX};
use super::sorted::{self, Way};
use super::{Bytes, Reply, Sorted, number};

const LONGITUDE: (f64, f64) = (-180.0, 180.0);
const LATITUDE: (f64, f64) = (-85.05112878, 85.05112878);
/// Steps of each coordinate: 26 bits.
const STEPS: f64 = 67_108_864.0;
/// Of the Earth, in m.
const RADIUS: f64 = 6_372_797.560_856;

/// Spreads 32 bits over the even ones of 64.
fn spread(bits: u32) -> u64 {
    let mut x = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        x = (x | x << shift) & mask;
    }
    x
}

fn squeeze(bits: u64) -> u32 {
    (0..32).fold(0, |sum, it| sum | ((bits >> (2 * it) & 1) as u32) << it)
}

fn cell(at: f64, within: (f64, f64)) -> u32 {
    ((at - within.0) / (within.1 - within.0) * STEPS) as u32
}

/// The score of a place, latitude in the even bits.
fn encoded(longitude: f64, latitude: f64, latitudes: (f64, f64)) -> u64 {
    spread(cell(latitude, latitudes)) | spread(cell(longitude, LONGITUDE)) << 1
}

fn middle(cell: u32, within: (f64, f64)) -> f64 {
    let span = within.1 - within.0;
    let low = within.0 + f64::from(cell) / STEPS * span;
    let high = within.0 + (f64::from(cell) + 1.0) / STEPS * span;
    ((low + high) / 2.0).clamp(within.0, within.1)
}

/// Longitude and latitude of a score, in degrees: the middle of its cell.
pub fn position(score: f64) -> (f64, f64) {
    let bits = score as u64;
    (middle(squeeze(bits >> 1), LONGITUDE), middle(squeeze(bits), LATITUDE))
}

/// The distance of two places by the haversine formula, in m.
fn apart(one: (f64, f64), other: (f64, f64)) -> f64 {
    let radians = |it: f64| it * (PI / 180.0);
    let (lat1, lat2) = (radians(one.1), radians(other.1));
    let u = libm::sin((lat2 - lat1) / 2.0);
    let v = libm::sin((radians(other.0) - radians(one.0)) / 2.0);
    if v == 0.0 {
        return RADIUS * libm::fabs(lat2 - lat1);
    }
    let a = u * u + libm::cos(lat1) * libm::cos(lat2) * v * v;
    2.0 * RADIUS * libm::asin(a.sqrt())
}

fn unit(call: &Call<'_>, index: usize) -> Result<f64, String> {
    let units = [("m", 1.0), ("km", 1_000.0), ("ft", 0.3048), ("mi", 1_609.34)];
    let found = units.into_iter().find(|it| call.is(index, it.0));
    found
        .map(|it| it.1)
        .ok_or_else(|| "ERR unsupported unit provided. please use M, KM, FT, MI".into())
}

/// Longitude and latitude at two words.
fn place(call: &Call<'_>, index: usize) -> Result<(f64, f64), String> {
    let (longitude, latitude) = (call.float(index)?, call.float(index + 1)?);
    let within = |it: f64, limits: (f64, f64)| (limits.0..=limits.1).contains(&it);
    if within(longitude, LONGITUDE) && within(latitude, LATITUDE) {
        return Ok((longitude, latitude));
    }
    Err(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}"))
}

/// GEOADD key \[NX | XX\] \[CH\] longitude latitude member ...
pub(super) fn add(call: &mut Call<'_>) -> Answer {
    let (mut way, mut index) = (Way::default(), 2);
    loop {
        let options = [("nx", &mut way.new), ("xx", &mut way.old), ("ch", &mut way.changed)];
        match options.into_iter().find(|it| call.is(index, it.0)) {
            Some((_, option)) => *option = true,
            None => break,
        }
        index += 1;
    }
    let count = call.words.len() - index;
    if !count.is_multiple_of(3) || count == 0 || way.new && way.old {
        return Err(SYNTAX.into());
    }
    let mut scores = Vec::new();
    for at in (index..call.words.len()).step_by(3) {
        let (longitude, latitude) = place(call, at)?;
        let score = encoded(longitude, latitude, LATITUDE) as f64;
        scores.push((score, call.word(at + 2).clone()));
    }
    sorted::put(call, way, &scores)
}

fn fixed(distance: f64) -> Reply {
    Reply::bulk(format!("{distance:.4}"))
}

/// GEODIST key member member, unit
pub(super) fn distance(call: &mut Call<'_>) -> Answer {
    let by = match call.words.len() {
        4 => 1.0,
        5 => unit(call, 4)?,
        _ => return Err(SYNTAX.into()),
    };
    let set = call.get::<Sorted>(call.word(1))?;
    let at = |index: usize| set.and_then(|it| it.score(call.word(index))).map(position);
    Ok(match (at(2), at(3)) {
        (Some(one), Some(other)) => fixed(apart(one, other) / by),
        _ => Reply::Nil,
    })
}

fn coordinates((longitude, latitude): (f64, f64)) -> Reply {
    let printed = |it: f64| Reply::bulk(number::fixed(it));
    Reply::List(vec![printed(longitude), printed(latitude)])
}

pub(super) fn positions(call: &mut Call<'_>) -> Answer {
    let set = call.get::<Sorted>(call.word(1))?;
    let one = |it: &Bytes| set.and_then(|set| set.score(it)).map(position);
    let all = call.words[2..].iter().map(|it| one(it).map_or(Reply::Nil, coordinates));
    Ok(Reply::List(all.collect()))
}

/// The area that others know it by: 11 letters of base 32, of all latitudes.
pub fn area(score: f64) -> String {
    let (longitude, latitude) = position(score);
    let bits = encoded(longitude, latitude, (-90.0, 90.0));
    let letters = b"0123456789bcdefghjkmnpqrstuvwxyz";
    // The last letter has only 2 of its 5 bits, and Redis writes 0.
    let letter = |it: u32| if it == 10 { 0 } else { (bits >> (52 - (it + 1) * 5) & 31) as usize };
    (0..11).map(|it| char::from(letters[letter(it)])).collect()
}

pub(super) fn hashes(call: &mut Call<'_>) -> Answer {
    let set = call.get::<Sorted>(call.word(1))?;
    let one = |it: &Bytes| set.and_then(|set| set.score(it));
    let all =
        call.words[2..].iter().map(|it| one(it).map_or(Reply::Nil, |it| Reply::bulk(area(it))));
    Ok(Reply::List(all.collect()))
}

/// What a search looks within, in m.
#[derive(Clone, Copy)]
enum Shape {
    Circle(f64),
    Box(f64, f64),
}

/// GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX width height
/// unit \[ASC | DESC\] \[COUNT n \[ANY\]\] \[WITHCOORD\] \[WITHDIST\] \[WITHHASH\]
pub(super) fn search(call: &mut Call<'_>) -> Answer {
    let len = call.words.len();
    let set = call.get::<Sorted>(call.word(1))?;
    let (mut from, mut shape, mut order, mut most) = (None, None, None, None);
    let (mut coordinate, mut distance, mut hash, mut any) = (false, false, false, false);
    let mut index = 2;
    while index < len {
        let left = len - index - 1;
        let mut taken = 0;
        if call.is(index, "withcoord") {
            coordinate = true;
        } else if call.is(index, "withdist") {
            distance = true;
        } else if call.is(index, "withhash") {
            hash = true;
        } else if call.is(index, "any") {
            any = true;
        } else if call.is(index, "asc") || call.is(index, "desc") {
            order = Some(call.is(index, "asc"));
        } else if call.is(index, "count") && left >= 1 {
            let count = call.integer(index + 1)?;
            if count <= 0 {
                return Err("ERR COUNT must be > 0".into());
            }
            most = Some(count as usize);
            taken = 1;
        } else if call.is(index, "fromlonlat") && left >= 2 && from.is_none() {
            from = Some(place(call, index + 1)?);
            taken = 2;
        } else if call.is(index, "frommember") && left >= 1 && from.is_none() {
            let score = match set {
                None => Some(0.0),
                Some(set) => set.score(call.word(index + 1)),
            };
            from = Some(position(score.ok_or("ERR could not decode requested zset member")?));
            taken = 1;
        } else if call.is(index, "byradius") && left >= 2 && shape.is_none() {
            let radius = number::float(call.word(index + 1)).ok_or("ERR need numeric radius")?;
            if radius < 0.0 {
                return Err("ERR radius cannot be negative".into());
            }
            shape = Some(Shape::Circle(radius * unit(call, index + 2)?));
            taken = 2;
        } else if call.is(index, "bybox") && left >= 3 && shape.is_none() {
            let width = number::float(call.word(index + 1)).ok_or("ERR need numeric width")?;
            let height = number::float(call.word(index + 2)).ok_or("ERR need numeric height")?;
            if width < 0.0 || height < 0.0 {
                return Err("ERR height or width cannot be negative".into());
            }
            let by = unit(call, index + 3)?;
            shape = Some(Shape::Box(width * by, height * by));
            taken = 3;
        } else {
            return Err(SYNTAX.into());
        }
        index += 1 + taken;
    }
    let exactly = |what: &str| format!("ERR exactly one of {what} can be specified for geosearch");
    let from = from.ok_or_else(|| exactly("FROMMEMBER or FROMLONLAT"))?;
    let shape = shape.ok_or_else(|| exactly("BYRADIUS and BYBOX"))?;
    if any && most.is_none() {
        return Err("ERR the ANY argument requires COUNT argument".into());
    }
    let by = unit(call, unit_of(call))?;
    let within = |at: (f64, f64)| match shape {
        Shape::Circle(radius) => apart(from, at) <= radius,
        Shape::Box(width, height) => {
            apart(from, (from.0, at.1)) <= height / 2.0 && apart((from.0, at.1), at) <= width / 2.0
        }
    };
    let all = set.map_or(&[][..], Sorted::ranked).iter().map(|it| (position(it.0), it));
    let mut found: Vec<_> = all.filter(|it| within(it.0)).collect();
    // With COUNT and no order, the nearest are wanted.
    if let Some(up) = order.or(most.filter(|_| !any).map(|_| true)) {
        found.sort_by(|a, b| {
            let order = apart(from, a.0).total_cmp(&apart(from, b.0));
            if up { order } else { order.reverse() }
        });
    }
    found.truncate(most.unwrap_or(usize::MAX));
    let one = |(at, (score, member)): ((f64, f64), &(f64, Bytes))| {
        let member = Reply::Bulk(member.clone());
        if !(coordinate || distance || hash) {
            return member;
        }
        let mut parts = vec![member];
        parts.extend(distance.then(|| fixed(apart(from, at) / by)));
        parts.extend(hash.then_some(Reply::Integer(*score as i64)));
        parts.extend(coordinate.then(|| coordinates(at)));
        Reply::List(parts)
    };
    Ok(Reply::List(found.into_iter().map(one).collect()))
}

/// Where the unit of a search stands.
fn unit_of(call: &Call<'_>) -> usize {
    let at = |name: &str| (2..call.words.len()).find(|it| call.is(*it, name));
    at("byradius").map(|it| it + 2).or_else(|| at("bybox").map(|it| it + 3)).unwrap_or(0)
}
