"""Sequences: all runs of one against its world, and what was found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi
from tests.soak.faults import Interference
from tests.soak.loader import Json, Loader
from tests.soak.oracle import OF_ONE_STREAM, Difference, Excuse, Judged, differences
from tests.soak.runner import run_tap
from tests.soak.steps import Sequence, Step
from tests.soak.world import NESTED, PATHS, World

SHOWN_BY_MODE = [name for name, stream in BY_NAME.items() if stream.mode_param and stream.parent.stream]


class Found(NamedTuple):
    """Differences after the step with this index of a sequence."""

    step: int
    differences: list[Difference]


@dataclass
class _Limits:
    """Documented limits of the tap that a sequence has met so far."""

    overwritten: bool = False
    """Nested parts may be null, though the bookmark speaks for them."""
    denied: bool = False
    """The key could not read a part, and no run has found out since then that it can."""
    outdated: bool = False
    """Nested parts may be outdated after this run."""
    moved: bool = False
    """An incident changed its mode while it was read."""

    def learn(self, run: Judged, refused: frozenset[Excuse], *, is_kept: bool) -> None:
        """What the limits are after a run in which the API refused this. `is_kept`: the state before it stays."""
        step, is_incremental = run.step, run.step.settings.incremental
        # A run without the state may write null over a nested part that the kept state's bookmark covers.
        self.overwritten |= step.stateless and is_kept
        # The bookmark moves past rows that lack a part which the API refused for one parent.
        refuses_one = any(trouble.kind in ("end", *OF_ONE_STREAM) for trouble in step.troubles)
        self.overwritten |= is_incremental and (refuses_one or any(excuse.parent for excuse in refused))
        # A part that the key can read again comes with all rows in the run after the one that finds out. A run
        # that resumes one that was refused it does not find out.
        is_denied = is_incremental and not {Excuse(name) for name in NESTED.values()}.isdisjoint(refused)
        finds_out = "incidents" in step.settings.streams and run.complete and not run.resumed
        self.outdated = self.overwritten or self.denied or is_denied
        self.denied = is_denied or (self.denied and not finds_out)
        # A full refresh misses the children of an incident that changes its mode meanwhile, until the next one.
        changes = [change for _, change in step.during] + [*(step.before if run.resumed else ())]
        self.moved = (self.moved and run.resumed) or any(change.kind == "mode" for change in changes)

    def excuse(self, found: Difference, run: Judged) -> bool:
        """Whether a difference after this run is one of the limits."""
        if found.stream in SHOWN_BY_MODE and self.moved and not run.step.settings.incremental:
            return True
        return found.rule == "a nested part is outdated" and self.outdated


def play(sequence: Sequence, figures: Counter[str]) -> Found | None:
    """Run a sequence to its end, or to its first difference. What it came to is added to `figures`."""
    world, loader = World(sequence.seed, sequence.incidents, sequence.page_size), Loader()
    hook = Interference(world)
    # Of the kept state: where in the history its reading began, and what was refused since then.
    base, excuses = 0, frozenset[Excuse]()
    limits = _Limits()
    with TemporaryDirectory() as folder, FakeApi(world.org, faults=hook) as api:
        world.set_clock = lambda ahead: setattr(api, "clock_ahead", ahead)
        for number, step in enumerate(sequence.steps):
            world.wait(step.waited)
            for change in step.before:
                world.apply(change)
            begun, before, kept = len(world.history) - 1, loader.tables, loader.state
            state = None if step.stateless else kept
            hook.begin(step)
            outcome = run_tap(api, world, step, state, Path(folder))
            hook.end()
            loader.load(outcome.lines, step)
            resumed, refused = _resumes(state), _refused(step, hook)
            # A resumed run that ends with 0 has nothing to excuse but deleted parents, and what it was refused itself.
            earlier = {excuse for excuse in excuses if excuse.gone or outcome.code != 0}
            now_excuses = refused | earlier if resumed else refused
            now_base = base if resumed else begun
            run = Judged(step, outcome, before, loader.tables, world.history, now_base, now_excuses, resumed)
            if loader.state is not kept:
                base, excuses = now_base, now_excuses
            figures.update({"runs": 1, "complete runs": run.complete, "killed or stopped": outcome.cut})
            limits.learn(run, refused, is_kept=loader.state is kept)
            found = [each for each in differences(run, figures) if not limits.excuse(each, run)]
            if found:
                return Found(number, found)
    return None


def _resumes(state: Json | None) -> bool:
    return state is not None and any("walk" in mark for mark in state["bookmarks"].values())


def _refused(step: Step, hook: Interference) -> frozenset[Excuse]:
    """What the API refuses in this run."""
    found = {Excuse(name) for name in PATHS if BY_NAME[name].scope in step.settings.denied}
    for trouble in step.troubles:
        if trouble.kind in ("forbid", "gone path"):
            found.add(Excuse(trouble.stream, gone=trouble.kind == "gone path"))
        elif trouble.kind in ("private", "gone"):
            found.add(Excuse(trouble.stream, hook.parent(trouble), trouble.kind == "gone"))
    return frozenset(found)
