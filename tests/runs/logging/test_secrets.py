"""The API key is in no log, no message and no error."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.conftest import Printed
from tests.fake_api import FakeApi, Fault, organisation
from tests.support.faults import always
from tests.support.runs import only

KEYS = {"usual": "inc_live_0123456789abcdef", "odd": '0"k\\e/y+&=%~<>;,{}$(x)', "padded": " \t0815-padded-key \r\n"}
EACH_KEY = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
Said = Callable[..., str]


@pytest.fixture
def said(printed: Printed, caplog: pytest.LogCaptureFixture) -> Said:
    """What a run with this key printed, and what any library logged: none of it may give the key away."""
    caplog.set_level(logging.DEBUG)

    def run(fake: FakeApi, key: str, code: int = 1) -> str:
        found, out, err = printed(fake, settings={"api_key": key}, catalog=only("users", "severities"))
        assert found == code
        text, key = out + err + caplog.text, key.strip()
        # As it is, in JSON, in a URL, and the first half of it.
        for form in (key, json.dumps(key)[1:-1], quote(key, safe=""), quote(key).lower(), key[: len(key) // 2]):
            assert form not in text
        return text

    return run


@EACH_KEY
def test_api_key_is_not_logged_by_a_run_that_succeeds(said: Said, key: str) -> None:
    with FakeApi(organisation(2), key=key.strip()) as fake:
        text = said(fake, key, code=0)
    assert all(request.authorization_ok for request in fake.requests)
    assert all(part in text for part in ("urllib3.connectionpool", '"STATE"', '"RECORD"'))


@EACH_KEY
@pytest.mark.parametrize("status", [401, 422])
def test_api_key_in_a_refusal_is_replaced_by_asterisks(said: Said, key: str, status: int) -> None:
    # The answer quotes the key in each place and each form, once where a long text is cut.
    own = key.strip()
    texts = [f"Bearer {own}", json.dumps(own), f"?key={quote(own, safe='')}", "long " * 98 + own]
    errors = [{"code": each, "message": each, "source": {"field": each}, "metadata": {"scope": each}} for each in texts]
    body = {"errors": [*errors, *({"message": each} for each in texts)], "type": own, "request_id": texts[2]}
    with FakeApi(organisation(1), faults=always(Fault(status=status, body=json.dumps(body)))) as fake:
        assert f"status {status}, ***, Bearer ***: Bearer ***: Bearer ***" in said(fake, key)


@EACH_KEY
def test_api_key_is_not_sent_along_a_redirect(said: Said, key: str) -> None:
    with FakeApi(organisation(1), key=key.strip()) as elsewhere:
        away = Fault(status=307, headers={"Location": f"{elsewhere.url}/v2/users?key={quote(key.strip())}"})
        with FakeApi(organisation(1), faults=always(away)) as fake:
            assert "status 307" in said(fake, key)
    assert elsewhere.requests == []


class Broken:
    """A stdout that raises an error that the tap does not expect."""

    def write(self, text: str) -> int:
        """Fails."""
        raise RuntimeError("nobody foresaw this")

    def flush(self) -> None:
        """Does nothing."""


@EACH_KEY
def test_api_key_is_not_in_the_traceback_of_an_unknown_error(
    said: Said, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("sys.stdout", Broken())
    with FakeApi(organisation(1), key=key.strip()) as fake:
        text = said(fake, key)
    assert "Traceback" in text
    assert "nobody foresaw this" in text
    assert "A mistake in the tap (RuntimeError): please report it" in text
