"""--test: SCHEMA and a few rows of each selected stream; whole runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap_incident import main
from tap_incident.streams import BY_NAME
from tests.fake_api import NOW, FakeApi, organisation
from tests.support.runs import KEY, Json, Run, check, only, parsed

Sample = Callable[..., Run]


@pytest.fixture
def sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sample:
    """Run --test."""

    def run(fake: FakeApi, catalog: Json, **settings: Any) -> Run:
        for name, content in {"config": {"api_key": KEY, "endpoint": fake.url, **settings}, "catalog": catalog}.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(content))
        arguments = ["--test", "--config", str(tmp_path / "config.json"), "--catalog", str(tmp_path / "catalog.json")]
        code = main(arguments, clock=lambda: NOW)
        return Run(code, parsed(capsys.readouterr().out))

    return run


def test_sample_has_the_schema_and_a_few_rows_of_each_stream(sample: Sample) -> None:
    with FakeApi(organisation(20)) as fake:
        run = sample(fake, only(*BY_NAME))
        requests = len(fake.requests)
    # As of a sync, but its records are valid only: no STATE says how far it is.
    check(Run(1, run.messages))
    assert run.code == 0
    assert run.states() == []
    assert set(run.streams()) == BY_NAME.keys()
    assert all(len(run.records(name)) <= 3 for name in BY_NAME)
    assert {"incidents", "users", "severities", "alerts", "custom_field_options"} <= {
        name for name in BY_NAME if run.records(name)
    }
    assert all(message["time_extracted"] for message in run.messages if message["type"] == "RECORD")
    assert requests < 80


def test_sample_lets_no_target_delete_rows(sample: Sample) -> None:
    with FakeApi(organisation(4)) as fake:
        run = sample(fake, only("users"), activate_version=True)
    assert [message["type"] for message in run.messages] == ["SCHEMA", *["RECORD"] * 3]
    assert not any("version" in message for message in run.messages)
