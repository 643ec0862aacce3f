"""--check: what the key may read and what a run will cost; whole runs."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Printed
from tests.fake_api import FakeApi, organisation
from tests.support.faults import at, refusal
from tests.support.logs import critical
from tests.support.runs import Json, only


def outcomes(out: str) -> dict[str, list[str]]:
    """The rest of a line of the table, by stream: the number of rows if it is known, and the outcome."""
    table = out.partition("\n\n")[2].rpartition("\n\n")[0].splitlines()[1:]
    return {line.split()[0]: line.split(maxsplit=2)[1:] for line in table}


def test_check_reports_key_streams_rows_and_cost(printed: Printed) -> None:
    org = organisation(40)
    with FakeApi(org) as fake:
        code, out, _ = printed(fake, "--check")
    assert code == 0
    assert out.startswith('API key "Stand-in key", roles: viewer')
    found = outcomes(out)
    assert {"incidents", "actions", "users", "custom_field_options", "incidents.attachments"} <= found.keys()
    assert {outcome for *_, outcome in found.values()} == {"ok"}
    assert found["severities"] == [str(len(org.rows["/v1/severities"])), "ok"]
    assert re.match(r"The first run takes at least [\d,]+ requests and [\d.]+ s; more if", out.splitlines()[-1])
    assert len(fake.requests) <= 60
    assert {request.status for request in fake.requests} == {200}
    assert all(dict(request.params).get("page_size", "1") == "1" for request in fake.requests)


def test_check_names_a_permission_that_is_missing_as_the_dashboard_does(printed: Printed) -> None:
    with FakeApi(organisation(3), denied=["users.view", "incidents.view"]) as fake:
        code, out, _ = printed(fake, "--check")
    assert code == 0
    assert 'the key lacks the permission users.view (in the dashboard: "View data, like public incidents and' in out
    assert "the key lacks the permission incidents.view" in out
    assert re.search(r"^incidents\.attachments +not asked for: that takes a row of incidents$", out, re.MULTILINE)


USERS_REFUSED = at("/v2/users", refusal(422))


@pytest.mark.parametrize(
    ("api", "streams", "said"),
    [
        ({"denied": ["users.view"]}, ["users", "severities"], "The key may not read all that is selected: users (see"),
        ({"denied": ["users.view"]}, ["user*"], "Nothing could be read (see the table above)"),
        ({"faults": USERS_REFUSED}, ["default"], "Not everything could be read: users (see the table above)"),
    ],
)
def test_check_fails_if_a_sync_would(
    printed: Printed, caplog: pytest.LogCaptureFixture, api: Json, streams: list[str], said: str
) -> None:
    with FakeApi(organisation(3), **api) as fake:
        code, out, _ = printed(fake, "--check", settings={"streams": streams})
    assert code == 1
    assert {outcome for name, (*_, outcome) in outcomes(out).items() if name != "users"} <= {"ok"}
    (line,) = critical(caplog)
    assert said in line


def test_check_takes_a_parent_that_was_deleted_for_one_without_rows(printed: Printed) -> None:
    with FakeApi(organisation(3), faults=at("/v1/incident_attachments", refusal(404))) as fake:
        code, out, _ = printed(fake, "--check")
    assert code == 0
    assert outcomes(out)["incidents.attachments"][-1] == "ok"


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_unknown_name_in_the_setting_streams_is_an_error_when_the_rest_was_read(
    printed: Printed, caplog: pytest.LogCaptureFixture, options: list[str]
) -> None:
    settings = {"streams": ["incidnets", "severities", "!teems", "alert_so*"]}
    with FakeApi(organisation(1)) as fake:
        code, out, _ = printed(fake, *options, settings=settings)
        assert code == 1
        assert "severities" in out
        (line,) = critical(caplog)
        assert "no stream incidnets (did you mean incidents?), teems (did you mean teams?). Correct the setting" in line
        # With a catalog, the setting is not used.
        assert printed(fake, *options, settings=settings, catalog=only("severities"))[0] == 0


def test_check_shows_its_table_though_a_parent_has_an_odd_row(printed: Printed) -> None:
    org = organisation(12)
    for row in org.rows["/v2/alerts"]:
        row["alert_group_ids"] = "x"
    with FakeApi(org) as fake:
        code, out, _ = printed(fake, "--check", catalog=only("alerts", "alert_notes", "users"))
    found = outcomes(out)
    assert (code, found["users"][-1]) == (1, "ok")
    assert "can't be read" in " ".join(found["alert_notes"])
