"""What the tests share: whole runs of `main` against the stand-in."""

from __future__ import annotations

import gc
import json
import os
import ssl
from collections.abc import Callable, Generator, Iterator
from contextlib import redirect_stdout
from datetime import datetime
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
import trustme
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


def pytest_configure() -> None:
    """While tests are collected, nothing becomes garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage only in what comes after the tests: the thousands of them stay until the end."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape lone surrogates in captured output: the channel between the processes of pytest-xdist refuses them."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test depends on a key, an endpoint or a proxy that the machine's user happens to have set."""
    proxies = [f"{kind}_PROXY" for kind in ("ALL", "HTTP", "HTTPS", "NO")]
    for name in ("INCIDENT_API_KEY", "INCIDENT_ENDPOINT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", *proxies):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in (name for name in os.environ if name.startswith("TAP_INCIDENT_")):
        monkeypatch.delenv(name)
    yield


@pytest.fixture
def tap(tmp_path: Path) -> Tap:
    """Run `main` against a fake: tap(fake, catalog=..., state=..., properties=..., settings=...) gives a Run."""
    return partial(run_tap, tmp_path)


@pytest.fixture(scope="session")
def session_tap(tmp_path_factory: pytest.TempPathFactory) -> Tap:
    """The same for fixtures whose run several tests read."""
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


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority that nobody trusts yet."""
    return trustme.CA()


def tls(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    """TLS of a server with the authority's certificate for `host`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one whose certificates the tap accepts."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
