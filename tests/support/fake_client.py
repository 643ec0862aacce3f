"""How the stand-in's own tests ask it: one request, all pages of a list, and the fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from tests.fake_api import FakeApi, Organisation, organisation
from tests.fake_api.traps import CATEGORIES

KEY = {"Authorization": "Bearer secret-key", "User-Agent": "test/1"}
ALL = [
    *(("mode[one_of]", mode) for mode in ("standard", "retrospective", "test", "tutorial")),
    *(("status_category[one_of]", category) for category in CATEGORIES),
]
Params = list[tuple[str, str]]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """The first error, of a body that has all that an error body must have."""
        assert {"type", "status", "request_id", "errors"} <= self.json.keys()
        assert self.json["status"] == self.status
        return self.json["errors"][0]


def ask(
    api: FakeApi, path: str, params: Params | None = None, headers: dict[str, str] | None = None, method: str = "GET"
) -> Reply:
    connection = HTTPConnection(urlsplit(api.url).netloc, timeout=5)
    try:
        connection.request(method, f"{path}?{urlencode(params or [])}", headers=KEY if headers is None else headers)
        response = connection.getresponse()
        return Reply(response.status, dict(response.headers.items()), response.read().decode())
    finally:
        connection.close()


def page_through(api: FakeApi, path: str, params: Params | None = None) -> Iterator[Any]:
    """The bodies of all pages."""
    after: Params = []
    while True:
        reply = ask(api, path, [*(params or []), *after])
        assert reply.status == 200, reply.text
        yield reply.json
        cursor = reply.json.get("pagination_meta", {}).get("after")
        if not cursor:
            return
        after = [("after", cursor)]


def rows(api: FakeApi, path: str, params: Params | None = None) -> list[Any]:
    key = path.rsplit("/", 1)[1]
    return [row for page in page_through(api, path, params) for row in page[key]]


@pytest.fixture(scope="module")
def org() -> Organisation:
    return organisation(40)


@pytest.fixture(scope="module")
def api(org: Organisation) -> Iterator[FakeApi]:
    with FakeApi(org) as running:
        yield running
