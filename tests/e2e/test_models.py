"""models/: `dbt build` on what each loader stores and on files, and its marts against the rows of the stand-in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.fake_api import FakeApi, Organisation, sample_organisation
from tests.support.catalogs import EVERYTHING
from tests.support.runs import there
from tools.run import write

from .answers import MARTS, comparable
from .conftest import Pour
from .dbt import MODELS, Built, Layout, bin_folder, build, in_duckdb, in_files, in_postgres
from .environments import output
from .pipes import pipe
from .postgres import Server
from .targets import DUCKDB_TARGET, MELTANO_TARGET, PIPELINEWISE_TARGET, Filled, Place, Target

KINDS = ("base", "staging", "marts")
LAYOUTS: dict[str, Target | None] = {
    "meltano": MELTANO_TARGET,
    "pipelinewise": PIPELINEWISE_TARGET,
    "duckdb": DUCKDB_TARGET,
    "files": None,
}


@pytest.fixture(scope="module")
def sample() -> Organisation:
    """The organisation that make run reads."""
    return sample_organisation(200, now=datetime.now(timezone.utc))


@pytest.fixture(scope="module")
def sample_api(sample: Organisation) -> Iterator[FakeApi]:
    """The stand-in that serves it."""
    with FakeApi(sample) as fake:
        yield fake


def layout_of(place: Place, marts: Path) -> Layout:
    """What dbt has to know of where a loader stored."""
    if place.database is not None:
        return in_postgres(place.database)
    return in_duckdb(Path(place.config["path"]), marts)


@pytest.fixture(scope="module", params=LAYOUTS)
def layout(
    request: pytest.FixtureRequest,
    pour: Pour,
    tap: Path,
    sample_api: FakeApi,
    tmp_path_factory: pytest.TempPathFactory,
) -> Layout:
    """Each database, and the folder of files, with every row of every stream of the sample organisation."""
    folder = tmp_path_factory.mktemp(f"sample-{request.param}")
    target = LAYOUTS[request.param]
    if target:
        place = target.place(request, folder)
        pour(target.loader, place.config, api=sample_api, catalog=EVERYTHING).loaded()
        return layout_of(place, folder / "marts.duckdb")
    (folder / "catalog.json").write_text(json.dumps(EVERYTHING))
    command = [str(tap), "--catalog", str(folder / "catalog.json")]
    piped = pipe(command, ["/bin/cat"], sample_api, folder).succeeded()
    write(piped.printed.splitlines(), folder / "output")
    return in_files(folder / "output", folder / "marts.duckdb")


@pytest.fixture(scope="module")
def built(layout: Layout, sample: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`dbt build` on each of them, in the sample's present."""
    return build(layout, tmp_path_factory.mktemp("built"), incident_now=sample.now.isoformat())


def test_all_models_and_tests_of_dbt_pass(built: Built) -> None:
    assert built.code == 0, built.printed[-3000:]
    counts = Counter(built.statuses.values())
    assert counts.keys() == {"success", "pass"}, built.printed[-3000:]
    assert counts["success"] == sum(1 for kind in KINDS for _ in (MODELS / kind).glob("*.sql"))


@pytest.mark.parametrize("mart", MARTS)
def test_marts_have_the_answers(mart: str, layout: Layout, built: Built, sample: Organisation) -> None:
    assert built.code == 0, built.printed[-3000:]
    wanted = MARTS[mart](sample)
    assert len(wanted) > 3
    assert comparable(layout.rows()[mart], [*wanted[0]]) == comparable(wanted, [*wanted[0]])


def test_rows_that_loaders_change_break_no_model(filled: Filled, org: Organisation, tmp_path: Path) -> None:
    layout = layout_of(filled.place, tmp_path / "marts.duckdb")
    built = build(layout, tmp_path)
    assert built.code == 0, built.printed[-3000:]
    assert set(built.statuses.values()) <= {"success", "pass", "warn"}
    rows = layout.rows()
    assert {row["incident_id"] for row in rows["incident_metrics"]} == {row["id"] for row in there(org, "incidents")}
    # These two streams were not selected.
    assert (rows["alert_yield"], rows["on_call_hours"]) == ([], [])


@pytest.mark.parametrize("place", ["postgres", "duckdb", "files"])
def test_nothing_loaded_makes_marts_without_rows(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    if place == "postgres":
        server: Server = request.getfixturevalue("postgres")
        layout = in_postgres(server.create("nothing"))
    elif place == "duckdb":
        output(str(bin_folder() / "python"), "-c", f"import duckdb; duckdb.connect({str(tmp_path / 'loaded')!r})")
        layout = in_duckdb(tmp_path / "loaded", marts)
    else:
        layout = in_files(tmp_path, marts)
    built = build(layout, tmp_path)
    assert built.code == 0, built.printed[-3000:]
    assert set(layout.rows()) == set(MARTS)
    assert not any(layout.rows().values())
    assert "there is no incidents, so what is made of it has no rows" in built.printed
