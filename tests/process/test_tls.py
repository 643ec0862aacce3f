"""TLS: certificates that are trusted or not, and connections that are cut off."""

from __future__ import annotations

import re
import ssl

import pytest
import trustme

from tests.conftest import Tap, tls
from tests.fake_api import FakeApi, organisation
from tests.support.logs import critical, retries
from tests.support.network import USERS, is_whole, through, with_long_names
from tests.support.relay import Torn, listening


def refused(tap: Tap, caplog: pytest.LogCaptureFixture, server: ssl.SSLContext) -> str:
    """The one line of a run that a certificate ends at once."""
    with FakeApi(organisation(1), tls=server) as fake:
        run = tap(fake, catalog=USERS)
    assert (run.code, run.messages, fake.requests) == (1, [], [])
    assert retries(caplog) == []
    assert "Traceback" not in caplog.text
    (line,) = critical(caplog)
    assert fake.url in line
    return line


def test_certificate_of_an_untrusted_authority_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA
) -> None:
    assert re.search("local issuer.*set REQUESTS_CA_BUNDLE to its bundle", refused(tap, caplog, tls(authority)))


@pytest.mark.usefixtures("trusted")
def test_certificate_of_another_host_ends_the_run_at_once(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA
) -> None:
    line = refused(tap, caplog, tls(authority, "127.0.0.2"))
    assert re.search("not valid for '127.0.0.1'.*check endpoint", line)


@pytest.mark.usefixtures("trusted")
def test_certificate_is_trusted_with_a_bundle_of_its_authority(tap: Tap, authority: trustme.CA) -> None:
    org = organisation(3)
    with FakeApi(org, tls=tls(authority)) as fake:
        assert is_whole(tap(fake, catalog=USERS), org)


TEARS = {
    "no TLS": (0, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "in the handshake": (100, b""),
    "garbage in the body": (9000, b"no record of TLS" * 4096),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tear", TEARS.values(), ids=TEARS.keys())
def test_connection_that_is_cut_off_is_made_again(
    tap: Tap, caplog: pytest.LogCaptureFixture, authority: trustme.CA, tear: tuple[int, bytes]
) -> None:
    org, tears = with_long_names(), [Torn(*tear), Torn(*tear)]
    with FakeApi(org, tls=tls(authority)) as fake, listening(through(fake, *tears)) as port:
        run = tap(fake, catalog=USERS, settings={"endpoint": f"https://127.0.0.1:{port}"})
    assert is_whole(run, org)
    assert any(torn.left < 0 for torn in tears)
    assert retries(caplog)
