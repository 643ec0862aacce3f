"""How the stand-in's own tests ask it, and their fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from tests.fake_api import FakeApi, Organisation, organisation

KEY = {"Authorization": "Bearer secret-key", "User-Agent": "test/1"}
Params = Sequence[tuple[str, str]]


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


def ask(url: str, path: str, params: Params = (), headers: Mapping[str, str] = KEY, method: str = "GET") -> Reply:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request(method, f"{path}?{urlencode(params)}", headers=headers)
        response = connection.getresponse()
        return Reply(response.status, dict(response.headers.items()), response.read().decode())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def org() -> Organisation:
    return organisation(40)


@pytest.fixture(scope="module")
def api(org: Organisation) -> Iterator[FakeApi]:
    with FakeApi(org) as running:
        yield running
