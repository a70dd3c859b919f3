//! Every command: its name, how many words it has (at least so many if negative, its name counted, as in
//! Redis' own table), whether it may write, and what does it.

use super::run::{Answer, Call};
use super::{bitfield, bits, geo, groups, hashes, hyperloglog, keys, lists, sets};
use super::{ranges, sorted, streams, strings};

/// One of them. What does it stands in a table of its own ([`RUN`]), so that whoever only wants to know whether
/// it is one has no need of all that: the page checks what is typed, and runs none of it.
pub(super) struct Command {
    pub name: &'static str,
    pub arity: i32,
    pub writes: bool,
}

/// Its place in the tables.
pub(super) fn find(name: &[u8]) -> Option<usize> {
    ALL.iter().position(|it| name.eq_ignore_ascii_case(it.name.as_bytes()))
}

macro_rules! commands {
    ($( $name:literal $arity:literal $writes:ident $module:ident :: $run:ident; )*) => {
        pub(super) static ALL: &[Command] =
            &[ $( Command { name: $name, arity: $arity, writes: commands!($writes) } ),* ];

        /// What does each.
        pub(super) static RUN: &[fn(&mut Call<'_>) -> Answer] = &[ $( $module::$run ),* ];
    };
    (writes) => { true };
    (reads) => { false };
}

commands! {
    "PING" -1 reads keys::ping;
    "DEL" -2 writes keys::del;
    "UNLINK" -2 writes keys::del;
    "EXISTS" -2 reads keys::exists;
    "EXPIRE" -3 writes keys::expire;
    "PEXPIRE" -3 writes keys::expire;
    "EXPIREAT" -3 writes keys::expire;
    "PEXPIREAT" -3 writes keys::expire;
    "TTL" 2 reads keys::ttl;
    "PTTL" 2 reads keys::ttl;
    "PERSIST" 2 writes keys::persist;
    "TYPE" 2 reads keys::kind;
    "KEYS" 2 reads keys::keys;
    "DBSIZE" 1 reads keys::size;
    "FLUSHALL" -1 writes keys::flush;
    "FLUSHDB" -1 writes keys::flush;
    "OBJECT" -2 reads keys::object;

    "SET" -3 writes strings::set;
    "GET" 2 reads strings::get;
    "SETNX" 3 writes strings::set_new;
    "SETEX" 4 writes strings::set_for;
    "PSETEX" 4 writes strings::set_for;
    "GETSET" 3 writes strings::get_set;
    "GETDEL" 2 writes strings::get_del;
    "MSET" -3 writes strings::set_many;
    "MSETNX" -3 writes strings::set_many;
    "MGET" -2 reads strings::get_many;
    "INCR" 2 writes strings::count;
    "DECR" 2 writes strings::count;
    "INCRBY" 3 writes strings::count;
    "DECRBY" 3 writes strings::count;
    "INCRBYFLOAT" 3 writes strings::add_float;
    "APPEND" 3 writes strings::append;
    "STRLEN" 2 reads strings::length;
    "GETRANGE" 4 reads strings::get_range;
    "SETRANGE" 4 writes strings::set_range;

    "LPUSH" -3 writes lists::push;
    "RPUSH" -3 writes lists::push;
    "LPUSHX" -3 writes lists::push;
    "RPUSHX" -3 writes lists::push;
    "LPOP" -2 writes lists::pop;
    "RPOP" -2 writes lists::pop;
    "LLEN" 2 reads lists::length;
    "LRANGE" 4 reads lists::range;
    "LINDEX" 3 reads lists::index;
    "LTRIM" 4 writes lists::trim;
    "LREM" 4 writes lists::remove;
    "LSET" 4 writes lists::set;
    "LINSERT" 5 writes lists::insert;
    "LMOVE" 5 writes lists::shift;
    "RPOPLPUSH" 3 writes lists::shift;

    "HSET" -4 writes hashes::set;
    "HMSET" -4 writes hashes::set;
    "HSETNX" 4 writes hashes::set_new;
    "HGET" 3 reads hashes::get;
    "HMGET" -3 reads hashes::get_many;
    "HGETALL" 2 reads hashes::all;
    "HKEYS" 2 reads hashes::all;
    "HVALS" 2 reads hashes::all;
    "HDEL" -3 writes hashes::del;
    "HINCRBY" 4 writes hashes::count;
    "HINCRBYFLOAT" 4 writes hashes::add_float;
    "HLEN" 2 reads hashes::length;
    "HEXISTS" 3 reads hashes::exists;
    "HSTRLEN" 3 reads hashes::width;

    "SADD" -3 writes sets::add;
    "SREM" -3 writes sets::remove;
    "SMOVE" 4 writes sets::shift;
    "SISMEMBER" 3 reads sets::has;
    "SMISMEMBER" -3 reads sets::has;
    "SMEMBERS" 2 reads sets::members;
    "SCARD" 2 reads sets::length;
    "SINTER" -2 reads sets::combine;
    "SUNION" -2 reads sets::combine;
    "SDIFF" -2 reads sets::combine;
    "SINTERSTORE" -3 writes sets::combine;
    "SUNIONSTORE" -3 writes sets::combine;
    "SDIFFSTORE" -3 writes sets::combine;
    "SPOP" -2 writes sets::pop;
    "SRANDMEMBER" -2 reads sets::some;

    "ZADD" -4 writes sorted::add;
    "ZINCRBY" 4 writes sorted::add;
    "ZREM" -3 writes sorted::remove;
    "ZSCORE" 3 reads sorted::score;
    "ZMSCORE" -3 reads sorted::scores;
    "ZRANK" 3 reads sorted::rank;
    "ZREVRANK" 3 reads sorted::rank;
    "ZCARD" 2 reads sorted::length;
    "ZPOPMIN" -2 writes sorted::pop;
    "ZPOPMAX" -2 writes sorted::pop;
    "ZCOUNT" 4 reads ranges::count;
    "ZRANGE" -4 reads ranges::range;
    "ZREVRANGE" -4 reads ranges::range;
    "ZRANGEBYSCORE" -4 reads ranges::range;
    "ZREVRANGEBYSCORE" -4 reads ranges::range;
    "ZREMRANGEBYRANK" 4 writes ranges::remove;
    "ZREMRANGEBYSCORE" 4 writes ranges::remove;

    "SETBIT" 4 writes bits::set;
    "GETBIT" 3 reads bits::get;
    "BITCOUNT" -2 reads bits::count;
    "BITPOS" -3 reads bits::find;
    "BITOP" -4 writes bits::combine;
    "BITFIELD" -2 writes bitfield::run;

    "PFADD" -2 writes hyperloglog::add;
    "PFCOUNT" -2 reads hyperloglog::count;
    "PFMERGE" -2 writes hyperloglog::merge;

    "XADD" -5 writes streams::add;
    "XTRIM" -4 writes streams::trim;
    "XDEL" -3 writes streams::del;
    "XLEN" 2 reads streams::length;
    "XRANGE" -4 reads streams::range;
    "XREVRANGE" -4 reads streams::range;
    "XREAD" -4 reads groups::read;
    "XREADGROUP" -7 writes groups::read;
    "XGROUP" -2 writes groups::manage;
    "XACK" -4 writes groups::acknowledge;
    "XPENDING" -3 reads groups::pending;

    "GEOADD" -5 writes geo::add;
    "GEODIST" -4 reads geo::distance;
    "GEOPOS" -2 reads geo::positions;
    "GEOHASH" -2 reads geo::hashes;
    "GEOSEARCH" -7 reads geo::search;
}
