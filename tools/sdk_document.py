"""The OpenAPI document that the vendor's SDK `incident-io` was made from, as far as the SDK still shows it.

Run by the Python of an environment that has the SDK, since nothing else here needs it: .api/bin/python -m
tools.sdk_document prints the document, with GET operations only. The SDK has no scopes, no maxima and no formats except
date-time.
"""

from __future__ import annotations

import datetime
import importlib
import inspect
import json
import pkgutil
import re
import sys
import types
from collections.abc import Iterator
from enum import Enum
from importlib.metadata import version
from typing import Any, Union, get_args, get_origin, get_type_hints

Json = dict[str, Any]

SDK = "incident_io"
PLAIN: dict[Any, Json] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
}
EXTRA = "additional_properties"
"""The attribute in which a model keeps the properties that it doesn't know."""


class Models:
    """The SDK's models as components; `schemas` has those that were asked for, and what they refer to."""

    def __init__(self) -> None:
        package = importlib.import_module(f"{SDK}.models")
        self._names: Json = {name: getattr(package, name) for name in package.__all__}
        self._names["Unset"] = self.unset = importlib.import_module(f"{SDK}.types").Unset
        self.schemas: dict[str, Json] = {}

    def schema(self, hint: Any, place: str) -> Json:
        """The schema of a type.

        In: `place`, the name that the SDK gives to a model that the document has no name for.
        """
        (hint,) = (part for part in alternatives(hint) if part not in (self.unset, type(None)))
        if hint in PLAIN:
            return dict(PLAIN[hint])
        if get_origin(hint) is list:
            return {"type": "array", "items": self.schema(get_args(hint)[0], f"{place}Item")}
        if hint is Any:
            return {}
        if issubclass(hint, Enum):
            return {"type": "string", "enum": [member.value for member in hint]}
        if plain(hint.__name__) == plain(place):
            return self._object(hint)
        if hint.__name__ not in self.schemas:
            self.schemas[hint.__name__] = {}  # Some models hold themselves.
            self.schemas[hint.__name__] = self._object(hint)
        return {"$ref": f"#/components/schemas/{hint.__name__}"}

    def hints(self, model: Any) -> Json:
        """The types of a model's attributes, by name."""
        return get_type_hints(model, localns=self._names)

    def _object(self, model: Any) -> Json:
        hints = self.hints(model)
        extra = get_args(hints.pop(EXTRA, dict[str, Any]))[1]
        # A trailing underscore keeps a name apart from a word of Python.
        named = {name.removesuffix("_"): hint for name, hint in hints.items()}
        found: Json = {"type": "object"}
        if named:
            found["properties"] = {
                name: self.schema(hint, f"{model.__name__}{name}") for name, hint in sorted(named.items())
            }
        required = [name for name, hint in named.items() if self.unset not in alternatives(hint)]
        if required:
            found["required"] = sorted(required)
        if extra is not Any:
            found["additionalProperties"] = self.schema(extra, f"{model.__name__}AdditionalProperty")
        return found


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The types of a union; the one type of what is none."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def plain(name: str) -> str:
    """A name without what the SDK's generator changes in it."""
    return name.replace("_", "").lower()


def modules() -> Iterator[tuple[str, Any]]:
    """Path and module of each GET operation."""
    package = importlib.import_module(f"{SDK}.api")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = None if found.ispkg else importlib.import_module(found.name)
        source = inspect.getsource(module._get_kwargs) if module else ""
        url = re.search(r'"url": "([^"]+)"', source)
        if module and url and '"method": "get"' in source:
            yield url[1], module


def _operation(models: Models, module: Any, path: str) -> Json:
    hints = get_type_hints(module._get_kwargs)
    place = module.__name__.rpartition(".")[2]
    parameters = []
    for name, parameter in inspect.signature(module._get_kwargs).parameters.items():
        wire, hint = name.removesuffix("_"), hints[name]
        schema = models.schema(hint, f"{place}{wire}")
        if isinstance(parameter.default, str | int | float):
            schema["default"] = getattr(parameter.default, "value", parameter.default)
        required = {} if models.unset in alternatives(hint) else {"required": True}
        place_of = "path" if f"{{{wire}}}" in path else "query"
        parameters.append({"in": place_of, "name": wire, "schema": schema, **required})
    operation: Json = {"parameters": parameters, "responses": {"200": _answer(models, module)}}
    return operation | ({"deprecated": True} if hasattr(module, "_DEPRECATION_MESSAGE") else {})


def _answer(models: Models, module: Any) -> Json:
    model = re.search(r"response_200 = (\w+)\.from_dict\(", inspect.getsource(module._parse_response))
    if model is None:
        return {}
    schema = models.schema(getattr(module, model[1]), "")
    return {"content": {"application/json": {"schema": schema}}}


def document() -> Json:
    """The document of the installed SDK."""
    models = Models()
    paths = {
        path: {"get": _operation(models, module, path)}
        for path, module in sorted(modules(), key=lambda found: found[0])
    }
    return {"info": {"version": version("incident-io")}, "paths": paths, "components": {"schemas": models.schemas}}


if __name__ == "__main__":
    json.dump(document(), sys.stdout)
