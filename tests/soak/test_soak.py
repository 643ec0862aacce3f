"""Some random sequences of runs; `make soak` runs as many as wanted."""

from __future__ import annotations

from collections import Counter

import pytest

from tap_incident.streams import BY_NAME
from tests.soak.faults import Trouble
from tests.soak.loader import Habits
from tests.soak.sequences import play
from tests.soak.shrink import shrunk
from tests.soak.steps import SETTINGS, Sequence, Settings, Step, made_up, shown
from tests.soak.world import Change, World


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_random_runs_lose_and_delete_nothing(seed: int) -> None:
    sequence = made_up(seed)
    found = play(sequence, Counter())
    if found:
        text = shown(shrunk(sequence, found))
        pytest.fail(f"{[str(difference) for difference in found.differences[:3]]}\n{text}")


def test_a_seed_always_gives_the_same_sequence_and_world() -> None:
    assert made_up(5) == made_up(5) != made_up(6)
    worlds = [World(5, 4) for _ in range(2)]
    for world in worlds:
        world.apply(Change("delete", "incidents", 1))
    first, second = (world.history[-1].visible("actions", ["standard"]) for world in worlds)
    assert first == second != worlds[0].history[0].visible("actions", ["standard"])


def test_runs_select_every_stream_and_most_often_the_defaults_without_a_catalog() -> None:
    runs = [step.settings for seed in range(200) for step in made_up(seed).steps]
    assert {name for run in runs for name in run.streams} == {*BY_NAME}
    assert sum((run.streams, run.parts) == (SETTINGS.streams, SETTINGS.parts) for run in runs) > len(runs) / 4
    assert {"actions.view", "attachments.view"} < {scope for run in runs for scope in run.denied}


def test_what_is_shown_of_a_sequence_is_its_code() -> None:
    names = {kind.__name__: kind for kind in (Sequence, Step, Settings, Habits, Change, Trouble)}
    for seed in range(20):
        assert eval(shown(made_up(seed)), dict(names)) == made_up(seed)  # noqa: S307 - our own text
