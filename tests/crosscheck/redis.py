#!/usr/bin/env python3
"""Sends random commands to a redis-server and to `ringside redis`, and compares what they answer.

    apt-get install redis-server          # 7.0: what the thresholds and words are from
    python3 tests/crosscheck/redis.py [--ours "target/release/ringside redis"] [--rounds 20] [--seed 1]

Starts a server of its own on a free port, and ends it. Where Redis leaves something open, or has changed it since,
the comparison allows for that: the order of sets, of hash tables and of KEYS, what SPOP and SRANDMEMBER choose,
scores with %.17g, and ids and expiries that come from the clock. Prints every difference; 1 if there is one.
"""
import argparse, random, shlex, socket, subprocess, sys, time

KEYS = ["a", "b", "c", "d"]


class Server:
    def __init__(self):
        with socket.socket() as it:
            it.bind(("127.0.0.1", 0))
            port = it.getsockname()[1]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                self.socket = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                time.sleep(0.05)
        self.file = self.socket.makefile("rb")

    def ask(self, words):
        out = b"*%d\r\n" % len(words)
        for word in words:
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(out)
        return self.read()

    def read(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return ("status", rest.decode())
        if kind == b"-":
            return ("error", rest.decode("latin-1"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        return None if rest == b"-1" else [self.read() for _ in range(int(rest))]


def quote(data):
    out = '"'
    for byte in data:
        named = {34: '\\"', 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b"}
        out += named.get(byte) or (chr(byte) if 32 <= byte < 127 else "\\x%02x" % byte)
    return out + '"'


def printed(it, indent=0):
    """As redis-cli prints it."""
    if it is None:
        return "(nil)"
    if isinstance(it, int):
        return f"(integer) {it}"
    if isinstance(it, bytes):
        return quote(it)
    if isinstance(it, tuple):
        return it[1] if it[0] == "status" else f"(error) {it[1]}"
    if not it:
        return "(empty array)"
    width = len(str(len(it)))
    lines = []
    for at, one in enumerate(it):
        lead = " " * indent if at else ""
        lines.append(f"{lead}{at + 1:>{width}}) " + printed(one, indent + width + 2))
    return "\n".join(lines)


def numbers(text):
    """With numbers in quotes as short as they read back, and lists in any order of their lines."""
    out = []
    for line in text.split("\n"):
        lead, quoted, rest = line.partition('"')
        try:
            out.append(f"{lead}{float(rest[:-1])!r}" if quoted else line)
        except ValueError:
            out.append(line)
    return "\n".join(out)


def sorted_lines(text):
    return sorted(line.split(") ", 1)[-1].strip() for line in text.split("\n"))


SCORE = ["1", "2", "2.5", "-3", "0.1", "1e3", "inf", "-inf", "nan", "x", "7", "1.1"]
WHOLE = ["0", "1", "2", "3", "-1", "-2", "5", "-7", "100", "x", "9223372036854775807", "-9223372036854775808", "1.5"]
RANGE = ["0", "1", "2", "-1", "-2", "-3", "3", "9", "-9"]
BOUND = ["-inf", "+inf", "1", "(1", "2", "(2.5", "7", "x", "(x"]
ID = ["1-1", "2-0", "2-2", "3", "5-5", "0-0", "x", "7-*", "9-9", "12-1"]


def command(r):
    key, other, third = (r.choice(KEYS) for _ in range(3))
    item = lambda: r.choice(["x", "y", "z", "1", "22", "-5", "hello", "", "3.5", "a b"])
    items = lambda: [item() for _ in range(r.randint(1, 3))]
    n, m = r.choice(WHOLE), r.choice(WHOLE)
    i, j = r.choice(RANGE), r.choice(RANGE)
    s = r.choice(SCORE)
    flags = lambda *them: [it for it in them if r.random() < 0.25]
    kind = r.choice(KINDS)
    if kind == "string":
        return r.choice([
            ["SET", key, item()] + flags("NX", "XX", "GET", "KEEPTTL"), ["SET", key, n], ["GET", key],
            ["SET", key, item(), r.choice(["EX", "PX"]), r.choice(["0", "x", "1000000"])] + flags("NX", "KEEPTTL"),
            ["SETNX", key, item()], ["GETDEL", key], ["GETSET", key, item()], ["MSET", key, item(), other, n],
            ["MSET", key, item(), other], ["MSETNX", key, item(), other, item()], ["MGET", key, other, third],
            ["INCR", key], ["DECR", key], ["INCRBY", key, n], ["DECRBY", key, n], ["APPEND", key, item()],
            ["INCRBYFLOAT", key, r.choice(["1.5", "0.1", "-2", "x", "1000.1", "3.25", "0.7"])],
            ["STRLEN", key], ["GETRANGE", key, i, j], ["SETRANGE", key, r.choice(["0", "2", "7", "-1"]), item()],
            ["SETEX", key, r.choice(["100000", "0", "x"]), item()]])
    if kind == "key":
        return r.choice([
            ["DEL", key, other], ["EXISTS", key, other, key], ["TYPE", key], ["PERSIST", key], ["DBSIZE"],
            ["KEYS", r.choice(["*", "[a-b]", "?", "[^a]", "a*"])], ["OBJECT", "ENCODING", key], ["TTL", key],
            ["EXPIRE", key, r.choice([str(r.randint(10 ** 5, 10 ** 8)), "-1", "x"])] + flags("NX", "XX", "GT", "LT"),
            ["NOTHING", "of", "the sort"], ["GET"], ["OBJECT", "what"]])
    if kind == "list":
        return r.choice([
            [r.choice(["LPUSH", "RPUSH"]), key] + items(), ["LPUSHX", key, item()], ["RPUSHX", key, item()],
            [r.choice(["LPOP", "RPOP"]), key], [r.choice(["LPOP", "RPOP"]), key, r.choice(["0", "1", "2", "-1", "x"])],
            ["LLEN", key], ["LRANGE", key, i, j], ["LINDEX", key, i], ["LTRIM", key, i, j], ["LREM", key, i, item()],
            ["LSET", key, i, item()], ["LINSERT", key, r.choice(["BEFORE", "AFTER", "x"]), item(), item()],
            ["LMOVE", key, other, r.choice(["LEFT", "RIGHT"]), r.choice(["LEFT", "RIGHT", "UP"])], ["RPOPLPUSH", key, other]])
    if kind == "hash":
        return r.choice([
            ["HSET", key, item(), item()], ["HSET", key, item(), item(), item()], ["HSET", key] + items() * 2,
            ["HGET", key, item()], ["HMGET", key] + items(), ["HGETALL", key], ["HDEL", key] + items(),
            ["HINCRBY", key, item(), n], ["HLEN", key], ["HEXISTS", key, item()], ["HKEYS", key], ["HVALS", key],
            ["HSETNX", key, item(), item()], ["HSTRLEN", key, item()],
            ["HINCRBYFLOAT", key, item(), r.choice(["0.5", "x", "1.1"])]])
    if kind == "set":
        return r.choice([
            ["SADD", key] + items(), ["SADD", key, str(r.randint(0, 9))], ["SREM", key] + items(), ["SISMEMBER", key, item()],
            ["SMEMBERS", key], ["SCARD", key], ["SMISMEMBER", key] + items(), ["SMOVE", key, other, item()],
            [r.choice(["SINTER", "SUNION", "SDIFF"]), key, other, third],
            [r.choice(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]), key, other, third]])
    if kind == "zset":
        return r.choice([
            ["ZADD", key] + flags("NX", "XX", "GT", "LT", "CH", "INCR") + [s, item()],
            ["ZADD", key, s, item(), r.choice(SCORE), item()], ["ZADD", key, "1", item(), "2", item(), "2", item()],
            ["ZINCRBY", key, s, item()], ["ZSCORE", key, item()], ["ZMSCORE", key] + items(), ["ZRANK", key, item()],
            ["ZREVRANK", key, item()], ["ZCARD", key], ["ZREM", key] + items(),
            [r.choice(["ZRANGE", "ZREVRANGE"]), key, i, j] + flags("WITHSCORES"),
            ["ZRANGE", key, r.choice(BOUND), r.choice(BOUND), "BYSCORE"] + flags("REV", "WITHSCORES"),
            ["ZRANGE", key, r.choice(["-", "[a", "(x", "x"]), r.choice(["+", "[y", "(z"]), "BYLEX"],
            [r.choice(["ZRANGEBYSCORE", "ZREVRANGEBYSCORE"]), key, r.choice(BOUND), r.choice(BOUND)]
            + flags("WITHSCORES") + (["LIMIT", i, j] if r.random() < 0.3 else []),
            ["ZCOUNT", key, r.choice(BOUND), r.choice(BOUND)], [r.choice(["ZPOPMIN", "ZPOPMAX"]), key],
            [r.choice(["ZPOPMIN", "ZPOPMAX"]), key, r.choice(["0", "1", "2", "-1"])],
            ["ZREMRANGEBYRANK", key, i, j], ["ZREMRANGEBYSCORE", key, r.choice(BOUND), r.choice(BOUND)]])
    if kind == "bits":
        bit = lambda: r.choice(["0", "1", "7", "9", "23", "-1", "x", "40"])
        width = lambda: r.choice(["u8", "i5", "u1", "i64", "u63", "i16", "u64", "x3", "u2"])
        steps = [x for _ in range(r.randint(1, 3)) for x in r.choice([
            ["GET", width(), r.choice(["0", "3", "#1", "#2", "-1"])], ["SET", width(), r.choice(["0", "5", "#1"]), r.choice(WHOLE)],
            ["INCRBY", width(), r.choice(["0", "1", "#1"]), r.choice(WHOLE)],
            ["OVERFLOW", r.choice(["WRAP", "SAT", "FAIL", "NO"])]])]
        return r.choice([
            ["SETBIT", key, bit(), r.choice(["0", "1", "1", "2"])], ["GETBIT", key, bit()], ["BITCOUNT", key],
            ["BITCOUNT", key, i, j] + r.choice([[], ["BIT"], ["BYTE"], ["x"]]), ["BITPOS", key, r.choice(["0", "1", "2"])],
            ["BITPOS", key, r.choice(["0", "1"]), i], ["BITPOS", key, r.choice(["0", "1"]), i, j] + r.choice([[], ["BIT"], ["BYTE"]]),
            ["BITOP", r.choice(["AND", "OR", "XOR", "NOT", "x"]), key, other, third],
            ["BITOP", "NOT", key, other], ["BITFIELD", key] + steps])
    if kind == "hll":
        return r.choice([
            ["PFADD", "h" + key] + [str(r.randint(0, 10 ** r.randint(1, 5))) for _ in range(r.randint(0, 60))],
            ["PFCOUNT", "h" + key], ["PFCOUNT", "h" + key, "h" + other], ["PFMERGE", "h" + key, "h" + other, "h" + third],
            # On keys of their own: Redis keeps an estimate in the value, which GET shows, and here none is kept.
            ["PFCOUNT", key], ["TYPE", "h" + key]])
    if kind == "stream":
        return r.choice([
            ["XADD", key, r.choice(ID), "f", item()], ["XADD", key, "MAXLEN", r.choice(["3", "=", "x", "-1"]), r.choice(ID), "f", "v"],
            ["XADD", key, r.choice(ID), "f"], ["XADD", key, str(r.randint(1, 60)) + "-1", "f", "v", "g", item()], ["XLEN", key],
            ["XRANGE", key, r.choice(["-", "2", "(2-2", "x"]), r.choice(["+", "5", "(5-5"])] + r.choice([[], ["COUNT", "2"]]),
            ["XREVRANGE", key, "+", "-", "COUNT", r.choice(["1", "3"])], ["XREAD", "COUNT", "2", "STREAMS", key, other, "0", "2-2"],
            ["XREAD", "STREAMS", key, r.choice(["$", "1", ">", "x"])], ["XDEL", key, r.choice(ID)], ["XTRIM", key, "MAXLEN", "4"],
            ["XGROUP", "CREATE", key, r.choice(["g", "k"]), r.choice(["0", "$", "2-2", "x"])] + flags("MKSTREAM"),
            ["XGROUP", "DESTROY", key, "k"], ["XGROUP", "SETID", key, "g", "0"], ["XGROUP", "DELCONSUMER", key, "g", "bob"],
            ["XREADGROUP", "GROUP", r.choice(["g", "g", "k"]), r.choice(["al", "bob"]), "COUNT", "2", "STREAMS", key, r.choice([">", ">", "0", "$"])],
            ["XACK", key, "g", r.choice(ID), r.choice(ID)], ["XPENDING", key, "g"]])
    # Apart from other sorted sets: Redis turns scores that no place has into whatever the processor does.
    key = "g" + key
    at = lambda: [f"{r.uniform(-20, 40):.4f}", f"{r.uniform(-60, 70):.4f}"]
    unit = r.choice(["m", "km", "mi", "ft", "x"])
    return r.choice([
        ["GEOADD", key] + flags("NX", "XX", "CH") + at() + [item()], ["GEOADD", key] + at() + [item()] + at() + [item()],
        ["GEOADD", key, "200", "1", item()], ["GEODIST", key, item(), item()] + r.choice([[], [unit]]), ["GEOPOS", key] + items(),
        ["GEOHASH", key] + items(), ["GEOSEARCH", key, "FROMLONLAT"] + at() + ["BYRADIUS", r.choice(["100", "3000", "x", "-1"]), "km", "ASC"]
        + flags("WITHDIST", "WITHCOORD", "WITHHASH"), ["GEOSEARCH", key, "FROMMEMBER", item(), "BYRADIUS", "4000", unit, "DESC"],
        ["GEOSEARCH", key, "FROMLONLAT"] + at() + ["BYBOX", "4000", "3000", "km", "ASC", "WITHDIST"]])


KINDS = ["string", "key", "list", "hash", "set", "zset", "bits", "hll", "stream", "geo"]
UNORDERED = {"SMEMBERS", "SINTER", "SUNION", "SDIFF", "KEYS", "HGETALL", "HKEYS", "HVALS"}


def same(words, theirs, ours):
    name = words[0].upper()
    if theirs == ours or numbers(theirs) == numbers(ours):
        return True
    if name in UNORDERED:
        return sorted_lines(theirs) == sorted_lines(ours)
    # By members, if scores differ: "the elements returned are unspecified".
    if "BYLEX" in words:
        return theirs[:7] != "(error)" and ours[:7] != "(error)"
    if name in {"TTL", "PTTL"} and theirs[:9] == ours[:9] == "(integer)":
        return abs(int(theirs[10:]) - int(ours[10:])) < 60_000
    # INCRBYFLOAT leaves a whole number as embstr, and SET the same as int: here both are int.
    return name == "OBJECT" and {theirs, ours} == {'"int"', '"embstr"'}


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("--ours", default="target/release/ringside redis")
    parse.add_argument("--rounds", type=int, default=20)
    parse.add_argument("--length", type=int, default=2000)
    parse.add_argument("--seed", type=int, default=1)
    args = parse.parse_args()
    server, wrong, total, errors = Server(), 0, 0, 0
    try:
        for round_ in range(args.rounds):
            r = random.Random(args.seed * 1000 + round_)
            global KINDS
            everything = ["string", "key", "list", "hash", "set", "zset", "bits", "hll", "stream", "geo"]
            # Mostly one type, so that values grow; now and then all, so that types meet.
            KINDS = everything if round_ % 4 == 0 else [everything[round_ % 10], everything[round_ % 10], "key"]
            lines = [["FLUSHALL"]] + [command(r) for _ in range(args.length)]
            theirs = [printed(server.ask([word.encode() for word in words])) for words in lines]
            text = "\n".join(" ".join(quote(word.encode()) for word in words) for words in lines) + "\n"
            run = subprocess.run(shlex.split(args.ours), input=text, capture_output=True, text=True, check=True)
            ours = run.stdout.split("\n\n")[:-1]
            for at, (words, one, other) in enumerate(zip(lines, theirs, ours)):
                total += 1
                errors += one.startswith("(error)")
                if not same(words, one.rstrip(), other.rstrip()):
                    wrong += 1
                    if wrong <= 40:
                        print(f"round {round_}, {at}: {shlex.join(words)}\n  redis: {one}\n  ours:  {other}")
                    break
            else:
                assert len(theirs) == len(ours), (len(theirs), len(ours))
    finally:
        server.process.terminate()
    print(f"{total} commands compared ({errors} refused by both or one), {wrong} rounds that differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
