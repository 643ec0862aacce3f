"""Runs without a catalog: the setting `streams`, and the shortest catalog."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.conftest import Tap
from tests.fake_api import FakeApi, organisation
from tests.support.runs import asked, check


@pytest.mark.parametrize("streams", [["severities", "teams", "!teams"], "severities,!teams"])
def test_setting_streams_says_what_is_read(tap: Tap, streams: Any) -> None:
    with FakeApi(organisation(3)) as fake:
        run = tap(fake, settings={"streams": streams})
    check(run)
    assert (run.code, run.streams(), asked(fake)) == (0, ["severities"], ["/v1/severities"])


def test_setting_streams_is_not_used_with_a_catalog_and_the_log_says_so(
    tap: Tap, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = {"streams": [{"tap_stream_id": "severities"}]}
    with FakeApi(organisation(3)) as fake, caplog.at_level(logging.INFO):
        run = tap(fake, settings={"streams": ["users"]}, catalog=catalog)
    assert (run.code, run.streams()) == (0, ["severities"])
    assert [line for line in caplog.messages if "The setting streams is not used" in line]


@pytest.mark.parametrize("streams", [["incident"], ["users", "!*"]])
def test_setting_streams_that_selects_nothing_is_an_error(
    tap: Tap, caplog: pytest.LogCaptureFixture, streams: list[str]
) -> None:
    with FakeApi(organisation(1)) as fake:
        run = tap(fake, settings={"streams": streams})
    assert (run.code, run.messages, fake.requests) == (1, [], [])
    assert caplog.messages[-1] == "The setting streams selects no stream: nothing to read"
