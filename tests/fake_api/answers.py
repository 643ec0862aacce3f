"""From a request to its answer: who asks, whether they may, whether the parameters are right, and which page it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from .facts import BY_PATH, LIST_NAME, Endpoint, documented
from .making import Row
from .organisation import Organisation, View, Views
from .query import checked, page_size, start_of_page
from .traps import SMALL_PAGE, WINDOW_START, week_of
from .wire import Answer, Fault, Limits, Logged, Problem, Query


class Answers:
    """Answers requests about one organisation for the holder of a key that lacks the scopes in `denied`."""

    def __init__(self, org: Organisation, denied: Collection[str], limits: Limits) -> None:
        self._org, self._views, self._denied, self._limits = org, Views(org), denied, limits

    def answer(self, call: Logged, fault: Fault | None) -> Answer:
        """The answer to `call`, got wrong the way `fault` says."""
        if fault is None:
            return self._true_answer(call)
        if fault.reset:
            return Answer(0)
        answer = self._true_answer(call) if fault.status is None and fault.body is None else _made_up(call, fault)
        answer = replace(answer, headers={**answer.headers, **fault.headers})
        return replace(answer, sent=len(answer.body) // 2) if fault.truncate else answer

    def _true_answer(self, call: Logged) -> Answer:
        headers: Mapping[str, str] = {}
        try:
            if not call.authorization_ok:
                raise Problem(401, "access_token_invalid", "There is no such key.")
            headers, refusal = self._limits.take(call.path)
            if refusal:
                raise refusal
            return _in_json(200, self._body(call), headers)
        except Problem as problem:
            return _in_json(problem.status, problem.body(f"req-{call.number}"), {**headers, **problem.headers})

    def _body(self, call: Logged) -> Row:
        if call.method != "GET":
            raise Problem(405, "method_not_allowed", "This one can only be read.")
        path, in_path = documented(call.path)
        if path not in BY_PATH:
            raise Problem(404, "not_found", f"Nothing lives at {path}.")
        endpoint = BY_PATH[path]
        if endpoint.scope in self._denied:
            scope = {"scope": str(endpoint.scope)}
            raise Problem(403, "missing_required_scope", "The key may not do this.", metadata=scope)
        query = checked(endpoint, call.params, in_path)
        view = self._views.view(endpoint, query)
        # Beside the rows stands the row that is their parent, or what was made with the row.
        beside: dict[str, Row] = {key: next(iter(view.rows), {}).get(key, {}) for key in endpoint.beside}
        for name, parent in endpoint.parents.items():
            if name in query:
                rows = self._views.by(parent.path, parent.field, query[name][0])
                if not rows:
                    raise Problem(404, "resource_not_found", f"No such {name}.", field=name)
                beside |= {key: rows[0] for key in beside if f"{key}_id" == name}
        return {**self._found(endpoint, query, view), **beside}

    def _found(self, endpoint: Endpoint, query: Query, view: View) -> Row:
        key, found, meta = endpoint.answer_key, view.rows, Row()
        if endpoint.paging.get("cursor") == WINDOW_START:
            found, meta = week_of(view.rows, query, self._org.now)
        elif endpoint.paging:
            return self._page(endpoint, query, view)
        if endpoint.holds == "lists":
            named = [(row[LIST_NAME], sent(endpoint, row)) for row in found]
            return {key: {name: [row for of, row in named if of == name] for name in endpoint.lists}, **meta}
        rows = [sent(endpoint, row) for row in found]
        if endpoint.holds == "list":
            return {key: rows}
        if not rows:
            raise Problem(404, "resource_not_found", "There is no such thing.")
        return {key: rows[0]} if key else rows[0]

    def _page(self, endpoint: Endpoint, query: Query, view: View) -> Row:
        asked, start = page_size(endpoint, query), start_of_page(endpoint, query, view.places)
        size = min(asked, self._org.rows_per_page or asked)
        rows = [sent(endpoint, row) for row in view.rows[start : start + size]]
        if size > SMALL_PAGE and endpoint.on_small_pages:
            rows = [{name: row[name] for name in row if name != endpoint.on_small_pages} for row in rows]
        meta: Row = {"page_size": size}
        if endpoint.paging["total"]:
            meta["total_record_count"] = len(view.rows)
        end = endpoint.end if self._org.awkward else {}
        if start + size < len(view.rows) or (endpoint.empty_page and len(rows) == size):
            meta["after"] = rows[-1]["id"]
        elif end is None:
            return {endpoint.answer_key: rows}
        return {endpoint.answer_key: rows, "pagination_meta": {**(end or {}), **meta}}


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


def _in_json(status: int, body: Any, headers: Mapping[str, str]) -> Answer:
    content = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status, json.dumps(body, ensure_ascii=False).encode(), {**content, **headers})


def _made_up(call: Logged, fault: Fault) -> Answer:
    problem = Problem(fault.status or 200, "made_up", "Something went wrong on purpose.")
    body = json.dumps(problem.body(f"req-{call.number}")) if fault.body is None else fault.body
    return Answer(problem.status, body.encode(), {"Content-Type": fault.content_type})
