"""The sample organisation looks real and stays the same, and a command serves it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

from jsonschema import Draft4Validator

from tests.fake_api import sample_organisation
from tests.fake_api.facts import COMPONENTS, ENDPOINTS
from tests.fake_api.making import instant
from tests.support.fake_client import ask
from tests.support.paths import REPOSITORY

DAY = timedelta(days=1)
TODAY = datetime(2026, 11, 25, 15, 4, 5, tzinfo=timezone.utc)
SERVE = [sys.executable, "-m", "tests.fake_api", "--incidents", "9", "--port", "0", "--deny"]


def test_the_sample_is_valid_and_plain_and_nothing_of_it_is_to_come() -> None:
    org = sample_organisation(400, now=TODAY)
    for endpoint in ENDPOINTS:
        validator = Draft4Validator({**endpoint.item, "components": COMPONENTS})
        for row in org.rows[endpoint.path][:50]:
            assert not [error.message for error in validator.iter_errors(row)], endpoint.path
            assert "null" not in json.dumps(row)
            assert instant(row.get("created_at") or "2024-01-01T00:00:00Z")[0] < TODAY
    opened = [instant(row["created_at"])[0] for row in org.rows["/v2/incidents"]]
    assert {(TODAY - moment).days * 12 // 367 for moment in opened} == set(range(12))


def test_the_sample_is_the_same_each_day_but_for_its_times() -> None:
    first, same, later = (sample_organisation(20, now=TODAY + after) for after in (0 * DAY, DAY / 3, 400 * DAY))
    assert json.dumps(dict(first.rows)) == json.dumps(dict(same.rows))
    for path, found in first.rows.items():
        assert [row.get("id") for row in found] == [row.get("id") for row in later.rows[path]]
    moments = [instant(org.rows["/v2/incidents"][0]["created_at"])[0] for org in (first, later)]
    assert moments[1] - moments[0] == 400 * DAY


def test_the_command_serves_what_its_options_say() -> None:
    found: list[Any] = []
    for change in ("0", "2"):
        command = [*SERVE, "alerts.view", "--change", change, "--rate", "600", "--today", "2026-11-01"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
            assert process.stdout
            url, key, _ = (process.stdout.readline().strip().rpartition("=")[2] for _ in range(3))
            found.append(ask(url, "/v2/incidents").json["incidents"])
            denied = ask(url, "/v2/alerts", [("page_size", "5")])
            process.terminate()
        assert (key, denied.status, denied.headers["X-RateLimit-Limit"]) == ("secret-key", 403, "600, 600;window=60")
    assert [row["id"] for row in found[0]] == [row["id"] for row in found[1]]
    assert [one == other for one, other in zip(*found, strict=True)] == [False] * 2 + [True] * 7
    wrong = subprocess.run([*SERVE, "cooking"], capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert "cooking" in wrong.stderr
