"""From a request to its answer: who asks, whether they may, whether the parameters are right, and which page it is."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

from .facts import BY_PATH, LIST_NAME, Endpoint, Parent, route
from .limits import Limits
from .making import Row
from .organisation import Organisation
from .problems import Problem
from .query import checked, page_size, start_of_page
from .traps import End
from .views import View, Views
from .wire import Answer, Call, Fault, Query

JSON = "application/json; charset=utf-8"


class Answers:
    """Answers requests about one organisation for the holder of `key`, who lacks the scopes in `denied`."""

    def __init__(self, org: Organisation, key: str, denied: Collection[str], limits: Limits) -> None:
        self._views = Views(org)
        self._awkward = org.awkward
        self._rows_per_page = org.rows_per_page
        self._key = key
        self._denied = frozenset(denied)
        self._limits = limits

    def authorized(self, call: Call) -> bool:
        """Whether the request carries the key."""
        return call.authorization == f"Bearer {self._key}"

    def answer(self, call: Call, fault: Fault | None) -> Answer:
        """The answer to `call`, got wrong the way `fault` says."""
        if fault is None:
            return self._true_answer(call)
        if fault.reset:
            return Answer(0)
        answer = self._true_answer(call) if fault.status is None and fault.body is None else _made_up(call, fault)
        answer = replace(answer, headers={**answer.headers, **fault.headers})
        return replace(answer, sent=len(answer.body) // 2) if fault.truncate else answer

    def _true_answer(self, call: Call) -> Answer:
        authorized = self.authorized(call)
        headers, refusal = self._limits.take(call.path, spend=authorized)
        status = 200
        try:
            if not authorized:
                raise Problem(401, "access_token_invalid", "There is no such key.")
            if refusal:
                raise refusal
            body = self._body(call)
        except Problem as problem:
            status, body = problem.status, problem.body(_request_id(call))
            headers |= problem.headers
        return Answer(status, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": JSON, **headers})

    def _body(self, call: Call) -> dict[str, Any]:
        if call.method != "GET":
            raise Problem(405, "method_not_allowed", "This one can only be read.")
        found = route(call.path)
        if found is None:
            raise Problem(404, "not_found", f"Nothing lives at {call.path}.")
        endpoint, in_path = found
        if endpoint.scope in self._denied:
            raise Problem(
                403, "missing_required_scope", "The key may not do this.", metadata={"scope": str(endpoint.scope)}
            )
        query = checked(endpoint, call.params, in_path)
        parents = {
            name: self._parent(name, parent, query) for name, parent in endpoint.parents.items() if name in query
        }
        view = self._views.view(endpoint, query)
        return {
            **self._answer(endpoint, query, view),
            # The row that is the parent, or what was made with the row.
            **{key: parents.get(f"{key}_id") or next(iter(view.rows), {}).get(key, {}) for key in endpoint.beside},
        }

    def _parent(self, name: str, parent: Parent, query: Query) -> Row:
        found = self._views.by(parent.path, parent.field, query[name][0])
        if not found:
            raise Problem(404, "resource_not_found", f"No such {name}.", field=name)
        return found[0]

    def _answer(self, endpoint: Endpoint, query: Query, view: View) -> dict[str, Any]:
        if endpoint.trap.body:
            return endpoint.trap.body(view.rows, query, self._views.now)
        if endpoint.holds == "list":
            return self._page(endpoint, query, view)
        if endpoint.holds == "lists":
            lists = {
                name: [sent(endpoint, row) for row in view.rows if row[LIST_NAME] == name] for name in endpoint.lists
            }
            return {endpoint.answer_key: lists}
        if not view.rows:
            raise Problem(404, "resource_not_found", "There is no such thing.")
        item = sent(endpoint, view.rows[0])
        return {endpoint.answer_key: item} if endpoint.answer_key else item

    def _page(self, endpoint: Endpoint, query: Query, view: View) -> dict[str, Any]:
        key = endpoint.answer_key
        if not endpoint.paging:
            return {key: [sent(endpoint, row) for row in view.rows]}
        trap, size, start = endpoint.trap, page_size(endpoint, query), start_of_page(endpoint, query, view.places)
        size = min(size, self._rows_per_page or size)
        rows = view.rows[start : start + size]
        shaped = [trap.shape(row, size) if trap.shape else row for row in (sent(endpoint, row) for row in rows)]
        meta: dict[str, Any] = {"page_size": size}
        if endpoint.paging["total"]:
            meta["total_record_count"] = len(view.rows)
        more = start + size < len(view.rows) or (trap.empty_page and len(rows) == size)
        end = trap.end if self._awkward else End.ABSENT
        if more:
            meta["after"] = rows[-1]["id"]
        elif end is End.NO_META:
            return {key: shaped}
        elif end is not End.ABSENT:
            meta["after"] = None if end is End.NULL else ""
        return {key: shaped, "pagination_meta": meta}


def sent(endpoint: Endpoint, row: Row) -> Row:
    """A row as the API sends it: without what only says to which of the lists it belongs."""
    hidden = hidden_in(endpoint.path)
    return {name: value for name, value in row.items() if name not in hidden} if hidden else row


@cache
def hidden_in(path: str) -> frozenset[str]:
    """The properties of an endpoint's kept rows that it doesn't send."""
    endpoint = BY_PATH[path]
    kept = {parent.kept_as for parent in endpoint.parents.values()} | ({LIST_NAME} if endpoint.lists else set())
    return frozenset((kept | endpoint.beside.keys()) - endpoint.properties.keys())


def _request_id(call: Call) -> str:
    return f"req-{call.number:08d}"


def _made_up(call: Call, fault: Fault) -> Answer:
    status = fault.status or 200
    if fault.body is None:
        body = json.dumps(Problem(status, "made_up", "Something went wrong on purpose.").body(_request_id(call)))
    else:
        body = fault.body
    return Answer(status, body.encode(), {"Content-Type": fault.content_type})
