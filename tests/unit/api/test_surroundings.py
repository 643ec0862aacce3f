"""CA bundles that can't be used, and certificates that can't be verified: the words name what is wrong."""

from __future__ import annotations

import ssl
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
    "DER": (DER, "openssl x509"),
    "a half one after a whole one": (PEM + PEM[: len(PEM) // 2], "PEM form"),
    "broken": (PEM[:100] + b"AAAA" + PEM[104:], "PEM form"),
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


def refusal(leaf: trustme.LeafCert, trusted: trustme.CA) -> ssl.SSLCertVerificationError:
    """The error of a handshake, in memory, by the rules of Python 3.13."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    leaf.configure_cert(server)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    trusted.configure_trust(client)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client.wrap_bio(to_client, to_server, server_hostname="api.example.com")
    peer = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (tls, peer):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error
    raise AssertionError("the certificate was accepted")


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
    error = refusal(leaf, ca)
    assert error.verify_message == "Missing Authority Key Identifier"
    assert "breaks a rule that Python 3.13 and newer check" in bad_certificate(error)
