"""Values out of schemas: texts, times, numbers, and which of several properties an object has."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from .facts import COMPONENTS, Json
from .making import BIG, DAY, VALUES, World, cycle

# In: a number that values differ by. Out: a value.
Make = Callable[[int], object]


def scalar(world: World, component: str, name: str, schema: Json) -> Make:
    """The maker of a value that holds no others: a component's property."""
    awkward = world.awkward
    if schema["type"] == "string":
        is_time = schema.get("format") == "date-time"
        return _time(world, name) if is_time else _text(world, component, name, schema)
    if schema["type"] == "boolean":
        return lambda number: (number + len(name)) % 2 == 0
    if awkward and schema["type"] == "number":
        return lambda number: cycle(VALUES["numbers"], number + len(name))
    big = awkward and schema.get("format") != "int32"
    return lambda number: BIG + number if big and number % 3 == 0 else number


def _text(world: World, component: str, name: str, schema: Json) -> Make:
    awkward, last = world.awkward, name.rsplit("_", 1)[-1]
    values = VALUES["words"].get(name) or VALUES["words"].get(last)
    if "enum" in schema:
        values = [value for value in schema["enum"] if value] + ["of_a_new_kind"] * awkward
    if values:
        return lambda number: cycle(values, number)
    if name == "id":
        return lambda number: world.id_at(world.moment)
    if last in ("id", "ids", "fingerprint", "reference") or last.endswith("key"):
        return lambda number: f"{name.upper().replace('_', '')}{number:08d}"
    if last in ("url", "urls", "permalink"):
        more = "?q=%20" if awkward else ""
        return lambda number: f"https://{name.replace('_', '-')}.example.com/{number}{more}"
    return _words(world, component, name)


def _words(world: World, component: str, name: str) -> Make:
    unique, rng, texts = name.endswith(("name", "title")), world.rng, VALUES["texts"]
    if name.endswith("email"):
        return lambda number: f"user{number % 50}@kitchen.invalid"
    if world.awkward:
        return lambda number: f"{rng.choice(texts)} #{number}" if unique else rng.choice(texts)
    whose = snake(component) if unique else name
    return lambda number: f"{whose.replace('_', ' ').capitalize()} {number + 1}"


def _time(world: World, name: str) -> Make:
    at_once = name in ("created_at", "start_at", "starts_at")
    latest = 2**40 if world.awkward or "end" in name else world.now

    def time(number: int) -> str:
        later = 0 if at_once else world.rng.randint(0, max(0, min(DAY, latest - world.moment)))
        return world.stamp(world.moment + later)

    return time


@cache
def snake(component: str) -> str:
    """The name of what a component is, without its version and form: `EmbeddedIncidentRoleV2` is an incident_role."""
    bare = re.sub(r"(V\d+)+$|Slim|Embedded|Actor|Linked|WithRoles|Resource(?=V)", "", component)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", bare).lower()


@cache
def variants_of(component: str) -> tuple[str, frozenset[str]]:
    """Properties of which an object has one at a time, and the text in it that says which (empty: none does)."""
    schema = COMPONENTS[component]
    properties, required = schema["properties"], schema.get("required", ())
    objects = {name for name, part in properties.items() if name not in required and "$ref" in part}
    for tag, part in properties.items():
        found = {name for name in objects if {name, name.removesuffix("_options")} & set(part.get("enum", ()))}
        if len(found) > 1:
            return tag, frozenset(found)
    whole = len(objects) > 1 and len(objects) == len(properties)
    return "", frozenset(objects if whole else ())
