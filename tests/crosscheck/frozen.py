"""Prints the hits that libCacheSim 0.3.5 (pip install libcachesim) has on the requests of the unit test
`hits_are_those_of_another_simulator` (src/algorithm/eviction/tests.rs)."""

import eviction

MASK = 2**64 - 1


def requests():
    state = 20_261_201

    def draw():
        nonlocal state
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & MASK
        return state >> 33

    for at in range(40_000):
        most = 1 + draw() % 3_000
        key = 1 + draw() % most
        yield 1_000_000_000 + at if at % 8_000 > 7_200 else key


keys = list(requests())
uses = eviction.next_uses(keys)
for policy in [*eviction.SAME, *eviction.NEAR]:
    print(policy, [sum(eviction.theirs(policy, room, keys, uses)) for room in (137, 600)])
