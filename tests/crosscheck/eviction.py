"""Compares `ringside cache` with libCacheSim (pip install libcachesim==0.3.5).

FIFO, LRU, CLOCK, SIEVE, Belady and W-TinyLFU must agree on every single request: hit or miss. LFU, SLRU, 2Q,
ARC, S3-FIFO and LIRS must be within 0.5 percentage points. GDSF and random are printed for information.

Known differences:
- LIRS: a hit on a resident entry that is only in the queue makes libCacheSim demote an entry of the
  LIR set; the paper does not, and neither do we.
- W-TinyLFU: counts are a sketch, so its hits depend on how keys are hashed, most of all on a loop, whose keys
  are all alike. Keys that are whole numbers are hashed as in libCacheSim; others by the order in which they come.
  Below 100 entries libCacheSim's window has no room, and nothing comes in; ours has one entry.
"""

import argparse
import pathlib
import random
import subprocess
import sys

import libcachesim

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAME = {
    "fifo": "FIFO",
    "lru": "LRU",
    "clock": "Clock",
    "sieve": "Sieve",
    "belady": "Belady",
    "w-tinylfu": "WTinyLFU",
}
NEAR = {
    "lfu": "LFU",
    "slru": "SLRU",
    "two-q": "TwoQ",
    "arc": "ARC",
    "s3-fifo": "S3FIFO",
    "lirs": "LIRS",
}
TOLD = {"gdsf": "GDSF", "random": "Random"}
POLICIES = {**SAME, **NEAR, **TOLD}
NEVER = 2**63 - 1
TOLERANCE = 0.5


def zipf(draws, count, keys, exponent, first=0):
    weights = [1 / (rank + 1) ** exponent for rank in range(keys)]
    return [first + key for key in draws.choices(range(keys), weights, k=count)]


def traces(count):
    """Zipf, looping, scanning and mixed; keys are numbers."""
    draws = random.Random(20261124)
    yield "zipf 1.0", zipf(draws, count, count // 10, 1.0)
    yield "zipf 0.7", zipf(draws, count, count // 10, 0.7)
    yield "loop", [at % 3_000 for at in range(count)]
    # Its counts begin in a cache that others have filled a little.
    yield "loop, late", [10**9 + at if at < 185 else at % 1_200 for at in range(count)]
    scanned = zipf(draws, count, count // 20, 0.9)
    for start in range(5_000, count, 20_000):
        length = min(4_000, count - start)
        scanned[start : start + length] = range(10**9 + start, 10**9 + start + length)
    yield "scan", scanned
    quarter = count // 4
    mixed = zipf(draws, quarter, count // 20, 0.9)
    mixed += [10**9 + at % 2_400 for at in range(quarter)]
    mixed += [2 * 10**9 + draws.randrange(5_000) for _ in range(quarter)]
    mixed += zipf(draws, count - len(mixed), count // 20, 0.9, first=count // 100)
    yield "mixed", mixed


def read(path):
    """A trace with one key a line."""
    with open(path, "rb") as lines:
        return [line.rstrip(b"\r\n") for line in lines if line.rstrip(b"\r\n")]


def numbered(keys):
    """Keys as the numbers they are, or else in the order of their first appearance; from 1 on."""
    ids = {}
    texts = [key if isinstance(key, bytes) else str(key).encode() for key in keys]
    if all(it.isdigit() and it[:1] != b"0" and int(it) < 2**63 for it in texts):
        return [int(it) for it in texts]
    return [ids.setdefault(key, len(ids) + 1) for key in keys]


def next_uses(ids):
    later, uses = {}, [NEVER] * len(ids)
    for at in range(len(ids) - 1, -1, -1):
        uses[at] = later.get(ids[at], NEVER)
        later[ids[at]] = at
    return uses


def theirs(policy, capacity, ids, uses):
    """1 for each request that hit, 0 for each that missed."""
    cache = getattr(libcachesim, POLICIES[policy])(capacity)
    request = libcachesim.Request(obj_size=1, obj_id=1, valid=True)
    found = bytearray()
    for key, use in zip(ids, uses):
        request.obj_id = key
        request.next_access_vtime = use
        found.append(bool(cache.get(request)))
    return bytes(found)


def ours(ringside, policy, capacity, file):
    """The same, by `ringside cache`."""
    command = [ringside, "cache", "--policy", policy, "--capacity", str(capacity), "--requests", file]
    return bytes(it - ord("0") for it in subprocess.check_output(command).rstrip(b"\n"))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--ringside", default=ROOT / "target/release/ringside")
    options.add_argument("--requests", type=int, default=200_000, help="requests of each made trace")
    options.add_argument("--capacity", type=int, nargs="*", default=[200, 1_000, 2_500])
    options.add_argument("--policy", nargs="*", default=list(POLICIES), choices=list(POLICIES))
    options.add_argument("--trace", nargs="*", help="files with one key a line, instead of made ones")
    options = options.parse_args()
    folder = ROOT / "target/crosscheck-traces"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [(path, read(path)) for path in options.trace] if options.trace else traces(options.requests)
    bad = 0
    print(f"{'trace':<12}{'capacity':>9}  {'policy':<10}{'libCacheSim':>12}{'ringside':>10}{'points':>9}")
    for name, keys in chosen:
        ids = numbered(keys)
        uses = next_uses(ids)
        file = folder / f"{pathlib.Path(name).name.replace(' ', '-')}.txt"
        file.write_text("".join(f"{key}\n" for key in ids))
        for capacity in options.capacity:
            for policy in options.policy:
                bad += compare(options.ringside, name, capacity, policy, ids, uses, file)
        file.unlink()
    print("all as they should be" if bad == 0 else f"{bad} differ too much")
    return 1 if bad else 0


def compare(ringside, name, capacity, policy, ids, uses, file):
    percent = 100 / len(ids)
    them, us = theirs(policy, capacity, ids, uses), ours(ringside, policy, capacity, file)
    differ = [at for at, (one, other) in enumerate(zip(them, us)) if one != other]
    differ += range(min(len(them), len(us)), max(len(them), len(us)))
    if policy in SAME:
        is_bad = bool(differ)
        first = f": {len(differ)} requests, first number {differ[0] + 1}" if differ else ""
        verdict = f"DIFFERS{first}" if is_bad else f"same in each of {len(us)} requests"
    else:
        off = abs(sum(us) - sum(them)) * percent
        is_bad = policy in NEAR and off > TOLERANCE
        verdict = f"off by {off:.3f}" if policy in NEAR else ""
        verdict = "same in each request" if not differ else verdict
        verdict = f"TOO FAR: {verdict}" if is_bad else verdict
    them, us = sum(them), sum(us)
    points = (us - them) * percent
    print(
        f"{name:<12}{capacity:>9}  {policy:<10}{them * percent:>12.3f}{us * percent:>10.3f}"
        f"{points:>+9.3f}  {verdict}",
        flush=True,
    )
    return is_bad


if __name__ == "__main__":
    sys.exit(main())
