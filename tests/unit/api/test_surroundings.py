"""CA bundles that can't be used, and certificates that can't be verified: the words name what is wrong."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tap_incident.api.surroundings import bad_certificate, check_bundle
from tap_incident.errors import BadEndpoint

PEM = trustme.CA().cert_pem.bytes()
DER = ssl.PEM_cert_to_DER_cert(PEM.decode())
BUNDLES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "text with one or more whole certificates in PEM form"),
    "text": (b"no certificate\n", "in PEM form"),
    "DER": (DER, "openssl x509"),
    "half": (PEM[: len(PEM) // 2], "PEM form"),
    "a half one after a whole one": (PEM + PEM[: len(PEM) // 2], "PEM form"),
    "broken": (PEM[:100] + b"AAAA" + PEM[104:], "PEM form"),
    "broken base64": (PEM[:100] + b"!!!!" + PEM[104:], "PEM form"),
}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("case", BUNDLES)
def test_bundle_that_cant_be_used_is_named_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, variable: str
) -> None:
    content, said = BUNDLES[case]
    file = tmp_path / "bundle"
    file.write_bytes(content)
    monkeypatch.setenv(variable, str(file))
    with pytest.raises(BadEndpoint, match=f"^{variable} names {file}, .*{said}"):
        check_bundle()


def test_bundle_that_is_missing_is_named_and_a_good_one_or_none_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bundle"
    monkeypatch.setenv("CURL_CA_BUNDLE", str(file))
    with pytest.raises(BadEndpoint, match=r"CURL_CA_BUNDLE names .*can't be read \(No such file"):
        check_bundle()
    file.write_bytes(b"Some text\n" + PEM + PEM)
    check_bundle()
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path))
    check_bundle()
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    check_bundle()


def refusal(leaf: Callable[[trustme.CA], ssl.SSLContext], trusted: trustme.CA) -> ssl.SSLCertVerificationError:
    """The error of a handshake, in memory, by the rules of Python 3.13."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    trusted.configure_trust(client)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client.wrap_bio(to_client, to_server, server_hostname="api.example.com")
    peer = leaf(trusted).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (tls, peer):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error
    raise AssertionError("the certificate was accepted")


def serving(cert: trustme.LeafCert) -> ssl.SSLContext:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(server)
    return server


def test_advice_depends_on_what_is_wrong_with_the_certificate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    unknown = refusal(lambda _: serving(trustme.CA().issue_cert("api.example.com")), trustme.CA())
    assert "set REQUESTS_CA_BUNDLE to its bundle" in bad_certificate(unknown)
    monkeypatch.setenv("CURL_CA_BUNDLE", "/etc/own.pem")
    assert "CURL_CA_BUNDLE names /etc/own.pem, which does not have the authority" in bad_certificate(unknown)
    other = refusal(lambda ca: serving(ca.issue_cert("other.example.com")), trustme.CA())
    assert bad_certificate(other) == "check endpoint"
    past = datetime(2020, 1, 1, tzinfo=timezone.utc)
    old = refusal(lambda ca: serving(ca.issue_cert("api.example.com", not_after=past)), trustme.CA())
    assert "check the clock of this machine" in bad_certificate(old)


def test_certificate_without_an_authority_key_identifier_is_told_from_one_of_an_unknown_authority() -> None:
    ca = trustme.CA()
    issuer = serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    assert isinstance(issuer, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    cert = (
        x509.CertificateBuilder()
        .issuer_name(x509.load_pem_x509_certificate(ca.cert_pem.bytes()).subject)
        .subject_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example.com")]), critical=True)
        .sign(issuer, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    leaf = trustme.LeafCert(
        key.private_bytes(pem, form, serialization.NoEncryption()), cert.public_bytes(pem), [ca.cert_pem.bytes()]
    )
    error = refusal(lambda _: serving(leaf), ca)
    assert error.verify_message == "Missing Authority Key Identifier"
    assert "breaks a rule that Python 3.13 and newer check" in bad_certificate(error)
