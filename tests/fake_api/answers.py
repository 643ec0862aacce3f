"""From a request to its answer: who asks, whether they may, whether the parameters are right, and which page it is."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from . import times
from .endpoint import End, Endpoint, Param, Query
from .endpoints import BY_PATH
from .limits import Limits
from .making import Row
from .organisation import Organisation
from .problems import Problem, invalid
from .views import View, Views
from .wire import Answer, Call, Fault

DEFAULT_PAGE_SIZE = 25
JSON = "application/json; charset=utf-8"


class Answers:
    """Answers requests about one organisation for the holder of `key`, who lacks the scopes in `denied`."""

    def __init__(self, org: Organisation, key: str, denied: Collection[str], limits: Limits) -> None:
        self._views = Views(org)
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
        endpoint = BY_PATH.get(call.path)
        if endpoint is None:
            raise Problem(404, "not_found", f"Nothing lives at {call.path}.")
        if endpoint.scope in self._denied:
            raise Problem(
                403, "missing_required_scope", "The key may not do this.", metadata={"scope": str(endpoint.scope)}
            )
        query = _checked(endpoint, call.params)
        for param in endpoint.params:
            named = query.get(param.name, ("",))[0]
            if param.parent and param.name in query and not self._views.by(param.parent, param.parent_field, named):
                raise Problem(404, "resource_not_found", f"No such {param.name}.", field=param.name)
        if endpoint.single:
            return {endpoint.key: self._views.rows(endpoint.path)[0]}
        view = self._views.view(endpoint, query)
        body = endpoint.body(view.rows, query, self._views.now) if endpoint.body else _page(endpoint, query, view)
        if endpoint.beside:
            key, path, param_name = endpoint.beside
            body[key] = self._views.by(path, "id", query[param_name][0])[0]
        return body


def _request_id(call: Call) -> str:
    return f"req-{call.number:08d}"


def _made_up(call: Call, fault: Fault) -> Answer:
    status = fault.status or 200
    if fault.body is None:
        body = json.dumps(Problem(status, "made_up", "Something went wrong on purpose.").body(_request_id(call)))
    else:
        body = fault.body
    return Answer(status, body.encode(), {"Content-Type": fault.content_type})


def _checked(endpoint: Endpoint, params: tuple[tuple[str, str], ...]) -> Query:
    known = {param.name: param for param in _params(endpoint)}
    query: dict[str, tuple[str, ...]] = {}
    for name, value in params:
        if name not in known:
            raise invalid(name, "The stand-in does not know this parameter here.", "unknown_parameter")
        if name in query and not known[name].repeats:
            raise invalid(name, "Once is enough.")
        if known[name].values and value not in known[name].values:
            raise invalid(name, f"One of {', '.join(known[name].values)}.")
        query[name] = (*query.get(name, ()), value)
    times.check(known, query)
    for param in known.values():
        if param.required and param.name not in query:
            raise invalid(param.name, "It does not go without.", "is_required")
    if endpoint.exactly_one and len(query.keys() & set(endpoint.exactly_one)) != 1:
        raise invalid(endpoint.exactly_one[0], f"Exactly one of {', '.join(endpoint.exactly_one)}.")
    return query


def _params(endpoint: Endpoint) -> tuple[Param, ...]:
    if endpoint.paging is None:
        return endpoint.params
    return (*endpoint.params, Param("page_size", required=endpoint.paging.required), Param("after"))


def _page_size(query: Query, largest: int) -> int:
    text = query.get("page_size", (str(DEFAULT_PAGE_SIZE),))[0]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= largest):
        raise invalid("page_size", f"A whole number from 1 to {largest}.")
    return int(text)


def _page(endpoint: Endpoint, query: Query, view: View) -> dict[str, Any]:
    paging = endpoint.paging
    if paging is None:
        return {endpoint.key: list(view.rows)}
    size = _page_size(query, paging.largest)
    start = 0
    if "after" in query:
        last = query["after"][0]
        if last not in view.places:
            if paging.unknown_after == 404:
                raise Problem(404, "resource_not_found", "No such row.", field="after")
            raise invalid("after", "No row of this list has that id.")
        start = view.places[last] + 1
    rows: list[Row] = list(view.rows[start : start + size])
    shaped = [endpoint.shape(row, size) for row in rows] if endpoint.shape else rows
    meta: dict[str, Any] = {"page_size": size}
    if paging.total:
        meta["total_record_count"] = len(view.rows)
    if start + size < len(view.rows) or (paging.empty_page and len(rows) == size):
        return {endpoint.key: shaped, "pagination_meta": meta | {"after": rows[-1]["id"]}}
    if paging.end is End.NO_META:
        return {endpoint.key: shaped}
    ends: dict[End, dict[str, Any]] = {End.ABSENT: {}, End.NULL: {"after": None}, End.EMPTY: {"after": ""}}
    return {endpoint.key: shaped, "pagination_meta": meta | ends[paging.end]}
