"""Run by a Python that has the vendor's SDK, from the repository: reads lists through its `AuthenticatedClient`.

In, as JSON on stdin: `url`, `key`, and `calls`, each with `path`, `params`, `cursor` (the parameter that takes the
cursor of the next page) and `answer_key`. Out, as JSON: for each call its last `status`, its `rows`, and as
`problems` what does not fit the SDK's models: an answer that they can't parse, another type, an unknown property.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
import types
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

Json = dict[str, Any]

SDK = "incident_io"
EXTRA = "additional_properties"
"""The attribute in which a model keeps the properties that it doesn't know."""


class Reader:
    """Reads with one key from one URL."""

    def __init__(self, url: str, key: str) -> None:
        make = importlib.import_module(f"{SDK}.client").AuthenticatedClient
        self._client = make(base_url=url, token=key, raise_on_unexpected_status=True)
        self._modules = dict(modules())
        self._names = models()
        self._unset = self._names["Unset"]
        self._hints: dict[Any, Json] = {}

    def read(self, path: str, params: Json, cursor: str, answer_key: str) -> Json:
        """What came of reading all pages of one list."""
        status = count = 0
        problems: dict[str, None] = {}
        for parsed, status in self._answers(self._modules[path], params, cursor, problems):
            problems |= dict.fromkeys(self.misfits(parsed, type(parsed), type(parsed).__name__))
            count += rows(parsed, answer_key) if status == 200 else 0
        return {"path": path, "status": status, "rows": count, "problems": list(problems)}

    def _answers(self, module: Any, params: Json, cursor: str, problems: dict[str, None]) -> Iterator[tuple[Any, int]]:
        after: Any = "first"
        while after:
            try:
                answer = module.sync_detailed(client=self._client, **named(module, params))
            except Exception as error:  # Whatever the SDK raises, it could not read the answer.
                problems[f"{type(error).__name__}: {error}"] = None
                return
            yield answer.parsed, int(answer.status_code)
            after = getattr(getattr(answer.parsed, "pagination_meta", None), "after", None)
            params = params | {cursor: after}

    def misfits(self, value: Any, hint: Any, at: str) -> Iterator[str]:
        """Where a parsed value is not what its type says."""
        if isinstance(value, self._unset) and self._unset in alternatives(hint):
            return
        (wanted,) = (part for part in alternatives(hint) if part is not self._unset)
        if get_origin(wanted) is list and isinstance(value, list):
            for part in value:
                yield from self.misfits(part, get_args(wanted)[0], f"{at}[]")
        elif hasattr(wanted, "from_dict") and isinstance(value, wanted):
            yield from self._in_model(value, at)
        elif not fits(value, wanted):
            yield f"{at}: {value!r} is no {getattr(wanted, '__name__', wanted)}"

    def _in_model(self, value: Any, at: str) -> Iterator[str]:
        model = type(value)
        hints = self._hints.setdefault(model, self._hints.get(model) or get_type_hints(model, localns=self._names))
        for name, hint in hints.items():
            if name != EXTRA:
                yield from self.misfits(getattr(value, name), hint, f"{at}.{name}")
        extra = get_args(hints.get(EXTRA, dict[str, Any]))[1]
        for name, part in getattr(value, EXTRA, {}).items():
            if extra is not Any:
                yield from self.misfits(part, extra, f"{at}.*")
            elif len(hints) > 1:
                yield f"{at}.{name}: not in the SDK"


def models() -> Json:
    """The SDK's models by name, as their own type hints spell them."""
    package = importlib.import_module(f"{SDK}.models")
    unset = importlib.import_module(f"{SDK}.types").Unset
    return {name: getattr(package, name) for name in package.__all__} | {"Unset": unset}


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The types of a union; the one type of what is none."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def modules() -> Iterator[tuple[str, Any]]:
    """Path and module of each GET operation."""
    package = importlib.import_module(f"{SDK}.api")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = None if found.ispkg else importlib.import_module(found.name)
        source = inspect.getsource(module._get_kwargs) if module else ""
        url = re.search(r'"url": "([^"]+)"', source)
        if module and url and '"method": "get"' in source:
            yield url[1], module


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value without parts is of a type; an Enum of the SDK takes unknown values too, and here it does not."""
    if wanted is Any:
        return True
    if get_origin(wanted) is list or not isinstance(wanted, type):
        return False
    if issubclass(wanted, Enum):
        return value in list(wanted)
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def named(module: Any, params: Json) -> Json:
    """The arguments of an operation. Some have an underscore after their name, and times are objects."""
    hints = get_type_hints(module._get_kwargs)
    found = {name if name in hints else f"{name}_": value for name, value in params.items()}
    moments = {name for name in found if datetime in alternatives(hints[name])}
    return found | {name: datetime.fromisoformat(found[name]) for name in moments}


def rows(parsed: Any, answer_key: str) -> int:
    """How many rows an answer has: of a list, of an object of lists, or the one item that it is."""
    found = getattr(parsed, answer_key) if answer_key else parsed
    if isinstance(found, list):
        return len(found)
    parts = list(found.to_dict().values())
    return sum(map(len, parts)) if parts and all(isinstance(part, list) for part in parts) else 1


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    reader = Reader(asked["url"], asked["key"])
    json.dump([reader.read(**call) for call in asked["calls"]], sys.stdout)
