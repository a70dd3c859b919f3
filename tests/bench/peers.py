"""The same M/M/1 and chain in SimPy and Ciw: customers per second, as JSON.

Run by `make bench` (tests/bench/bench.mjs) with the Python of a virtual environment that has both.
Customers have no time-outs here, and no spans are kept: the peers do less.
"""

import json
import random
import time
from itertools import cycle

import ciw
import simpy


def simpy_queue(servers, work, customers):
    """Poisson arrivals at 70 % load, to servers in turn, each with a line of its own."""
    env = simpy.Environment()
    draws = random.Random(1)
    pool = [simpy.Resource(env, capacity=1) for _ in range(servers)]
    turn = cycle(pool)

    def customer(server):
        with server.request() as request:
            yield request
            yield env.timeout(draws.expovariate(1 / work))

    def arrivals():
        for _ in range(customers):
            yield env.timeout(draws.expovariate(0.7 * servers / work))
            env.process(customer(next(turn)))

    env.process(arrivals())
    began = time.perf_counter()
    env.run()
    return customers / (time.perf_counter() - began)


class InTurn(ciw.routing.NodeRouting):
    """Sends customers to the servers in turn."""

    def initialise(self, simulation, node):
        super().initialise(simulation, node)
        self.turn = cycle(simulation.nodes[2:-1])

    def next_node(self, ind):
        return next(self.turn)


def ciw_queue(servers, work, customers):
    """The same; a chain is a node that passes customers on at once, to servers in turn."""
    ciw.seed(1)
    rate, exponential = 0.7 * servers / work, ciw.dists.Exponential
    if servers == 1:
        network = ciw.create_network(
            arrival_distributions=[exponential(rate)],
            service_distributions=[exponential(1 / work)],
            number_of_servers=[1],
        )
    else:
        leave = [ciw.routing.Leave() for _ in range(servers)]
        network = ciw.create_network(
            arrival_distributions=[exponential(rate)] + [None] * servers,
            service_distributions=[ciw.dists.Deterministic(0.0)] + [exponential(1 / work)] * servers,
            number_of_servers=[float("inf")] + [1] * servers,
            routing=ciw.routing.NetworkRouting(routers=[InTurn()] + leave),
        )
    simulation = ciw.Simulation(network)
    began = time.perf_counter()
    simulation.simulate_until_max_time(customers / rate)
    done = {record.id_number for record in simulation.get_all_records()}
    return len(done) / (time.perf_counter() - began)


CASES = [("mm1", 1, 1e-4, 60_000), ("chain-4", 4, 0.01, 40_000), ("chain-100", 100, 0.01, 20_000)]
print(
    json.dumps(
        {
            "SimPy " + simpy.__version__: {
                name: max(simpy_queue(n, work, customers) for _ in range(3))
                for name, n, work, customers in CASES
            },
            "Ciw " + ciw.__version__: {
                name: max(ciw_queue(n, work, customers // 4) for _ in range(3))
                for name, n, work, customers in CASES
            },
        }
    )
)
