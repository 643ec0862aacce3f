"""What the suite shares, each made once a session: the tap, what it reads, the server, and the way into a loader."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from tap_incident.streams import BY_NAME
from tests.fake_api import FakeApi, Organisation, organisation
from tests.support.runs import Json, there

from .dbt import built, files, layout, marts, messages, sample, sample_api
from .loaders import Loader, Piped, loader_command, pipe, tap_command
from .pages import copied
from .postgres import Server, serving

# One more than a double counts to without gaps, on both sides of zero, and the ends of 64 bits.
INTEGERS = (2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 0)
TEXTS = (
    "",
    "line\nfeed, carriage\r\nreturn, \ttab, and a backslash \\",
    'quotes: " \' ` "" \'\' \\"',
    "\\N",
    "control \x01 \x1f \x7f, separators \u2028 \u2029, byte order mark \ufeff, 𝒻𝑜𝓊𝓇 bytes",
    "x" * 70_000,
)
# The first is the unset moment of Go, in which the API is written.
MOMENTS = ("0001-01-01T00:00:00Z", "2024-03-10T23:59:58.123456789Z")
HARD: dict[str, list[Json]] = {
    "actions": [{"created_at": moment} for moment in MOMENTS],
    "incident_roles": [{"name": "Hard", "description": text} for text in TEXTS],
    "severities": [{"rank": rank} for rank in INTEGERS],
}
"""What the rows that are planted have of their own, by stream."""
Pour = Callable[..., Piped]
__all__ = ["built", "files", "layout", "marts", "messages", "sample", "sample_api"]


@pytest.fixture(scope="session")
def tap() -> Path:
    """The tap's command, installed from a wheel."""
    return tap_command()


@pytest.fixture(scope="session")
def org() -> Organisation:
    """What there is to read, and the rows of `HARD` beside that; not to be changed."""
    org = organisation(40)
    for stream, hard in HARD.items():
        # Of the last row that is read at all: lists are asked for oldest first, and some belong to test incidents.
        model = there(org, stream)[-1]
        org.rows[BY_NAME[stream].path] += [
            deepcopy(model) | {"id": f"Z{stream.upper()}{place:03d}"} | row for place, row in enumerate(hard)
        ]
    return org


@pytest.fixture(scope="session")
def api(org: Organisation) -> Iterator[FakeApi]:
    """The stand-in that serves it."""
    with FakeApi(org) as fake:
        yield fake


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, to run a page's commands in."""
    return copied(tmp_path / "checkout")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def pour(tap: Path, api: FakeApi, tmp_path_factory: pytest.TempPathFactory) -> Pour:
    """Pipe the tap into a loader: pour(loader, config, settings=..., catalog=..., state=..., api=...).

    `config` goes to the loader's --config, `settings` to the tap's, `catalog` and `state` to the tap, and `api` is
    served in place of the usual. Gives a Piped.
    """

    def run(loader: Loader, config: Json, api: FakeApi = api, settings: Json | None = None, **files: Json) -> Piped:
        folder = tmp_path_factory.mktemp(loader.name)
        (folder / "target.json").write_text(json.dumps(config))
        target = [str(loader_command(loader)), "--config", str(folder / "target.json")]
        options: list[str] = []
        for name, value in {"config": settings or {}, **files}.items():
            (folder / name).write_text(json.dumps(value))
            options += [f"--{name}", str(folder / name)]
        return pipe([str(tap), *options], target, api, folder)

    return run
