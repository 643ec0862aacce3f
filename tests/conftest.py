"""What the tests share: whole runs of `main` against the stand-in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tap_incident import main
from tests.fake_api import NOW, FakeApi
from tests.support.runs import KEY, Run, parsed
from tests.support.thorough import THOROUGH

Tap = Callable[..., Run]
Printed = Callable[..., tuple[int, str, str]]

# The generated examples are the same in each run.
settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True, database=None)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=1000)
settings.load_profile("thorough" if THOROUGH else "quick")


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on a key, an endpoint or a proxy that the machine's user happens to have set."""
    proxies = [f"{kind}_PROXY" for kind in ("ALL", "HTTP", "HTTPS", "NO")]
    for name in ("INCIDENT_API_KEY", "INCIDENT_ENDPOINT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", *proxies):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in (name for name in os.environ if name.startswith("TAP_INCIDENT_")):
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def tap(tmp_path_factory: pytest.TempPathFactory) -> Tap:
    """Run `main` against a fake: tap(fake, catalog=..., state=..., properties=..., settings=...) gives a Run."""
    return partial(run_tap, tmp_path_factory.mktemp("tap"))


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Printed:
    """Run `main` with more options: printed(fake, "--check", settings=...) gives the exit code, stdout and stderr."""

    def run(fake: FakeApi, *options: str, settings: dict[str, Any] | None = None, **files: Any) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*options, *_options(tmp_path, fake, settings, files)], clock=lambda: NOW)
        return code, *capsys.readouterr()

    return run


def _options(folder: Path, fake: FakeApi, settings: dict[str, Any] | None, files: dict[str, Any]) -> list[str]:
    config = {"api_key": KEY, "endpoint": fake.url, **(settings or {})}
    options = []
    for name, content in {"config": config, **files}.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        options += [f"--{name}", str(path)]
    return options


def run_tap(
    folder: Path, fake: FakeApi, *, settings: dict[str, Any] | None = None, now: datetime = NOW, **files: Any
) -> Run:
    """Run `main` with these files, written to `folder`. The time is the `now` of the stand-in's organisation."""
    with redirect_stdout(TextIOWrapper(BytesIO(), "utf-8", newline="")) as out:
        code = main(_options(folder, fake, settings, files), clock=lambda: now)
        out.flush()
    return Run(code, parsed(out.buffer.getvalue().decode()))
