"""Sequences: all runs of one against its world, and what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.faults import Interference
from tests.soak.loader import Json, Loader, Table, mistakes
from tests.soak.oracle import After, Counts, Difference, Excuses, differences
from tests.soak.runner import Outcome, ShortPages, run_tap
from tests.soak.steps import Sequence, Step
from tests.soak.world import PARENTS, World

REFUSALS = ("private", "forbid", "gone path")
"""Troubles after which a run may end with 1, but everything else must be there."""
OF_ONE_STREAM = ("reject", "unreadable")
"""Troubles that end one stream. The others must be there."""


@dataclass
class Figures:
    """What a soak comes to."""

    sequences: int = 0
    runs: int = 0
    complete: int = 0
    cut_short: int = 0
    faults: int = 0
    changes: int = 0
    compared: Counts = field(default_factory=Counts)


@dataclass(frozen=True)
class Found:
    """Differences after the step with this index of a sequence."""

    step: int
    differences: list[Difference]

    def rules(self) -> set[tuple[str, str]]:
        """The broken promises, each with its stream."""
        return {(difference.rule, difference.stream) for difference in self.differences}


@dataclass(frozen=True)
class Lineage:
    """Of the kept state: where in the history its reading began, and what was refused since then."""

    base: int = 0
    excuses: Excuses = field(default_factory=Excuses)


@dataclass(frozen=True)
class _Run:
    """One run: its step, what is left of it, from where in the history it has read, and whether it resumed another."""

    step: Step
    outcome: Outcome
    lineage: Lineage
    resumed: bool

    @property
    def troubles(self) -> set[str]:
        """The kinds of troubles that were planned for it."""
        return {trouble.kind for trouble in self.step.troubles}

    @property
    def complete(self) -> bool:
        """Whether everything that the API did not refuse must be there."""
        outcome = self.outcome
        others_come = self.troubles & {*REFUSALS, *OF_ONE_STREAM} and "end" not in self.troubles and not outcome.cut
        if outcome.code == 1 and self.step.during:
            return False  # The row that a cursor names may have left the list, which ends that stream.
        return not outcome.loader_died and (outcome.code == 0 or (outcome.code == 1 and bool(others_come)))


def play(sequence: Sequence, figures: Figures | None = None) -> Found | None:
    """Run a sequence to its end, or to its first difference."""
    figures = figures or Figures()
    hook, world, loader, lineage = Interference(), World(sequence.seed, sequence.incidents), Loader(), Lineage()
    figures.sequences += 1
    overwritten = False
    with TemporaryDirectory() as folder, ShortPages(world.org, sequence.page_size, hook) as api:
        api.clock_ahead, api.dated = world.ahead, sequence.dated
        world.set_clock = lambda ahead: setattr(api, "clock_ahead", ahead)
        for number, step in enumerate(sequence.steps):
            world.wait(step.waited)
            for change in step.before:
                world.apply(change)
            begun, before, kept = world.present, loader.tables, loader.state
            state = None if step.stateless else kept
            hook.begin(world, step.during, step.troubles)
            outcome = run_tap(api, world, step, state, Path(folder))
            hook.end()
            loader.load(outcome.lines, step.habits, died=outcome.loader_died)
            resumed, refused = _resumes(state), _refused(step, hook)
            chain = Lineage(lineage.base, lineage.excuses | refused) if resumed else Lineage(begun, refused)
            lineage = lineage if loader.state is kept else chain
            run = _Run(step, outcome, chain, resumed)
            _count(figures, run, hook.done)
            found = [*_broken_rules(run), *differences(_after(run, world, before, loader), figures.compared)]
            # A failed run without the state may write null over a nested part that the state's bookmark covers.
            overwritten |= step.stateless and outcome.code != 0
            found = [each for each in found if not (overwritten and each.rule == "a nested part is outdated")]
            if found:
                return Found(number, found)
    return None


def _resumes(state: Json | None) -> bool:
    marks = ((state or {}).get("bookmarks") or {}).values()
    return bool((state or {}).get("currently_syncing")) or any({"after", "part", "walk"} & set(mark) for mark in marks)


def _refused(step: Step, hook: Interference) -> Excuses:
    """What the API refuses in this run."""
    excuses = Excuses()
    for trouble in step.troubles:
        parent = hook.parent(trouble) or "" if trouble.kind in ("private", "gone") else ""
        if trouble.kind in ("forbid", "gone path"):
            excuses.streams.add(trouble.stream)
        elif parent:
            excuses.parents.setdefault(trouble.stream, set()).add(parent)
        if trouble.kind == "gone" and parent:
            excuses.gone.setdefault(trouble.stream, set()).add(parent)
    return excuses


def _after(run: _Run, world: World, before: dict[str, Table], loader: Loader) -> After:
    step, lineage = run.step, run.lineage
    ended = {trouble.stream for trouble in step.troubles if trouble.kind in OF_ONE_STREAM}
    disturbed = run.resumed or run.outcome.code != 0 or bool(run.troubles)
    excuses = lineage.excuses | Excuses(_trees(ended, step), changed=disturbed)
    return After(
        world, step.settings, lineage.base, before, loader.tables, run.outcome.lines, excuses, complete=run.complete
    )


def _trees(streams: set[str], step: Step) -> set[str]:
    """These streams and all that are read along with them."""
    roots = {PARENTS.get(stream, (stream,))[0] for stream in streams}
    return {name for name in (*step.settings.streams, *streams) if PARENTS.get(name, (name,))[0] in roots}


SECOND_LOOK = ("incidents", "actions", "follow_ups", "incident_updates", "incident_attachments")


def _broken_rules(run: _Run) -> Iterator[Difference]:
    """What is wrong with a run whatever the world is like."""
    outcome, lines = run.outcome, run.outcome.lines
    # Incidents that changed since the second in which the run started are read again, with what belongs to them.
    for text in mistakes(lines, repeats=SECOND_LOOK):
        yield Difference("a wrong message", "", text)
    if outcome.code not in (0, 1, None, 143):
        yield Difference("an exit code", "", str(outcome.code))
    if outcome.code == 1 and not (outcome.cut or run.step.during or run.troubles & {"end", *REFUSALS, *OF_ONE_STREAM}):
        yield Difference("a run failed without a reason", "", str(sorted(run.troubles)))
    ended_early = outcome.code == 143 or (outcome.code == 1 and not outcome.loader_died and not outcome.cut)
    kinds = [json.loads(line)["type"] for line in lines]
    states = [number for number, kind in enumerate(kinds) if kind == "STATE"]
    if ended_early and states and "RECORD" in kinds[states[-1] :]:
        # A loader that drops its state at the next RECORD would have none, and everything would be read again.
        yield Difference("a RECORD came after the last STATE", "", f"exit code {outcome.code}")


def _count(figures: Figures, run: _Run, faults: int) -> None:
    figures.runs += 1
    figures.complete += run.complete
    figures.cut_short += run.outcome.cut
    figures.faults += faults
    figures.changes += len(run.step.before) + len(run.step.during)
