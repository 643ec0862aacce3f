"""New parts of schemas/, made from the facts about the API's components."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tap_incident.protocol.schemas import MARK
from tools.schema_files import Json, nullable

Withheld = tuple[tuple[str, ...], ...]
"""Paths of properties that a schema must not have, relative to a part of it, without the brackets of lists."""


def below(withheld: Withheld, name: str) -> Withheld:
    """What is withheld within the property `name`."""
    return tuple(path[1:] for path in withheld if path[0] == name and path[1:])


def component_of(fact: Json) -> str:
    """The name of the component that a fact refers to; empty if it isn't a reference."""
    name: str = fact.get("$ref", "").rsplit("/", 1)[-1]
    return name


def references(fact: Json) -> list[str]:
    """The components that a fact refers to, each as often as it does."""
    if "$ref" in fact:
        return [component_of(fact)]
    parts = [*fact.get("properties", {}).values(), *([fact["items"]] if "items" in fact else [])]
    return [name for part in parts for name in references(part)]


class Parts:
    """Makes schemas from facts. What several places use becomes a file in schemas/shared/, put into `files`.

    `shared` has the file of a component, where one is known. `items` are the rows of all streams, in which the uses of
    a component are counted.
    """

    def __init__(self, components: Mapping[str, Json], items: Iterable[Json], files: dict[str, Json]) -> None:
        self.shared: dict[str, str] = {}
        self.written: list[str] = []
        """The shared files that were added, in order."""
        self._components = components
        self._files = files
        self._uses = self._counted(items)

    def _counted(self, items: Iterable[Json]) -> Counter[str]:
        """How many places have each component. A place in the component itself doesn't count."""
        facts = [(component_of(item), self.resolve(item)) for item in items]
        within = {name for _, fact in facts for name in self._reached(fact)} - {name for name, _ in facts}
        facts += [(name, self._components[name]) for name in sorted(within)]
        places = ((holder, name) for holder, fact in facts for name in references(fact))
        return Counter(name for holder, name in places if holder not in self._reached(self._components[name]))

    def resolve(self, fact: Json) -> Json:
        """The fact that a reference leads to."""
        return self._components[component_of(fact)] if "$ref" in fact else fact

    def schema(self, fact: Json, above: tuple[str, ...] = (), withheld: Withheld = ()) -> Json:
        """The schema of a fact, nullable. `above` are the components that hold it in the same file.

        A component within itself, and an object whose properties have no fixed names, becomes a free object.
        """
        component = component_of(fact)
        if component and component in above:
            return nullable("object", additionalProperties=True)
        if self._is_shared(component, above, withheld):
            return {"$ref": self._file_of(component)}
        return self._own(self.resolve(fact), (*above, component), withheld)

    def row(self, fact: Json, withheld: Withheld = ()) -> Json:
        """The schema of a stream's rows, written out in the stream's own file."""
        return self._own(self.resolve(fact), (component_of(fact),), withheld)

    def _own(self, fact: Json, above: tuple[str, ...], withheld: Withheld) -> Json:
        if fact.get("properties"):
            properties = {
                name: self.schema(part, above, below(withheld, name))
                for name, part in sorted(fact["properties"].items())
                if (name,) not in withheld
            }
            return nullable("object", properties=properties, additionalProperties=False)
        if fact["type"] == "object":
            return nullable("object", additionalProperties=True)
        if fact["type"] == "array":
            return nullable("array", items=self.schema(fact["items"], above, withheld))
        # Other formats are widths of numbers, which JSON Schema doesn't have.
        formats = {"format": "date-time"} if fact.get("format") == "date-time" else {}
        return nullable(fact["type"], **formats)

    def _is_shared(self, component: str, above: tuple[str, ...], withheld: Withheld) -> bool:
        if not component or withheld or not self._components[component].get("properties"):
            return False
        if component not in self.shared and self._uses[component] < 2:
            return False
        # In a file of its own it would hold a component that must be cut off here.
        return not self._reached(self._components[component]) & set(above)

    def _reached(self, fact: Json) -> set[str]:
        """The components that a fact leads to, at any depth."""
        found: set[str] = set()
        coming = references(fact)
        while coming:
            name = coming.pop()
            if name not in found:
                found.add(name)
                coming += references(self._components[name])
        return found

    def _file_of(self, component: str) -> str:
        if component not in self.shared:
            schema = self._own(self._components[component], (component,), ())
            name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", component).lower()
            plain, versioned = f"shared/{re.sub('_?v[0-9]+$', '', name)}.json", f"shared/{name}.json"
            file = plain if _same(self._files.get(plain, schema), schema) else versioned
            if file not in self._files:
                self._files[file] = schema
                self.written.append(file)
            self.shared[component] = file
        return self.shared[component]


def _same(left: Json, right: Json) -> bool:
    return bool(_without_descriptions(left) == _without_descriptions(right))


def _without_descriptions(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    # A property can have the name "description": its value is a schema, not a text.
    kept = {name: inner for name, inner in part.items() if name not in ("description", MARK) or isinstance(inner, dict)}
    return {name: _without_descriptions(inner) for name, inner in kept.items()}
