"""The API key is in no log, no message and no error."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tap_incident import main
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import always
from tests.support.runs import only

KEYS = {"usual": "inc_live_0123456789abcdef", "odd": '0"k\\e/y+&=%~<>;,{}$(x)', "padded": " \t0815-padded-key \r\n"}
EACH_KEY = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
Ended = Callable[..., str]


def forms(key: str) -> set[str]:
    """What would give the key away: as it is, in JSON, in a URL, and the first half of it."""
    key = key.strip()
    return {key, json.dumps(key)[1:-1], quote(key, safe=""), quote(key).lower(), key[: len(key) // 2]}


def hides(text: str, key: str) -> bool:
    """Whether nothing in the text gives the key away."""
    return not any(form in text for form in forms(key))


@pytest.fixture
def ended(tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Ended:
    """Run `main` with a key against an endpoint: all that it printed, and all that any library logged."""
    caplog.set_level(logging.DEBUG)

    def run(endpoint: str, key: str, code: int = 1, **more: object) -> str:
        files = {"config": {"api_key": key, "endpoint": endpoint, **more}, "catalog": only("users", "severities")}
        for name, content in files.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(content))
        capsys.readouterr()
        assert main([f"--{name}={tmp_path}/{name}.json" for name in files]) == code
        printed = capsys.readouterr()
        return printed.out + printed.err + caplog.text

    return run


def echoing(status: int, key: str) -> Fault:
    """An answer that quotes the key in each place and each form, once where a long text is cut."""
    key = key.strip()
    texts = [f"Bearer {key}", json.dumps(key), f"?key={quote(key, safe='')}", "long " * 98 + key]
    errors = [{"code": said, "message": said, "source": {"field": said}, "metadata": {"scope": said}} for said in texts]
    messages = [{"message": said} for said in texts]
    return Fault(status=status, body=json.dumps({"errors": errors + messages, "type": key, "request_id": texts[2]}))


@EACH_KEY
def test_api_key_is_not_logged_by_a_run_that_succeeds(ended: Ended, key: str) -> None:
    with FakeApi(organisation(2), key=key.strip()) as fake:
        said = ended(fake.url, key, code=0)
    assert all(request.authorization_ok for request in fake.requests)
    assert all(part in said for part in ("urllib3.connectionpool", '"STATE"', '"RECORD"'))
    assert hides(said, key)


@EACH_KEY
@pytest.mark.parametrize("status", [401, 422])
def test_api_key_in_a_refusal_is_replaced_by_asterisks(ended: Ended, key: str, status: int) -> None:
    with FakeApi(organisation(1), faults=always(echoing(status, key))) as fake:
        said = ended(fake.url, key)
    assert f"status {status}, ***, Bearer ***: Bearer ***: Bearer ***" in said
    assert hides(said, key)


@EACH_KEY
def test_api_key_is_not_sent_along_a_redirect(ended: Ended, key: str) -> None:
    with FakeApi(organisation(1), key=key.strip()) as elsewhere:
        away = Fault(status=307, headers={"Location": f"{elsewhere.url}/v2/users?key={quote(key.strip())}"})
        with FakeApi(organisation(1), faults=always(away)) as fake:
            said = ended(fake.url, key)
    assert elsewhere.requests == []
    assert "status 307" in said
    assert hides(said, key)


class Broken:
    """A stdout that raises an error that the tap does not expect."""

    def write(self, text: str) -> int:
        """Fails."""
        raise RuntimeError("nobody foresaw this")

    def flush(self) -> None:
        """Does nothing."""


@EACH_KEY
def test_api_key_is_not_in_the_traceback_of_an_unknown_error(
    ended: Ended, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("sys.stdout", Broken())
    with FakeApi(organisation(1), key=key.strip()) as fake:
        said = ended(fake.url, key)
    assert "Traceback" in said
    assert "nobody foresaw this" in said
    assert "A mistake in the tap (RuntimeError): please report it" in said
    assert hides(said, key)
