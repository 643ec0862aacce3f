"""Texts with characters that databases refuse; whole runs."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import check, only


def test_text_that_databases_refuse_is_replaced_with_one_warning_per_stream(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    org = organisation(3)
    rows = [row | {"name": "a\ud800b\x00c 👩‍🚒"} for row in org.rows["/v2/users"]]
    answer = Fault(status=200, body=json.dumps({"users": rows}), content_type="application/json")
    with FakeApi(org, faults=lambda number, path, params: answer if path == "/v2/users" else None) as fake:
        run = tap(fake, catalog=only("users", "severities"))
    assert run.code == 0
    check(run)
    assert {record["name"] for record in run.records("users")} == {"a\ufffdb\ufffdc 👩‍🚒"}
    assert len(run.records("users")) == len(rows) > 1
    (line,) = (record.getMessage() for record in caplog.records if "U+FFFD" in record.getMessage())
    assert line.startswith("users: ")
