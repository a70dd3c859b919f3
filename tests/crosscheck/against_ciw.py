#!/usr/bin/env python3
"""The engine against Ciw (PyPI), a simulator we did not write, where no closed form exists.

    cargo build --release && python3 tests/crosscheck/against_ciw.py

Installs Ciw into target/ciw, runs each network in both (RUNS seeds each, fixed beforehand), prints a
table, and ends with 1 if any figure differs by four standard errors or more, or if Ciw with 5 % more
load is not told apart. RINGSIDE names another binary.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
RINGSIDE = os.environ.get("RINGSIDE", TARGET / "release/ringside")
CIW_VERSION = "3.2.7"

RUNS = 12
WARMUP_S, SPAN_S = 20, 200
Z_MAX = 4.0
# Ringside's log-normal shape: the deviation of the logarithm (base/spread.rs).
SIGMA = 0.5

try:
    import ciw
except ImportError:
    python = TARGET / "ciw/bin/python"
    if Path(sys.prefix) == TARGET / "ciw":
        raise
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", TARGET / "ciw"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", f"ciw=={CIW_VERSION}"], check=True)
    os.execv(python, [python, *sys.argv])


class Station:
    """Workers, work of a shape, how many may wait, and where each class goes from here."""

    def __init__(self, workers, ms, shape, queue=None, to=None, priority=False):
        self.workers, self.ms, self.shape, self.queue = workers, ms, shape, queue
        self.priority = priority
        self.to = to or {}

    def work(self):
        mean = self.ms / 1000
        if self.shape == "exponential":
            return ciw.dists.Exponential(1 / mean)
        if self.shape == "constant":
            return ciw.dists.Deterministic(mean)
        if self.shape == "uniform":
            return ciw.dists.Uniform(0, 2 * mean)
        return ciw.dists.Lognormal(math.log(mean) - SIGMA**2 / 2, SIGMA)


# By name: requests per second by class, and stations, the first of which they come to. What no
# class goes on from ends there. Ciw has customers wait who find the next station full, so only the
# first may be bounded: there they are lost in both.
NETWORKS = {
    "loss at a full buffer (M/G/2/5)": (
        {"all": 90},
        {"desk": Station(2, 20, "uniform", queue=3)},
    ),
    "several classes, paths that split and join": (
        {"up": 60, "down": 40},
        {
            "front": Station(2, 12, "log-normal", to={"up": "upper", "down": "lower"}),
            "upper": Station(1, 11, "uniform", to={"up": "store"}),
            "lower": Station(2, 35, "constant", to={"down": "store"}),
            "store": Station(3, 21, "exponential"),
        },
    ),
    # Nobody is interrupted; classes in the order of their importance.
    "priorities at two stations": (
        {"urgent": 30, "normal": 40, "idle": 30},
        {
            "desk": Station(2, 17, "log-normal", priority=True, to={"urgent": "store", "idle": "store"}),
            "store": Station(1, 13, "uniform", priority=True),
        },
    ),
    "unlike stations in a row": (
        {"all": 100},
        {
            "first": Station(3, 24, "log-normal", to={"all": "second"}),
            "second": Station(1, 8, "constant", to={"all": "third"}),
            "third": Station(2, 15, "uniform"),
        },
    ),
    "a bounded entry before a line": (
        {"one": 50, "two": 50},
        {
            "entry": Station(1, 9, "exponential", queue=4, to={"one": "behind"}),
            "behind": Station(1, 15, "uniform"),
        },
    ),
}


def design(rates, stations):
    first = next(iter(stations))
    patience = {"timeout": "3600s"}
    instant = {"latency": "0ms", "latency_shape": "constant", **patience}
    components, wires = {}, {}
    # A client for each class, so that each class's stay is told.
    for index, (name, rate) in enumerate(rates.items()):
        classes = [{"name": name, "priority": 7 - index}]
        settings = {"rate": f"{rate}/s", "classes": classes, "keys": 1, **patience}
        components[f"of-{name}"] = {"kind": "client", "settings": settings}
        wires[f"in-{name}"] = {"from": f"of-{name}", "to": first, "settings": instant}
    for name, it in stations.items():
        settings = {
            "instances": 1, "workers": it.workers, "hold_worker": False,
            "queue": 1_000_000 if it.queue is None else it.queue,
            "work": f"{it.ms}ms", "work_shape": it.shape,
            "discipline": "priority" if it.priority else "fifo",
        }
        components[name] = {"kind": "service", "settings": settings}
        for to in dict.fromkeys(it.to.values()):
            of = ",".join(kind for kind, where in it.to.items() if where == to)
            wires[f"{name}-{to}"] = {"from": name, "to": to, "settings": {**instant, "classes": of}}
    for index, it in enumerate(components.values()):
        it["at"] = [200 * index, 0]
    return {"version": 1, "design": {"name": "Cross-check", "components": components, "wires": wires}}


def run_ringside(rates, stations, seed):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(design(rates, stations), file)
        file.flush()
        command = [RINGSIDE, "run", file.name, "--json", "--seed", str(seed)]
        command += ["--for", f"{SPAN_S}s", "--warmup", f"{WARMUP_S}s"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    if done.stderr:
        sys.exit(f"the design is not as it should be: {done.stderr}")
    seen = {}
    for name, it in stations.items():
        report = json.loads(done.stdout)["components"][name]
        seen[name, "waiting"] = report["mean_queue_length"]
        seen[name, "busy"] = report["busy"]
        if it.queue is not None:
            seen[name, "lost/s"] = sum(report["errors"].values()) / SPAN_S
    for kind in rates:
        seen[kind, "stay ms"] = json.loads(done.stdout)["components"][f"of-{kind}"]["latency"]["mean"] / 1e6
    return seen


def run_ciw(rates, stations, seed, off=1.0):
    ciw.seed(seed)
    names = list(stations)

    def routing(kind):
        where = [it.to.get(kind) for it in stations.values()]
        return [[float(to == name) for name in names] for to in where]

    nobody = [None] * (len(names) - 1)
    network = ciw.create_network(
        arrival_distributions={k: [ciw.dists.Exponential(rate * off), *nobody] for k, rate in rates.items()},
        service_distributions={k: [it.work() for it in stations.values()] for k in rates},
        routing={k: routing(k) for k in rates},
        number_of_servers=[it.workers for it in stations.values()],
        queue_capacities=[math.inf if it.queue is None else it.queue for it in stations.values()],
        # Ciw: 0 goes first.
        priority_classes={
            kind: index if any(it.priority for it in stations.values()) else 0
            for index, kind in enumerate(rates)
        },
    )
    simulation = ciw.Simulation(network)
    # Some more, so that who came within the span has left.
    simulation.simulate_until_max_time(WARMUP_S + SPAN_S + 10)
    seen = {}
    for index, (name, it) in enumerate(stations.items()):
        seen[name, "waiting"] = seen[name, "busy"] = 0.0
        if it.queue is not None:
            seen[name, "lost/s"] = 0.0
    came, spent = dict.fromkeys(rates, 0), dict.fromkeys(rates, 0.0)
    for record in simulation.get_all_records(only=["service", "rejection"]):
        if not WARMUP_S <= record.arrival_date < WARMUP_S + SPAN_S:
            continue
        name = names[record.node - 1]
        if record.record_type == "rejection":
            seen[name, "lost/s"] += 1 / SPAN_S
        else:
            # Little's law: time spent, over the span.
            seen[name, "waiting"] += record.waiting_time / SPAN_S
            seen[name, "busy"] += record.service_time / SPAN_S / stations[name].workers
            kind = record.customer_class
            came[kind] += name == names[0]
            spent[kind] += record.waiting_time + record.service_time
    for kind in rates:
        seen[kind, "stay ms"] = spent[kind] / came[kind] * 1000
    return seen


def compare(ours, theirs):
    error = math.sqrt((statistics.variance(ours) + statistics.variance(theirs)) / RUNS)
    return (statistics.mean(ours) - statistics.mean(theirs)) / error


def main():
    bad = 0
    print(f"{'network':44} {'station':8} {'figure':8} {'ringside':>10} {'Ciw':>10} {'z':>6} {'z, 5 % more load':>17}")
    for name, (rates, stations) in NETWORKS.items():
        seeds = range(1, RUNS + 1)
        ours = [run_ringside(rates, stations, seed) for seed in seeds]
        theirs = [run_ciw(rates, stations, seed) for seed in seeds]
        more = [run_ciw(rates, stations, 100 + seed, 1.05) for seed in seeds]
        noticed = False
        for key in ours[0]:
            of = lambda runs: [run[key] for run in runs]
            z, off = compare(of(ours), of(theirs)), compare(of(ours), of(more))
            noticed |= abs(off) >= Z_MAX
            bad += abs(z) >= Z_MAX
            means = [statistics.mean(of(runs)) for runs in (ours, theirs)]
            mark = "" if abs(z) < Z_MAX else "  DIFFERS"
            print(f"{name:44} {key[0]:8} {key[1]:8} {means[0]:10.4f} {means[1]:10.4f} {z:6.2f} {off:17.1f}{mark}")
        if not noticed:
            bad += 1
            print(f"{name}: 5 % more load is not noticed")
    print(f"{len(NETWORKS)} networks, {RUNS} runs each: " + ("they agree." if not bad else f"{bad} figures differ."))
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
