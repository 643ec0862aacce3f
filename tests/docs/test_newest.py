"""Where make facts and make schema-drift get the document: a file, the API, or the vendor's SDK."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tap_incident.errors import BadKey
from tests.fake_api import FakeApi, Fault, Organisation
from tests.fake_api.facts import CONTENT
from tests.support.runs import Json
from tools.facts import kept, newest_facts
from tools.openapi import PATH, newest

DOCUMENT: Json = {
    "info": {"version": "1.0.0"},
    "paths": {
        "/v1/severities": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"properties": {"severities": {"type": "array", "items": {"type": "string"}}}}
                            }
                        }
                    }
                },
            },
            "post": {},
        },
        "/v1/only_written": {"post": {}},
    },
}


def served() -> FakeApi:
    """An API that serves the document."""
    body = json.dumps(DOCUMENT)
    return FakeApi(Organisation(), faults=lambda number, path, params: Fault(status=200, body=body))


def test_a_file_comes_before_the_api(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    with served() as api:
        found = newest(str(path), {"INCIDENT_API_KEY": "secret-key", "INCIDENT_ENDPOINT": api.url})
        assert api.requests == []
    assert (found.name, found.content, found.whole) == (str(path), DOCUMENT, True)


def test_the_api_serves_its_own_document_to_a_key() -> None:
    with served() as api:
        name, facts = newest_facts(None, {"INCIDENT_API_KEY": "secret-key", "INCIDENT_ENDPOINT": api.url}, CONTENT)
        (request,) = api.requests
    assert (request.path, request.authorization_ok) == (PATH, True)
    assert name == api.url + PATH
    assert list(facts["endpoints"]) == ["/v1/severities"]
    # A whole document says all there is to say: no scope means that any key may read the list.
    assert facts["endpoints"]["/v1/severities"]["scope"] is None


def test_a_key_that_the_api_refuses_is_an_error() -> None:
    with FakeApi(Organisation()) as api, pytest.raises(BadKey):
        newest(None, {"INCIDENT_API_KEY": "wrong", "INCIDENT_ENDPOINT": api.url})


def test_without_a_key_the_sdk_is_asked_in_its_own_environment(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps(DOCUMENT)}'\n")
    python.chmod(0o755)
    found = newest(None, {}, python)
    assert (found.name, found.content, found.whole) == ("the SDK incident-io 1.0.0", DOCUMENT, False)


def test_an_environment_without_the_sdk_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        newest(None, {}, Path(sys.executable))


def test_what_the_sdk_lacks_is_kept_from_the_present_facts() -> None:
    found = copy.deepcopy(CONTENT)
    incidents = found["endpoints"]["/v2/incidents"]
    incidents["scope"] = None
    del incidents["paging"]["page_size"]["maximum"]
    rank = found["components"]["SeverityV1"]["properties"]["rank"]
    del rank["format"]
    assert found != CONTENT
    assert kept(found, CONTENT) == CONTENT


def test_what_is_new_has_an_unknown_scope_and_nothing_kept() -> None:
    found = copy.deepcopy(CONTENT)
    found["endpoints"]["/v9/things"] = {**found["endpoints"]["/v1/severities"], "scope": None}
    # A format belongs to a type: with another type it is void.
    found["components"]["SeverityV1"]["properties"]["rank"] = {"type": "string"}
    merged = kept(found, CONTENT)
    assert merged["endpoints"]["/v9/things"]["scope"] == "unknown"
    assert merged["components"]["SeverityV1"]["properties"]["rank"] == {"type": "string"}
