"""Some random sequences of runs; `make soak` runs as many as wanted."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.soak.sequences import play
from tests.soak.steps import made_up
from tests.soak.world import Change, World


@pytest.mark.parametrize("seed", range(1, 3))
def test_random_runs_lose_and_delete_nothing(seed: int) -> None:
    sequence = made_up(seed)
    found = play(sequence, Counter())
    assert found is None, (found.step, [str(difference) for difference in found.differences[:3]], sequence.steps)


def test_a_seed_always_gives_the_same_sequence_and_world() -> None:
    assert made_up(5) == made_up(5) != made_up(6)
    worlds = [World(5, 4) for _ in range(2)]
    for world in worlds:
        world.apply(Change("delete", "incidents", 1))
    first, second = (world.history[-1].visible("actions", ["standard"]) for world in worlds)
    assert first == second != worlds[0].history[0].visible("actions", ["standard"])
