"""A sequence as data: what happens before, during and after each of its runs; and how to make one up from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from random import Random

from tap_incident.settings import INCIDENT_MODES
from tests.soak.faults import Trouble
from tests.soak.loader import Habits
from tests.soak.world import MARKS, NESTED, PARENTS, Change

HOUR = 3600
LASTING = ("forbid", "private", "gone path")
_GROUPS = (
    ("incidents", "actions", "follow_ups"),
    ("incidents", "incident_updates", "incident_attachments"),
    ("actions", "follow_ups", "alerts"),
    ("alerts", "escalations", "severities"),
    ("custom_fields", "custom_field_options", "catalog_types", "catalog_entries", "users"),
)
_MODES = (("standard", "retrospective"), ("standard", "retrospective", "test"), INCIDENT_MODES, ("standard",))


@dataclass(frozen=True)
class Settings:
    """The settings of a run, and what it selects. With `nested`, incidents have `attachments` and `updates`."""

    streams: tuple[str, ...] = ("incidents", "actions")
    nested: bool = False
    incremental: bool = False
    activate: bool = False
    by_list: bool = False
    modes: tuple[str, ...] = _MODES[0]
    concurrency: int = 1


HABITS, SETTINGS = Habits(), Settings()


@dataclass(frozen=True)
class Step:
    """One run, and what happens around it.

    `during` has the number of the request that each change comes just before. `ends` is "" for a run that nobody ends,
    "killed", "stopped" (SIGTERM), or "loader died"; that happens once `at` lines are out. If there are fewer lines, a
    run is not ended, but a loader dies all the same, at its end. A run may be `stateless`: without the kept state.
    """

    settings: Settings = SETTINGS
    waited: int = HOUR
    before: tuple[Change, ...] = ()
    during: tuple[tuple[int, Change], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    ends: str = ""
    at: int = 0
    habits: Habits = HABITS
    stateless: bool = False


@dataclass(frozen=True)
class Sequence:
    """A world, made from `seed`, and the runs that read it.

    A page has at most `page_size` rows. If not `dated`, answers have no Date, and the machine's clock is ahead.
    """

    seed: int
    incidents: int = 6
    page_size: int = 3
    dated: bool = True
    steps: tuple[Step, ...] = field(default=())


def shown(value: object, indent: int = 0) -> str:
    """A sequence or a part of it as Python code, without what is at its default."""
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        inner = "".join(f"{' ' * (indent + 4)}{shown(item, indent + 4)},\n" for item in value)
        return f"(\n{inner}{' ' * indent})"
    if isinstance(value, tuple):
        return f"({''.join(shown(item, indent) + ', ' for item in value).rstrip()})"
    if not is_dataclass(value):
        return repr(value)
    given = [
        (each.name, getattr(value, each.name)) for each in fields(value) if getattr(value, each.name) != each.default
    ]
    return f"{type(value).__name__}({', '.join(f'{name}={shown(item, indent)}' for name, item in given)})"


def made_up(seed: int, skipped: frozenset[str] = frozenset()) -> Sequence:
    """The sequence of a seed. `skipped` are kinds of changes and troubles that it is not to have.

    It ends with an undisturbed run, which has to mend all that is mended by another run.
    """
    chance = Random(seed)
    settings = former = _settings(chance)
    steps: list[Step] = []
    for _ in range(chance.randint(3, 8)):
        if chance.random() < 0.2:
            # Back and forth: then there are states of both.
            settings, former = former if chance.random() < 0.5 else _changed(chance, settings), settings
        # What the API refuses, it often refuses in the next run too.
        lasting = [trouble for trouble in (steps[-1].troubles if steps else ()) if trouble.kind in LASTING]
        steps.append(_step(chance, settings, skipped, tuple(lasting) if chance.random() < 0.5 else ()))
    steps.append(Step(settings, waited=chance.randint(1, 48) * HOUR))
    dated = chance.random() < 0.9 or "dateless" in skipped
    return Sequence(seed, chance.randint(2, 9), chance.randint(2, 5), dated, tuple(steps))


def _settings(chance: Random) -> Settings:
    streams = {name for _ in range(chance.randint(1, 3)) for name in chance.choice(_GROUPS)}
    return Settings(
        streams=tuple(name for name in MARKS if name in streams),
        nested=chance.random() < 0.5,
        incremental=chance.random() < 0.5,
        activate=chance.random() < 0.5,
        by_list=chance.random() < 0.5,
        modes=chance.choice(_MODES),
        concurrency=chance.choice((1, 1, 1, 2, 8)),
    )


def _changed(chance: Random, old: Settings) -> Settings:
    new = _settings(chance)
    name = chance.choice(("streams", "incremental", "activate", "by_list", "modes", "concurrency"))
    return replace(old, **{name: getattr(new, name)})


def _step(chance: Random, settings: Settings, skipped: frozenset[str], lasting: tuple[Trouble, ...]) -> Step:
    pick = chance.randrange
    during = [(pick(40), _change(chance, settings, skipped)) for _ in range(chance.choice((0, 0, 1, 2, 4)))]
    ends = chance.choice(("", "", "", "", "killed", "killed", "stopped", "loader died"))
    troubles = [_trouble(chance, settings, skipped) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
    return Step(
        settings=settings,
        waited=chance.choice((60, HOUR, HOUR, 12 * HOUR, 48 * HOUR)),
        before=tuple(_change(chance, settings, skipped) for _ in range(chance.choice((0, 1, 2, 4)))),
        during=tuple(sorted(during, key=lambda pair: pair[0])),
        troubles=(*lasting, *(trouble for trouble in troubles if trouble)),
        ends=ends,
        at=chance.choice((pick(10), pick(60), pick(150))) if ends else 0,
        habits=Habits(chance.random() < 0.2, chance.random() < 0.5, chance.random() < 0.5),
        stateless=chance.random() < 0.1,
    )


def _change(chance: Random, settings: Settings, skipped: frozenset[str]) -> Change:
    kinds = ("create", "touch", "touch", "late", "delete", "mode", "mode")
    kind = chance.choice([kind for kind in kinds if kind not in skipped])
    stream = "incidents" if kind == "mode" else chance.choice(settings.streams)
    if settings.nested and kind != "mode" and chance.random() < 0.2:
        stream = chance.choice(("incident_updates", "incident_attachments"))
    return Change(kind, stream, chance.randrange(1000))


def _trouble(chance: Random, settings: Settings, skipped: frozenset[str]) -> Trouble | None:
    kinds: tuple[str, ...] = (*("end",) * 6, *LASTING, *LASTING, "gone", "reject", "unreadable", "html 403", "html 404")
    if chance.random() < 0.1:
        # Each of these makes the run wait for up to a second, or slows it down.
        kinds = ("slow down", "unavailable", "reset", "cut off", "gateway")
    kind = chance.choice([kind for kind in kinds if kind not in skipped] or ["end"])
    parts = [*settings.streams, *(NESTED.values() if settings.nested and "incidents" in settings.streams else ())]
    if kind in ("private", "gone", "gone path"):
        children = [name for name in parts if name in PARENTS]
        return Trouble(kind, chance.randrange(20), chance.choice(children)) if children else None
    if kind in ("reject", "unreadable", "html 403", "html 404", "forbid"):
        return Trouble(kind, chance.choice((0, 0, 1, 3)), chance.choice(parts))
    return Trouble(kind, chance.randrange(40))
