"""The API's endpoints: facts.json (made by tools/facts.py) and traps.json, which has what no document says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote

from .making import TRAPS, VALUES, read

Json = dict[str, Any]

CONTENT: Json = read("facts.json")
COMPONENTS: Mapping[str, Json] = CONTENT["components"]
DEFAULT_PAGE_SIZE = 25
LIST_NAME = "entry_type"
"""Where an answer holds an object of lists: the property of a kept row that says in which of them it is served."""
OUTSIDE = ("external_", "microsoft_", "ms_", "slack_")
"""Starts of properties with ids of other systems."""


class Parent(NamedTuple):
    """What a parameter names: the row of the list at `path` whose `field` it is.

    A child keeps the value as `kept_as`; what is no property of an item isn't sent.
    """

    path: str
    field: str
    kept_as: str


@dataclass(frozen=True)
class Endpoint:
    """One path of the API, with the facts that tools/facts.py found about it, and what traps.json has to add.

    `holds` says what is under `answer_key`: a list of items, an object of `lists`, or one item; without an `answer_key`
    the whole answer is the item. `beside` are the other keys.

    The traps: the API serves `most_rows` on a page; the last page says that it is the last by `end` (None: it has no
    pagination_meta); a full last page is followed by an empty one (`empty_page`); a cursor that it doesn't know is
    answered with `unknown_after`. Parameters are needed that are optional in the document (`also_required`), or
    `exactly_one` of some. `named` has the parents that names don't say. `shows` picks the rows that a request can see,
    by the parameters that it `reads` (and their values, where no schema has them). Rows come `by_id`. Filters by time
    take `days`, both ends inclusive, instead of timestamps and half-open ranges. Larger pages lack the property that
    comes `on_small_pages`.
    """

    path: str
    holds: str
    item: Json
    parameters: Mapping[str, Json]
    scope: str | None
    answer_key: str = ""
    lists: Sequence[str] = ()
    beside: Mapping[str, Json] = field(default_factory=dict)
    paging: Json = field(default_factory=dict)
    most_rows: int | None = None
    end: Mapping[str, Any] | None = field(default_factory=dict)
    empty_page: bool = False
    unknown_after: tuple[int, str] = (422, "invalid_value")
    also_required: Sequence[str] = ()
    exactly_one: Sequence[str] = ()
    named: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    shows: str = ""
    reads: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_id: bool = False
    days: bool = False
    on_small_pages: str = ""

    @property
    def properties(self) -> Mapping[str, Json]:
        """The properties of an item."""
        found: Mapping[str, Json] = resolve(self.item)["properties"]
        return found

    @property
    def largest(self) -> int:
        """The most rows that a page can have; 0 if there are no pages of a size that one can choose."""
        size = self.paging.get("page_size")
        documented: int = size.get("maximum", DEFAULT_PAGE_SIZE) if size else 0
        return min(documented, self.most_rows or documented)

    @cached_property
    def required(self) -> Sequence[str]:
        """The parameters of the query that a request needs."""
        found = {"page_size": self.paging.get("page_size", {}), **self.parameters}
        return [name for name in found if found[name].get("required") or name in self.also_required]

    @cached_property
    def parents(self) -> Mapping[str, Parent]:
        """The parameters of query and path that name a row of another list, and which."""
        found = {}
        for name in (*path_names(self.path), *self.required, *self.exactly_one):
            if name in self.named:
                found[name] = Parent(*self.named[name])
            elif name == "id":
                # What the path goes through: /v1/postmortem_documents/{id}/content.
                collection, _, rest = self.path.partition("/{id}")
                # With nothing behind it, the answer is the row itself, with more of it than the list has.
                found[name] = Parent(collection, "id", f"{singular(collection)}_id" if rest else "id")
            elif name.endswith("_id"):
                path = named_by(name)
                assert path, f"{self.path}: add the list of {name} to values.json"
                found[name] = Parent(path, "id", name)
        return found


def resolve(schema: Json) -> Json:
    """The schema that a reference leads to."""
    return COMPONENTS[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


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


def singular(path: str) -> str:
    """What a row of the list at a path is called: `policy`."""
    return re.sub("(?<=s)es$|s$", "", re.sub("ies$", "y", path.rsplit("/", 1)[1]))


# By the name of a row. Of two versions of a list, the newer one; values.json has those of another name.
_LISTS = {singular(path): path for path in sorted(CONTENT["endpoints"]) if "{" not in path}


def list_of(name: str) -> str | None:
    """The path of the list whose rows are called `name`, in the singular."""
    return VALUES["lists"].get(name) or _LISTS.get(name)


def named_by(name: str) -> str | None:
    """The path of the list whose row the property or parameter `name` (`new_owner_user_id`) holds the id of."""
    if name.startswith(OUTSIDE):
        return None
    words = re.sub("_ids?$", "", name).split("_")
    found = (list_of("_".join(words[start:])) for start in range(len(words)))
    return next((path for path in found if path), None)


def path_names(path: str) -> list[str]:
    """The parameters in a path."""
    return re.findall(r"{(\w+)}", path)


ENDPOINTS = tuple(Endpoint(path=path, **facts, **TRAPS.get(path, {})) for path, facts in CONTENT["endpoints"].items())
BY_PATH: Mapping[str, Endpoint] = {endpoint.path: endpoint for endpoint in ENDPOINTS}
_ROUTES = [(re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), path) for path in BY_PATH if "{" in path]


def documented(path: str) -> tuple[str, Mapping[str, str]]:
    """A path as in the document, `/v2/schedules/{schedule_id}/replicas`, and the parameters that it has in this one."""
    for pattern, found in _ROUTES:
        match = pattern.fullmatch(path)
        if match and path not in BY_PATH:
            return found, {name: unquote(value) for name, value in match.groupdict().items()}
    return path, {}
