"""Rows out of their schemas: whatever no recipe gives is made here, so that a new list needs no code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from .facts import BY_PATH, COMPONENTS, LIST_NAME, Endpoint, Json, list_of, named_by, singular, variants_of
from .making import ABSENT, BARE, FULL, Make, Row, World, cycle, snake

# For each row of a list its moment (Unix seconds), and the values that its schema doesn't say.
Rows = Iterator[tuple[int, Row]]
Recipe = Callable[["Maker"], Rows]
# In: the maker, a number. Out: the values of a component's properties that its schema doesn't say.
Hint = Callable[["Maker", int], Row]

FEW, PARENTS, DEEPEST = 12, 60, 9
"""Rows of a list; parents that have children; how deep components within each other go."""


class Maker:
    """Makes the rows of a world: each list when it is first asked for, since rows embed rows of other lists.

    In: recipes by path, and hints by component.
    """

    def __init__(self, world: World, recipes: Mapping[str, Recipe], hints: Mapping[str, Hint]) -> None:
        self.world = world
        self._recipes = recipes
        self._hints = hints
        self._objects: dict[tuple[str, int], dict[str, Make]] = {}
        self._named: dict[tuple[str, str], Row] = {}

    def make_all(self) -> None:
        """Makes the rows of all lists."""
        for path in BY_PATH:
            self.rows(path)

    def rows(self, path: str) -> list[Row]:
        """The rows of a list; those made so far if it is just being made."""
        if path not in self.world.rows:
            endpoint, made = BY_PATH[path], self.world.rows.setdefault(path, [])
            recipe = self._recipes.get(path)
            for number, (when, given) in enumerate(recipe(self) if recipe else self.usual(path)):
                self.world.moment = when
                made.append(self._row(endpoint, number, given))
            if endpoint.by_id:
                made.sort(key=lambda row: str(row["id"]))
        return self.world.rows[path]

    def usual(self, path: str) -> Iterator[tuple[int, Row]]:
        """What a recipe gives for a list about which nothing else is known: the ids of parents, if it has any."""
        endpoint, when = BY_PATH[path], self.world.when
        if endpoint.exactly_one or not endpoint.parents:
            # More than a page, if a page is small.
            few = 1 if endpoint.holds == "item" else endpoint.largest + 5 if 0 < endpoint.largest <= 50 else FEW
            yield from ((when(number), {}) for number in range(few))
            return
        for number, row in enumerate(self.rows([*endpoint.parents.values()][-1].path)[:PARENTS]):
            given = self._of_parents(endpoint, number, row)
            for step in range(1 if endpoint.holds == "item" else (number + 2) % 3):
                named = {LIST_NAME: cycle(endpoint.lists, number + step)} if endpoint.lists else {}
                yield when(number), {**given, **named}

    def short(self, component: str, number: int, row: Row) -> Row:
        """A row as other rows embed it: what the component has of it, and what only the component has."""
        required, whole = COMPONENTS[component].get("required", ()), BY_PATH[list_of(snake(component)) or ""].properties
        found = Row()
        for name, make in self._makers(component, DEEPEST - 1).items():
            if name in row:
                found[name] = row[name]
            elif name in required:
                found[name] = make(number)
            elif name not in whole:
                found[name] = self.world.optional(number, make)
        return self.world.surprise(without_absent(found), number + 5)

    def named(self, component: str, name: str) -> Row:
        """The row with a name, as other rows embed it."""
        if (component, name) not in self._named:
            row = next(row for row in self.rows(list_of(snake(component)) or "") if row["name"] == name)
            self._named[component, name] = self.short(component, FULL, row)
        return self._named[component, name]

    def _of_parents(self, endpoint: Endpoint, number: int, row: Row) -> Row:
        (*others, (name, last)) = endpoint.parents.items()
        given = {last.kept_as: row[last.field]}
        if last.kept_as == "id":
            same = {key: value for key, value in row.items() if isinstance(value, str | bool | int)}
            whole = endpoint.properties.get(singular(last.path), {}).get("$ref", "").rsplit("/", 1)[-1]
            given |= {singular(last.path): self.make(whole, 1, number, same)} if whole else same
        elif name != "id" and name in endpoint.properties:
            given[name] = row[last.field]
        if endpoint.path == f"{last.path}/{{id}}":
            # The same row as in the list, with more in its lists and objects.
            given |= {key: value for key, value in row.items() if not isinstance(value, list | dict)}
            given |= {key: self._maker("", key, part, 0)(number) for key, part in endpoint.beside.items()}
        for _, other in others:
            given[other.kept_as] = row.get(other.kept_as) or cycle(self.rows(other.path), number)[other.field]
        return given

    def _row(self, endpoint: Endpoint, number: int, given: Row) -> Row:
        if "$ref" not in endpoint.item:
            return {**self._map(endpoint.item, 0)(number), **given}
        row = self.make(endpoint.item["$ref"].rsplit("/", 1)[1], 0, number, given)
        return row | {name: value for name, value in given.items() if name not in endpoint.properties}

    def _makers(self, component: str, depth: int) -> dict[str, Make]:
        key = component, depth
        if key not in self._objects:
            schema = COMPONENTS[component]
            required = schema.get("required", ())
            # Beyond the deepest level, objects have what they can't do without.
            names = required if depth >= DEEPEST else schema["properties"]
            self._objects[key] = {
                name: self._maker(component, name, schema["properties"][name], depth, optional=name not in required)
                for name in names
            }
        return self._objects[key]

    def make(self, component: str, depth: int, number: int, given: Row) -> Row:
        """An object of a component with `given` values, of which `ABSENT` leaves a property out."""
        required, row = COMPONENTS[component].get("required", ()), Row()
        if component in self._hints:
            given = {**self._hints[component](self, number), **given}
        makers = self._makers(component, depth)
        tag, variants = variants_of(component)
        kind = given.get(tag) or makers[tag](number) if tag else cycle(sorted(variants), number) if variants else ""
        for name, make in makers.items():
            if name in given:
                row[name] = given[name]
            elif name == tag:
                row[name] = kind
            elif name in required or name in (kind, f"{kind}_options"):
                row[name] = make(number)
            elif name in variants:
                row[name] = None if self.world.awkward and number % 4 == 2 else ABSENT
            else:
                row[name] = self.world.optional(number, make)
        return self.world.surprise(without_absent(row), number)

    def _maker(self, component: str, name: str, schema: Json, depth: int, *, optional: bool = False) -> Make:
        if "$ref" in schema:
            return self._embedded(schema["$ref"].rsplit("/", 1)[1], depth + 1)
        if schema["type"] == "array":
            return self._list(component, name, schema["items"], depth)
        if schema["type"] == "object":
            return self._map(schema, depth)
        path = named_by(name) if name.endswith("_id") else None
        make = self.world.scalar(component, name, schema)
        if path:
            return partial(self._one, path, make)
        if optional and self.world.awkward and schema.get("format") == "date-time":
            return lambda number: "" if number % 5 == 4 else make(number)
        return make

    def _one(self, path: str, make: Make, number: int) -> object:
        rows = self.rows(path)
        return self.world.rng.choice(rows)["id"] if rows else make(number)

    def _embedded(self, component: str, depth: int) -> Make:
        path = list_of(snake(component)) if "id" in COMPONENTS[component]["properties"] else None

        def short(number: int) -> Row:
            rows = self.rows(path) if path else []
            if not rows:
                return self.make(component, depth, number, {})
            return self.short(component, number, self.world.rng.choice(rows))

        return short

    def _list(self, component: str, name: str, items: Json, depth: int) -> Make:
        path = named_by(name) if name.endswith("_ids") else None
        if path:
            return partial(self._some, path)
        if depth >= DEEPEST:
            return lambda number: []
        make = self._maker(component, name, items, depth)

        def made(number: int) -> list[Any]:
            length = (2, 0)[number] if number <= BARE else self.world.rng.choice((0, 1, 1, 2))
            return [make(number + step) for step in range(length)]

        return made

    def _some(self, path: str, number: int) -> list[Any]:
        """Up to three ids; none for the bare row, at least one for the full row."""
        ids, rng = [row["id"] for row in self.rows(path)], self.world.rng
        return rng.sample(ids, min(len(ids), rng.randint(1 if number == FULL else 0, 3))) if number != BARE else []

    def _map(self, schema: Json, depth: int) -> Callable[[int], Row]:
        if "additionalProperties" not in schema:
            makers = {key: self._maker("", key, value, depth) for key, value in schema.get("properties", {}).items()}
            return lambda number: {key: make(number) for key, make in makers.items()}
        make = self._maker("", "value", schema["additionalProperties"], depth)
        keys = ("kitchen/owner", "odd key.with-dots $ 🧂", "") if self.world.awkward else ("owner", "tier", "region")
        return lambda number: {key: make(number + step) for step, key in enumerate(keys[: (3, 0, 1, 2)[number % 4]])}


def without_absent(row: Row) -> Row:
    """The row without the properties that are to be left out."""
    return {name: value for name, value in row.items() if value is not ABSENT}
