"""A run that ends early writes its last STATE once more: some targets forget a state at the next RECORD."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conftest import Tap
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.runs import bare, only

CATALOG = bare(only("incidents", "custom_field_options", "alerts"))


def test_last_state_is_written_again_after_a_failure_in_the_middle_of_a_page(tap: Tap) -> None:
    org = organisation(32, rows_per_page=25)
    pages: list[str] = []

    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        if path == "/v3/actions" and params.get("incident_id") == ids[29]:
            return Fault(status=401)
        pages.append(path)
        return None

    ids = [row["id"] for row in sorted(org.rows["/v2/incidents"], key=lambda row: str(row["id"]))]
    modes = {"incident_modes": ["standard", "retrospective", "test", "tutorial"], "child_strategy": "per_incident"}
    with FakeApi(org, faults=faults) as fake:
        run = tap(fake, catalog=bare(only("incidents", "actions")), settings=modes)
    assert run.code == 1
    kinds = [message["type"] for message in run.messages]
    assert kinds[-2:] == ["RECORD", "STATE"]
    assert run.states()[-1] == run.states()[-2]
    assert run.states()[-1]["bookmarks"]["incidents"]["after"]


def test_last_state_is_not_repeated_if_nothing_came_after_it_or_none_was_written(tap: Tap) -> None:
    def faults(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return Fault(status=401) if path == fails else None

    with FakeApi(organisation(20), faults=faults) as fake:
        fails = "/v2/alerts"
        run = tap(fake, catalog=CATALOG, settings={"max_concurrency": 1})
        assert run.code == 1
        assert [message["type"] for message in run.messages].count("STATE") == 2  # One per stream before alerts.
        fails = "/v2/custom_fields"
        run = tap(fake, catalog=only("custom_fields"))
    assert run.messages == []
