"""Meltano with the project of its guide, examples/meltano.yml: it runs the tap in ways that a shell does not.

It calls --discover with a --state beside it, gives catalogs in which keys are deselected, and keeps no state but the
last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from tap_incident.streams import STREAMS
from tests.fake_api import FakeApi, Fault, Organisation
from tests.support.runs import KEY, Json, cursor, key_of, there

from .meltano import Project

STREAM_PATHS = {stream.name: stream.path for stream in STREAMS}
DEFAULT = sorted(stream.name for stream in STREAMS if stream.selected_by_default)


def keys(project: Project, stream: str) -> list[tuple[str, ...]]:
    """The keys of what was loaded."""
    return [key_of(stream, row) for row in project.rows(stream)]


def complete(project: Project, org: Organisation) -> None:
    """All that there is was loaded at least once."""
    assert sorted(path.stem for path in project.loaded.iterdir()) == DEFAULT
    for stream in DEFAULT:
        assert set(keys(project, stream)) == {key_of(stream, row) for row in there(org, stream)}, stream


def test_a_run_loads_everything_once_and_leaves_a_state_that_is_finished(
    project: Project, api: FakeApi, org: Organisation
) -> None:
    before = len(api.requests)
    done = project.run(api)
    assert done.returncode == 0, done.stderr[-5000:]
    # Nothing but what the tap asks: Meltano neither asks its hub nor tells of its use.
    known = {"/v1/identity", *STREAM_PATHS.values()}
    assert {request.path for request in api.requests[before:]} <= known
    complete(project, org)
    for stream in DEFAULT:
        assert len(keys(project, stream)) == len(there(org, stream)), stream
    assert project.state() == {"bookmarks": {}}
    assert KEY not in done.stdout + done.stderr


def refused(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
    """Refuses all but the first page of alerts, for good."""
    return Fault(status=401) if path == "/v2/alerts" and "after" in params else None


def test_a_run_that_was_refused_part_way_is_gone_on_with_and_nothing_is_lost(
    project: Project, org: Organisation
) -> None:
    with FakeApi(org, faults=refused) as api:
        port = int(api.url.rsplit(":", 1)[1])
        assert project.run(api).returncode == 1
    assert cursor(project.state(), "alerts")
    assert len(keys(project, "alerts")) < len(there(org, "alerts"))
    with FakeApi(org, port=port) as api:
        done = project.run(api)
        assert done.returncode == 0, done.stderr[-5000:]
        assert "after" in next(dict(request.params) for request in api.requests if request.path == "/v2/alerts")
    # With the state beside it.
    assert "Running catalog discovery" in done.stderr
    complete(project, org)
    assert len(keys(project, "alerts")) == len(there(org, "alerts"))
    assert project.state() == {"bookmarks": {}}


def test_rules_select_streams_and_fields_and_keys_always_come(
    project: Project, api: FakeApi, org: Organisation
) -> None:
    rules = ["severities.name", "actions.description", "incidents.*", "!incidents.*_at", "!incidents.creator"]
    done = project.run(api, TAP_INCIDENT__SELECT=json.dumps(rules))
    assert done.returncode == 0, done.stderr[-5000:]
    catalog = json.loads((project.folder / ".meltano" / "run" / "tap-incident" / "tap.properties.json").read_text())
    (severities,) = (entry for entry in catalog["streams"] if entry["tap_stream_id"] == "severities")
    (key,) = (entry for entry in severities["metadata"] if entry["breadcrumb"] == ["properties", "id"])
    assert key["metadata"] == {"inclusion": "automatic", "selected": False}, "Meltano no longer deselects keys"
    assert sorted(path.stem for path in project.loaded.iterdir()) == ["actions", "incidents", "severities"]
    assert {tuple(row) for row in project.rows("severities")} == {("id", "name")}
    assert {frozenset(row) for row in project.rows("actions")} == {frozenset({"id", "incident_id", "description"})}
    (columns,) = {frozenset(row) for row in project.rows("incidents")}
    assert {"id", "name", "updates"} < columns
    assert not {"creator", "created_at", "updated_at"} & columns
    assert len(project.rows("incidents")) == len(there(org, "incidents"))


def values(row: Json, *names: str) -> list[str]:
    """What a row has under these names, at every depth."""
    found = [str(value) for name, value in row.items() if name in names and value]
    inner = [part for value in row.values() for part in (value if isinstance(value, list) else [value])]
    return found + [each for part in inner if isinstance(part, dict) for each in values(part, *names)]


def test_rules_reach_into_lists(project: Project, api: FakeApi, org: Organisation) -> None:
    rules = ["incidents.*", "escalations.*", "schedules.*", "users.*", "!*.*email", "!incidents.updates*updater"]
    done = project.run(api, TAP_INCIDENT__SELECT=json.dumps(rules))
    assert done.returncode == 0, done.stderr[-5000:]
    for stream in ("incidents", "escalations", "schedules", "users"):
        assert any(values(row, "email") for row in there(org, stream)), stream
        assert not any(values(row, "email") for row in project.rows(stream)), stream
        assert any(values(row, "slack_user_id") for row in project.rows(stream)), stream
    updates = [update for row in project.rows("incidents") for update in row["updates"]]
    assert updates
    assert not any("updater" in update for update in updates)
    assert all("message" in update for update in updates)


def test_personal_data_can_be_excluded_with_a_setting(project: Project, api: FakeApi) -> None:
    done = project.run(api, TAP_INCIDENT_EXCLUDE_PERSONAL_DATA="true", TAP_INCIDENT_REQUEST_TIMEOUT="60.5")
    assert done.returncode == 0, done.stderr[-5000:]
    for stream in DEFAULT:
        assert not any(values(row, "email", "slack_user_id") for row in project.rows(stream)), stream
    assert all(row["id"] and "name" not in row for row in project.rows("users"))


def test_log_lines_arrive_with_their_level(project: Project, org: Organisation) -> None:
    with FakeApi(org, denied={"users.view"}) as api:
        done = project.run(api)
        assert done.returncode == 1
        assert re.search(r"\[warning +\].* users: skipped: the key lacks the permission users\.view", done.stderr)
        assert re.search(r"\[critical +\].* The key may not read all that is selected: users", done.stderr)
        done = project.run(api, TAP_INCIDENT_API_KEY="wrong")
    assert re.search(r"\[critical +\].* status 401", done.stderr)


def test_the_configuration_can_be_tested(project: Project, api: FakeApi) -> None:
    done = project.meltano(api, "config", "test", "tap-incident")
    assert (done.returncode, "Plugin configuration is valid" in done.stdout + done.stderr) == (0, True), done.stderr
    done = project.meltano(api, "config", "test", "tap-incident", TAP_INCIDENT_API_KEY="wrong")
    assert done.returncode != 0
