"""Requests per second of `ringside cache` on a Zipf trace, by the processor time the command itself
states for the simulation (by the wall clock where the system tells none).

The machine may be busy: the best of several runs counts. Reading the file is not part of it.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOORS = {"lru": 40, "sieve": 40, "s3-fifo": 15, "w-tinylfu": 15}


def time(run):
    return run.get("busy_ns", run["wall_ns"])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--ringside", default=ROOT / "target/release/ringside")
    options.add_argument("--requests", type=int, default=10_000_000)
    options.add_argument("--keys", type=int, default=1_000_000)
    options.add_argument("--exponent", type=float, default=1.0)
    options.add_argument("--capacity", type=int, default=20_000)
    options.add_argument("--tries", type=int, default=5)
    options = options.parse_args()
    file = ROOT / f"target/zipf-{options.requests}-{options.keys}-{options.exponent}.txt"
    if not file.exists():
        draws = random.Random(20261124)
        weights = [1 / (rank + 1) ** options.exponent for rank in range(options.keys)]
        keys = draws.choices(range(options.keys), weights, k=options.requests)
        file.write_text("".join(f"{key}\n" for key in keys))
    slow = 0
    print(f"{'policy':<12}{'M requests/s':>14}{'hit ratio':>12}{'read s':>9}")
    policies = subprocess.check_output([options.ringside, "cache", "--policies"], text=True)
    for policy in [line.split()[0] for line in policies.splitlines()]:
        command = [options.ringside, "cache", "--policy", policy, "--json", "--capacity", str(options.capacity), file]
        command += ["--ttl", "100000"] if policy == "ttl" else []
        runs = [json.loads(subprocess.check_output(command)) for _ in range(options.tries)]
        best = min(runs, key=time)
        rate = best["requests"] / time(best) * 1e3
        slow += rate < FLOORS.get(policy, 0)
        note = f"   below {FLOORS[policy]}" if rate < FLOORS.get(policy, 0) else ""
        read = min(it["read_ns"] for it in runs) / 1e9
        print(f"{policy:<12}{rate:>14.1f}{best['hit_ratio']:>12.4f}{read:>9.2f}{note}", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
