"""New parts of schemas/, made from the facts about the API's components."""

from __future__ import annotations

from collections.abc import Mapping

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


class Parts:
    """Makes schemas from facts. `shared` has the file in schemas/shared/ of a component, where there is one."""

    def __init__(self, components: Mapping[str, Json]) -> None:
        self.shared: dict[str, str] = {}
        self._components = components

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
        if component in self.shared and not withheld:
            return {"$ref": self.shared[component]}
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
