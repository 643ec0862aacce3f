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
_HTML_FAULTS = {f"html {status}": Fault(status=status, body=_HTML, content_type="text/html") for status in (403, 404)}


def _api_error(status: int, code: str) -> Fault:
    return Fault(status=status, body=json.dumps(Problem(status, code, "Made up by the soak test.").body("req-soak")))


_REJECTED = _api_error(422, "invalid_value")
_FORBIDDEN = _api_error(403, "missing_required_scope")
_PRIVATE = _api_error(403, "forbidden")
_GONE = _api_error(404, "resource_not_found")
_SCOPES = {stream.path: stream.scope for stream in STREAMS} | {
    stream.detail.path: stream.scope for stream in STREAMS if stream.detail
}
_UNREADABLE = Fault(status=200, body='{"unexpected": []}')


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

    def __init__(self) -> None:
        self._lock = Lock()
        self.denied: Collection[str] = ()
        """Scopes that the key lacks."""
        self.begin(None, (), ())

    def begin(self, world: World | None, changes: Sequence[tuple[int, Change]], troubles: Sequence[Trouble]) -> None:
        """Plan the next run: `changes` with the number of the request that they come just before."""
        with self._lock:
            self._world = world
            self._changes = sorted(changes, key=lambda pair: pair[0])
            self._troubles = troubles
            self._requests = 0
            self._by_path: Counter[str] = Counter()
            self.done = 0
            """Number of answers that went wrong."""

    def end(self) -> None:
        """Make the changes that the run was too short for, so that the world does not depend on the run."""
        with self._lock:
            self._change(None)
            self._troubles = ()

    def _change(self, number: int | None) -> None:
        while self._world and self._changes and (number is None or self._changes[0][0] <= number):
            change = self._changes.pop(0)[1]
            self._world.apply(change, 1 + (change.pick % 10) ** 3)

    def __call__(self, number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        with self._lock:
            if path == "/v1/identity":
                return None
            self._change(self._requests)
            found = next(filter(None, (self._met(trouble, path, params) for trouble in self._troubles)), None)
            found = _FORBIDDEN if _SCOPES[path] in self.denied else found
            self._requests += 1
            self._by_path[path] += 1
            self.done += found is not None
            return found

    def _met(self, trouble: Trouble, path: str, params: Mapping[str, str]) -> Fault | None:
        kind = trouble.kind
        if kind == "end":
            return _REJECTED if self._requests >= trouble.at else None
        return self._met_in(trouble, self._by_path[path], params) if path == PATHS[trouble.stream] else None

    def _met_in(self, trouble: Trouble, before: int, params: Mapping[str, str]) -> Fault | None:
        """The fault of a request to the list of `trouble.stream` that had so many requests before it."""
        kind = trouble.kind
        if kind in _ONCE:
            return _ONCE[kind] if before == trouble.at else None
        if kind == "forbid":
            return _FORBIDDEN if before >= trouble.at else None
        known = BY_NAME[trouble.stream].parent
        if kind == "gone path":
            return _GONE if params.keys() & {known.id_param, *dict(known.also_by)} else None
        if params.get(known.id_param, "") != self.parent(trouble):
            return None
        return _PRIVATE if kind == "private" else _GONE

    def parent(self, trouble: Trouble) -> str | None:
        """The id of the parent that a "private" or a "gone" is about."""
        rows = self._world.history[0].org.rows[PATHS[PARENTS[trouble.stream][0]]] if self._world else []
        return str(rows[trouble.at % len(rows)]["id"]) if rows else None


_ONCE = {**_HTML_FAULTS, "reject": _REJECTED, "unreadable": _UNREADABLE}
