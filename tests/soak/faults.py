"""The hook that does to the world and to the stand-in's answers what a step plans."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from threading import Lock

from tap_incident.streams import BY_NAME, STREAMS
from tests.fake_api import Fault
from tests.fake_api.wire import Problem
from tests.soak.steps import Step, Trouble
from tests.soak.world import PARENTS, PATHS, World

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


class Interference:
    """The stand-in's `faults` hook: changes the world and answers wrongly, as planned for the run under way."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = Lock()
        self.begin(Step())

    def begin(self, step: Step) -> None:
        """Plan the run of this step."""
        with self._lock:
            self._changes, self._troubles, self._denied = [*step.during], step.troubles, step.settings.denied
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
