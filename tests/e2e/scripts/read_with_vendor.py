"""Run by a Python that has the vendor's SDK, from the repository: reads lists through its `AuthenticatedClient`.

In, as JSON on stdin: `url`, `key`, and `calls`, each with `path`, `params`, `cursor` (the parameter that takes the
cursor of the next page) and `answer_key`. Out, as JSON: for each call its last `status`, its `rows`, and as `problem`
why the SDK can't read an answer.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args, get_type_hints

Json = dict[str, Any]

SDK = "incident_io"


def read(client: Any, module: Any, *, path: str, params: Json, cursor: str, answer_key: str) -> Json:
    """What came of reading all pages of one list."""
    found: Json = {"path": path, "status": 0, "rows": 0, "problem": ""}
    after: Any = "first"
    while after:
        try:
            answer = module.sync_detailed(client=client, **named(module, params))
        except Exception as error:  # Whatever the SDK raises, it could not read the answer.
            return {**found, "problem": f"{type(error).__name__}: {error}"}
        found["status"] = int(answer.status_code)
        found["rows"] += rows(answer.parsed, answer_key) if found["status"] == 200 else 0
        after = getattr(getattr(answer.parsed, "pagination_meta", None), "after", None)
        params = params | {cursor: after}
    return found


def modules() -> Iterator[tuple[str, Any]]:
    """Path and module of each GET operation."""
    package = importlib.import_module(f"{SDK}.api")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = None if found.ispkg else importlib.import_module(found.name)
        source = inspect.getsource(module._get_kwargs) if module else ""
        url = re.search(r'"url": "([^"]+)"', source)
        if module and url and '"method": "get"' in source:
            yield url[1], module


def named(module: Any, params: Json) -> Json:
    """The arguments of an operation. Some have an underscore after their name, and times are objects."""
    hints = get_type_hints(module._get_kwargs)
    found = {name if name in hints else f"{name}_": value for name, value in params.items()}
    moments = {name for name in found if datetime in (hints[name], *get_args(hints[name]))}
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
    make = importlib.import_module(f"{SDK}.client").AuthenticatedClient
    client = make(base_url=asked["url"], token=asked["key"], raise_on_unexpected_status=True)
    known = dict(modules())
    json.dump([read(client, known[call["path"]], **call) for call in asked["calls"]], sys.stdout)
