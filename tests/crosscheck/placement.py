"""Compares `ringside place` with code by others: ketama with uhashring (pip install uhashring==2.5), Redis
slots with Python's own CRC-16 (binascii.crc_hqx), hash functions with hashlib.

Every key must go to the same node.
"""

import argparse
import binascii
import hashlib
import pathlib
import random
import subprocess
import sys

from uhashring import HashRing

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEYS = 20_000


def place(ringside, arguments, keys):
    command = [ringside, "place", *arguments]
    lines = subprocess.run(command, input="".join(f"{key}\n" for key in keys), text=True, check=True, capture_output=True)
    pairs = [line.rsplit("\t", 1) for line in lines.stdout.splitlines()]
    assert [pair[0] for pair in pairs] == keys, "every key is printed, in order"
    return [pair[1] for pair in pairs]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--ringside", default=ROOT / "target/release/ringside")
    ringside = options.parse_args().ringside
    draws = random.Random(20261124)
    keys = [f"user:{draws.randrange(10**9)}" for _ in range(KEYS // 2)]
    keys += [f"{draws.randbytes(8).hex()}/ü {at}" for at in range(KEYS // 2)]
    bad = 0

    def check(name, us, them):
        nonlocal bad
        same = sum(one == other for one, other in zip(us, them))
        bad += same != len(them)
        print(f"{name:<50}{same:>8} of {len(them)} the same")

    for nodes, weights in [
        (["a", "b", "c"], None),
        ([f"10.0.0.{at}:11211" for at in range(1, 9)], None),
        (["one", "two", "three", "four"], [1, 2, 3, 4]),
        ([f"server-{at}" for at in range(40)], [at % 5 + 1 for at in range(40)]),
    ]:
        conf = dict(zip(nodes, weights)) if weights else nodes
        ring = HashRing(nodes=conf, hash_fn="ketama")
        arguments = ["--scheme", "ketama", "--nodes", ",".join(nodes)]
        if weights:
            arguments += ["--weights", ",".join(map(str, weights))]
        label = f"ketama, {len(nodes)} nodes" + (", weighted" if weights else "")
        check(label, place(ringside, arguments, keys), [ring.get_node(key) for key in keys])

    def slot(key):
        key = key.encode()
        start = key.find(b"{")
        end = key.find(b"}", start + 1)
        if start >= 0 and end > start + 1:
            key = key[start + 1 : end]
        return str(binascii.crc_hqx(key, 0) % 16_384)

    tagged = keys[:1_000] + ["{user1000}.following", "foo{}{bar}", "foo{{bar}}zap", "foo{bar}{zap}", "{}", "{x", "}x{y}"]
    us = place(ringside, ["--scheme", "redis-slots", "--slots"], tagged)
    check("Redis slots", us, [slot(key) for key in tagged])

    # Modulo with as many nodes as shows the lowest bits of a hash.
    nodes = [f"n{at}" for at in range(1_000)]
    for name, function in [
        ("md5", lambda key: int.from_bytes(hashlib.md5(key).digest()[:8], "big")),
        ("crc16", lambda key: binascii.crc_hqx(key, 0)),
    ]:
        us = place(ringside, ["--scheme", "modulo", "--hash", name, "--nodes", ",".join(nodes)], keys)
        check(f"modulo by {name}", us, [f"n{function(key.encode()) % 1_000}" for key in keys])

    print("all as they should be" if bad == 0 else f"{bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
