"""What goes wrong during a run, as data, and the hook that does it to the stand-in's answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from tap_incident.streams import BY_NAME, STREAMS
from tests.fake_api import Fault
from tests.fake_api.wire import Problem
from tests.soak.world import PARENTS, PATHS, Change, World

_HTML = "<html><body><h1>Sorry</h1></body></html>"


def _api_error(status: int, code: str) -> Fault:
    return Fault(status=status, body=json.dumps(Problem(status, code, "Made up by the soak test.").body("req-soak")))


_FAULTS = {
    "end": _api_error(422, "invalid_value"),
    "reject": _api_error(422, "invalid_value"),
    "unreadable": Fault(status=200, body='{"unexpected": []}'),
    "html 403": Fault(status=403, body=_HTML, content_type="text/html"),
    "html 404": Fault(status=404, body=_HTML, content_type="text/html"),
    "forbid": _api_error(403, "missing_required_scope"),
    "private": _api_error(403, "forbidden"),
    "gone": _api_error(404, "resource_not_found"),
    "gone path": _api_error(404, "resource_not_found"),
}
_SCOPES = {stream.path: stream.scope for stream in STREAMS} | {
    stream.detail.path: stream.scope for stream in STREAMS if stream.detail
}


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong.

    `kind`, and which requests it meets:
    "end": all requests from the request `at` of the run on are refused with 422, so that the run ends.
    "reject", "unreadable": the request `at` to the list of `stream` is refused with 422, or its page can't be read.
    "html 403", "html 404": the request `at` to the list of `stream` is answered by a gateway.
    "forbid": the API refuses the list of `stream` from the request `at` on: the key has lost the permission.
    "private": the API refuses the rows of one parent, the one that `at` picks.
    "gone": the API answers 404 for the rows of one parent, the one that `at` picks.
    "gone path": the API answers 404 for the rows of every parent.
    """

    kind: str
    at: int = 0
    stream: str = ""


class Interference:
    """The stand-in's `faults` hook: changes the world and answers wrongly, as planned for the run under way."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = Lock()
        self.begin((), (), ())

    def begin(
        self, changes: Sequence[tuple[int, Change]], troubles: Sequence[Trouble], denied: Collection[str]
    ) -> None:
        """Plan the next run: `changes` with the number of the request that they come just before."""
        with self._lock:
            self._changes = sorted(changes, key=lambda pair: pair[0])
            self._troubles, self._denied = troubles, denied
            self._requests = 0
            self._by_path: Counter[str] = Counter()

    def end(self) -> None:
        """Make the changes that the run was too short for, so that the world does not depend on the run."""
        with self._lock:
            self._change(None)
            self._troubles = ()

    def _change(self, number: int | None) -> None:
        while self._changes and (number is None or self._changes[0][0] <= number):
            change = self._changes.pop(0)[1]
            self._world.apply(change, 1 + (change.pick % 10) ** 3)

    def __call__(self, number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        with self._lock:
            if path == "/v1/identity":
                return None
            self._change(self._requests)
            kinds = ["forbid"] if _SCOPES[path] in self._denied else []
            kinds += [trouble.kind for trouble in self._troubles if self._meets(trouble, path, params)]
            self._requests += 1
            self._by_path[path] += 1
            return _FAULTS[kinds[0]] if kinds else None

    def _meets(self, trouble: Trouble, path: str, params: Mapping[str, str]) -> bool:
        kind, before = trouble.kind, self._by_path[path]
        if kind == "end":
            return self._requests >= trouble.at
        if path != PATHS[trouble.stream]:
            return False
        if kind == "forbid":
            return before >= trouble.at
        known = BY_NAME[trouble.stream].parent
        if kind == "gone path":
            return bool(params.keys() & {known.id_param, *dict(known.also_by)})
        if kind in ("private", "gone"):
            return params.get(known.id_param) == self.parent(trouble)
        return before == trouble.at

    def parent(self, trouble: Trouble) -> str:
        """The id of the parent that a "private" or a "gone" is about."""
        rows = self._world.history[0].rows[PATHS[PARENTS[trouble.stream][0]]]
        return str(rows[trouble.at % len(rows)]["id"]) if rows else "nobody"
