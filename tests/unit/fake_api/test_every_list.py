"""Every endpoint of facts.json is served: whole, page by page, and as strictly as its facts say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fake_api import FakeApi, Organisation
from tests.fake_api.answers import sent
from tests.fake_api.facts import ENDPOINTS, Endpoint, path_names
from tests.fake_api.traps import CATEGORIES, MODES
from tests.support import fake_client
from tests.support.fake_client import Params, ask

# Fixtures, made anew for each module.
org = fake_client.org
api = fake_client.api

TIMES = {"start_at": "2024-01-01T00:00:00Z", "end_at": "2024-02-01T00:00:00Z", "page_size": "5"}
ALL = [("mode[one_of]", mode) for mode in MODES] + [("status_category[one_of]", category) for category in CATEGORIES]
EACH_MODE: list[Params] = [[("incident_mode", mode)] for mode in (*MODES, "stream")]
SEEN_BY: dict[str, list[Params]] = {
    "/v2/incidents": [ALL],
    "/v2/on_call_notification_pauses": [[("from", "2023-01-01T00:00:00Z")]],
    "/v2/schedule_entries": [
        [("entry_window_start", "2023-12-01T00:00:00Z"), ("entry_window_end", "2024-05-01T00:00:00Z")]
    ],
    "/v2/users": [[("include_inactive", "true")]],
    "/v3/actions": EACH_MODE,
    "/v3/follow_ups": EACH_MODE,
}
"""Parameters of the requests that see all rows, where it takes some."""


def requests(org: Organisation, endpoint: Endpoint) -> Iterator[tuple[str, Params]]:
    """The paths and parameters that see all rows of an endpoint."""
    asked = dict.fromkeys(
        tuple((name, row[parent.kept_as]) for name, parent in endpoint.parents.items() if row.get(parent.kept_as))
        for row in org.rows[endpoint.path]
    )
    for parents in asked:
        path, params = endpoint.path, dict(parents)
        for name in path_names(path):
            path = path.replace(f"{{{name}}}", params.pop(name))
        sized = {**params, **{name: value for name, value in TIMES.items() if name in endpoint.required}}
        for others in SEEN_BY.get(endpoint.path, [[]]):
            yield path, [*sized.items(), *others]


def rows_of(api: FakeApi, endpoint: Endpoint, path: str, params: Params) -> Iterator[Any]:
    """The rows of the answers to one request, page by page."""
    after: Any = None
    while after != "":
        more = {endpoint.paging["cursor"]: after} if after else {}
        body = ask(api.url, path, [*(pair for pair in params if pair[0] not in more), *more.items()]).json
        after = (body.get("pagination_meta") or {}).get("after") or ""
        found = body[endpoint.answer_key] if endpoint.answer_key else body
        lists = found.values() if endpoint.holds == "lists" else [found] if endpoint.holds == "list" else [[found]]
        yield from (row for rows in lists for row in rows)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_every_row_is_served_and_nothing_else_is_accepted(api: FakeApi, org: Organisation, endpoint: Endpoint) -> None:
    asked = list(requests(org, endpoint))
    found = {repr(row) for path, params in asked for row in rows_of(api, endpoint, path, params)}
    assert found == {repr(sent(endpoint, row)) for row in org.rows[endpoint.path]} != set()
    path, params = asked[0]
    unsized = [pair for pair in params if pair[0] != "page_size"]
    for size, status in ((endpoint.largest, 200), (endpoint.largest + 1, 422)) if endpoint.largest else ():
        assert ask(api.url, path, [*unsized, ("page_size", str(size))]).status == status
    for name in endpoint.required:
        reply = ask(api.url, path, [pair for pair in params if pair[0] != name])
        assert (reply.status, reply.error["source"]["field"]) == (422, name)
    for name, parent in endpoint.parents.items():
        known = next(row[parent.kept_as] for row in org.rows[endpoint.path] if row.get(parent.kept_as))
        if name in dict(params) or known in path:
            others = [(key, "gone" if key == name else value) for key, value in params]
            reply = ask(api.url, path.replace(known, "gone"), others)
            assert (reply.status, reply.error["code"]) == (404, "resource_not_found")
