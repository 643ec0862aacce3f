"""--test: SCHEMA and a few rows of each selected stream; whole runs."""

from __future__ import annotations

from tap_incident.streams import BY_NAME
from tests.conftest import Printed
from tests.fake_api import FakeApi, organisation
from tests.support.runs import Run, check, only, parsed


def test_sample_has_the_schema_and_a_few_rows_of_each_stream(printed: Printed) -> None:
    with FakeApi(organisation(20)) as fake:
        code, out, _ = printed(fake, "--test", catalog=only(*BY_NAME))
    assert code == 0
    # As of a sync, but its records are valid only: no STATE says how far it is.
    run = Run(1, parsed(out))
    check(run)
    assert run.states() == []
    assert set(run.streams()) == BY_NAME.keys()
    assert all(len(run.records(name)) <= 3 for name in BY_NAME)
    assert {"incidents", "users", "severities", "alerts", "custom_field_options"} <= {
        name for name in BY_NAME if run.records(name)
    }
    assert len(fake.requests) < 80


def test_sample_lets_no_target_delete_rows(printed: Printed) -> None:
    with FakeApi(organisation(4)) as fake:
        _, out, _ = printed(fake, "--test", settings={"activate_version": True}, catalog=only("users"))
    assert [message["type"] for message in parsed(out)] == ["SCHEMA", *["RECORD"] * 3]
    assert '"version"' not in out


def test_sample_ignores_a_state(printed: Printed) -> None:
    state = {"bookmarks": {"alerts": {"updated_at": "2099-01-01T00:00:00Z"}}}
    with FakeApi(organisation(4)) as fake:
        method = {"replication_method": "INCREMENTAL"}
        code, out, _ = printed(fake, "--test", settings=method, catalog=only("alerts"), state=state)
    assert (code, [message["type"] for message in parsed(out)]) == (0, ["SCHEMA", *["RECORD"] * 3])
