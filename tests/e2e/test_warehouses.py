"""models/ for Snowflake and BigQuery, without an account: emulators and Google's analyzer of SQL in place of them.

Each check sees what the others can't. The emulator of Snowflake takes names in any case, so sqlglot checks these by
Snowflake's rules. Google's analyzer refuses what BigQuery does and has no rows, so DuckDB runs a translation.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tap_incident.protocol.catalog import discover
from tests.fake_api import FakeApi, Organisation
from tests.support.runs import Json

from .answers import MARTS, comparable
from .dbt import MODELS
from .environments import KEPT, NoPython, loader_command, output
from .loaders import BIGQUERY, WAREHOUSES
from .pipes import pipe
from .sample import NEEDED, SETTINGS

SCRIPTS = Path(__file__).parent / "scripts"
# The analyzer has 400 MB of source, which Go compiles once and keeps; without optimization, a third faster.
BUILD = ("-C", str(SCRIPTS / "googlesql"), "-gcflags=all=-N -l")
BUILD_SECONDS = 1800


@pytest.fixture(scope="session")
def messages(tap: Path, sample_api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the messages of the streams that models read."""
    folder = tmp_path_factory.mktemp("warehouses")
    (folder / "catalog.json").write_text(json.dumps(NEEDED))
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    command = [str(tap), "--catalog", str(folder / "catalog.json"), "--config", str(folder / "settings.json")]
    piped = pipe(command, ["/bin/cat"], sample_api, folder).succeeded()
    (folder / "printed.jsonl").write_text(piped.printed, "utf-8")
    return folder / "printed.jsonl"


def script(name: str, *arguments: Path | str) -> Any:
    """What a script of dbt-warehouses prints: JSON in its last line, behind what dbt prints."""
    printed = output(str(loader_command(WAREHOUSES)), str(SCRIPTS / name), *map(str, arguments))
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
    try:
        python = loader_command(BIGQUERY)
    except NoPython as reason:
        pytest.skip(str(reason))
    schemas, columns = (tmp_path_factory.mktemp("columns") / name for name in ("schemas.json", "columns.json"))
    schemas.write_text(json.dumps({stream["tap_stream_id"]: stream["schema"] for stream in discover()["streams"]}))
    columns.write_text(output(str(python), str(SCRIPTS / "bigquery_types.py"), str(schemas)))
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
    return {**found, "wanted": {mart: [] if request.param == "nothing" else MARTS[mart](sample) for mart in MARTS}}


@pytest.fixture(scope="session")
def analyzer() -> Path:
    """Google's analyzer of SQL, compiled."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Google's analyzer of SQL needs Go")
    output(go, "build", *BUILD, "-o", str(KEPT / "googlesql"), ".", seconds=BUILD_SECONDS)
    return KEPT / "googlesql"


def test_all_models_and_data_tests_pass_on_snowflake(snowflake: Json) -> None:
    assert {status for status, _ in snowflake["statuses"].values()} == {"success", "pass", "warn"}, snowflake[
        "statuses"
    ]
    # Of alerts whose source was deleted.
    assert all("alert_source" in name for name, (status, _) in snowflake["statuses"].items() if status == "warn")
    models = sum(1 for folder in ("base", "staging", "marts") for _ in (MODELS / folder).glob("*.sql"))
    assert sum(status == "success" for status, _ in snowflake["statuses"].values()) == models


def test_snowflake_refuses_no_statement(snowflake: Json) -> None:
    assert snowflake["refused"] == []


@pytest.mark.parametrize("mart", MARTS)
def test_marts_have_the_answers_on_snowflake(mart: str, snowflake: Json, sample: Organisation) -> None:
    wanted = MARTS[mart](sample)
    assert comparable(snowflake["rows"][mart], [*wanted[0]]) == comparable(wanted, [*wanted[0]])


def test_bigquery_refuses_no_type_model_or_data_test(bigquery: Json, analyzer: Path) -> None:
    assert {query["name"] for query in bigquery["queries"]} > set(MARTS)
    given = json.dumps(bigquery["queries"])
    done = subprocess.run([analyzer], input=given, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout) == {}


def test_marts_have_the_answers_by_the_queries_for_bigquery(bigquery: Json) -> None:
    assert bigquery["failed"] is None
    for mart, wanted in bigquery["wanted"].items():
        names = [*wanted[0]] if wanted else []
        assert comparable(bigquery["rows"][mart], names) == comparable(wanted, names), mart


def test_models_say_that_they_do_not_support_redshift(tmp_path: Path) -> None:
    at = {"host": "127.0.0.1", "port": 9, "user": "none", "password": "none", "dbname": "none", "schema": "none"}
    profile = {"tap_incident": {"target": "it", "outputs": {"it": {"type": "redshift", **at}}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    places = ["--profiles-dir", tmp_path, "--target-path", tmp_path / "target", "--log-path", tmp_path]
    dbt = loader_command(WAREHOUSES).parent / "dbt"
    command = [str(part) for part in (dbt, "compile", "--no-populate-cache", "--project-dir", MODELS, *places)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "the models don't support redshift" in done.stdout
