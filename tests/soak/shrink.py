"""The smallest sequence that still breaks a promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from tests.soak.sequences import Found, play
from tests.soak.steps import HABITS, SETTINGS, Sequence, Settings, Step


def shrunk(sequence: Sequence, found: Found, tries: int = 150) -> Sequence:
    """The smallest sequence found in so many tries that breaks one of the same promises."""
    sequence = replace(sequence, steps=sequence.steps[: found.step + 1])
    while tries > 0:
        for smaller in _smaller(sequence):
            tries -= 1
            now = play(smaller, Counter())
            if now and now.rules() & found.rules():
                sequence = replace(smaller, steps=smaller.steps[: now.step + 1])
                break
            if tries <= 0:
                break
        else:
            break
    return sequence


def _smaller(sequence: Sequence) -> Iterator[Sequence]:
    steps = sequence.steps
    for number in range(len(steps)):
        yield replace(sequence, steps=(*steps[:number], *steps[number + 1 :]))
    names = [*dict.fromkeys(name for step in steps for name in (*step.settings.streams, *step.settings.parts))]
    size = len(names)
    while size > 1:
        # Many at once first: there are more streams than tries.
        size = -(-size // 2)
        for start in range(0, len(names), size):
            fewer = [replace(step, settings=_without(step.settings, names[start : start + size])) for step in steps]
            if all(step.settings.streams for step in fewer):
                yield replace(sequence, steps=tuple(fewer))
    for number, step in enumerate(steps):
        for less in _simpler(step):
            yield replace(sequence, steps=(*steps[:number], less, *steps[number + 1 :]))


def _without(settings: Settings, names: Collection[str]) -> Settings:
    streams, parts = (tuple(name for name in old if name not in names) for old in (settings.streams, settings.parts))
    return replace(settings, streams=streams, parts=parts)


def _simpler(step: Step) -> Iterator[Step]:
    if step.ends:
        yield replace(step, ends="", at=0)
    for name in ("before", "during", "troubles"):
        things = getattr(step, name)
        for number in range(len(things)):
            yield replace(step, **{name: things[:number] + things[number + 1 :]})
    if step.habits != HABITS:
        yield replace(step, habits=HABITS)
    for name in ("denied", "concurrency", "activate", "incremental", "strategy", "modes"):
        if getattr(step.settings, name) != getattr(SETTINGS, name):
            yield replace(step, settings=replace(step.settings, **{name: getattr(SETTINGS, name)}))
