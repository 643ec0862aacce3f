"""models/ for Snowflake and BigQuery, without an account: emulators and Google's analyzer of SQL in place of them.

Each check sees what the others can't. The emulator of Snowflake takes names in any case, so sqlglot checks these by
Snowflake's rules. Google's analyzer refuses what BigQuery does and has no rows, so DuckDB runs a translation.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tests.fake_api import Organisation
from tests.support.runs import Json

from .dbt import MODELS, comparable
from .loaders import BIGQUERY, KEPT, WAREHOUSES, ended, loader_command, output

SCRIPTS = Path(__file__).parent / "scripts"
# The analyzer has 400 MB of source, which Go compiles once and keeps; without optimization, a third faster.
BUILD = ("-C", str(SCRIPTS / "googlesql"), "-gcflags=all=-N -l")
BUILD_SECONDS = 1800


def script(name: str, *arguments: Path | str) -> Any:
    """What a script of dbt-warehouses prints: JSON in its last line, behind what dbt prints."""
    printed = output(loader_command(WAREHOUSES), SCRIPTS / name, *arguments)
    return json.loads(printed.splitlines()[-1])


@pytest.fixture(scope="session")
def snowflake(messages: Path, sample: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What came of `dbt build` on the emulator."""
    now, folder = json.dumps({"incident_now": sample.now.isoformat()}), tmp_path_factory.mktemp("snowflake")
    found: Json = script("build_snowflake.py", messages, MODELS, folder, now)
    return found


@pytest.fixture(scope="session")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the columns that the loader would make of all streams in BigQuery."""
    schemas, columns = (tmp_path_factory.mktemp("columns") / name for name in ("schemas.json", "columns.json"))
    schemas.write_text(json.dumps({stream["tap_stream_id"]: stream["schema"] for stream in discover()["streams"]}))
    columns.write_text(output(loader_command(BIGQUERY), SCRIPTS / "bigquery_types.py", schemas))
    return columns


@pytest.fixture(scope="session", params=["all streams", "nothing"])
def bigquery(
    request: pytest.FixtureRequest,
    columns: Path,
    messages: Path,
    sample: Organisation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Json:
    """What came of `dbt compile` for BigQuery where all streams are loaded, and where none is."""
    folder = tmp_path_factory.mktemp("bigquery")
    (folder / "none.json").write_text("{}")
    loaded = folder / "none.json" if request.param == "nothing" else columns
    now = json.dumps({"incident_now": sample.now.isoformat()})
    found: Json = script("build_bigquery.py", loaded, messages, MODELS, folder, now)
    return {**found, "loaded": request.param != "nothing"}


@pytest.fixture(scope="session")
def analyzer() -> Path:
    """Google's analyzer of SQL, compiled."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Google's analyzer of SQL needs Go")
    output(go, "build", *BUILD, "-o", str(KEPT / "googlesql"), ".", timeout=BUILD_SECONDS)
    return KEPT / "googlesql"


def test_all_models_and_data_tests_pass_on_snowflake(snowflake: Json) -> None:
    # The source of some alerts was deleted.
    found = {name: status for name, (status, _) in snowflake["statuses"].items() if "alert_source_id" not in name}
    assert {*found.values()} == {"success", "pass"}, snowflake["statuses"]
    models = sum(1 for folder in ("base", "staging", "marts") for _ in (MODELS / folder).glob("*.sql"))
    assert sum(status == "success" for status, _ in snowflake["statuses"].values()) == models


def test_snowflake_refuses_no_statement(snowflake: Json) -> None:
    assert snowflake["refused"] == []


def test_marts_have_the_answers_on_snowflake(snowflake: Json, marts: Mapping[str, list[Json]]) -> None:
    for mart, wanted in marts.items():
        assert comparable(snowflake["rows"][mart], wanted) == comparable(wanted, wanted), mart


def test_bigquery_refuses_no_type_model_or_data_test(
    bigquery: Json, analyzer: Path, marts: Mapping[str, list[Json]]
) -> None:
    assert {query["name"] for query in bigquery["queries"]} > marts.keys()
    given = json.dumps(bigquery["queries"])
    assert json.loads(output(analyzer, input=given)) == {}


def test_marts_have_the_answers_by_the_queries_for_bigquery(bigquery: Json, marts: Mapping[str, list[Json]]) -> None:
    assert bigquery["failed"] is None
    for mart, rows in marts.items():
        wanted = rows if bigquery["loaded"] else []
        assert comparable(bigquery["rows"][mart], rows) == comparable(wanted, rows), mart


def test_models_say_that_they_do_not_support_redshift(tmp_path: Path) -> None:
    at = {"host": "127.0.0.1", "port": 9, "user": "none", "password": "none", "dbname": "none", "schema": "none"}
    profile = {"tap_incident": {"target": "it", "outputs": {"it": {"type": "redshift", **at}}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    places: list[str | Path] = ["--profiles-dir", tmp_path, "--target-path", tmp_path / "t", "--log-path", tmp_path]
    dbt = loader_command(WAREHOUSES).parent / "dbt"
    done = ended(dbt, "compile", "--no-populate-cache", "--project-dir", MODELS, *places)
    assert done.returncode != 0
    assert "the models don't support redshift" in done.stdout
