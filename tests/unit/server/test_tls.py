import os
import ssl
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from chatapp.model.errors import CannotStart, ExitStatus
from chatapp.server.tls import fingerprint, own_certificate, server_context


def certificate_in(directory: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / "certificate.pem").read_bytes())


def shaken(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """The client's side of a handshake between the two."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server)
    for side in (theirs, ours, theirs, ours):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return theirs


def trusting_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class TestOwnCertificate:
    def test_is_made_at_the_first_start_and_kept(self, tmp_path: Path) -> None:
        """Protocol 1.2: the server's id is its fingerprint, which clients pin."""
        certificate, private_key = own_certificate(tmp_path)
        first = fingerprint(certificate), private_key.read_bytes()

        assert own_certificate(tmp_path) == (certificate, private_key)
        assert (fingerprint(certificate), private_key.read_bytes()) == first

    def test_is_long_lived_and_for_browsers(self, tmp_path: Path) -> None:
        own_certificate(tmp_path)
        certificate = certificate_in(tmp_path)
        key = certificate.public_key()

        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert isinstance(key.curve, ec.SECP256R1)
        assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days >= 100 * 365
        certificate.verify_directly_issued_by(certificate)

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
    def test_its_key_is_for_its_owner_alone(self, tmp_path: Path, umask: int) -> None:
        before = os.umask(umask)
        try:
            _, private_key = own_certificate(tmp_path)
        finally:
            os.umask(before)

        assert stat.S_IMODE(private_key.stat().st_mode) == 0o600

    def test_a_start_that_was_interrupted_begins_again(self, tmp_path: Path) -> None:
        own_certificate(tmp_path)
        key_alone = (tmp_path / "private-key.pem").read_bytes()
        (tmp_path / "certificate.pem").unlink()
        certificate, private_key = own_certificate(tmp_path)

        assert private_key.read_bytes() != key_alone
        server_context(certificate, private_key)

    def test_its_fingerprint_is_what_a_client_sees(self, tmp_path: Path) -> None:
        certificate, private_key = own_certificate(tmp_path)
        met = shaken(server_context(certificate, private_key), trusting_anybody())

        seen = met.getpeercert(binary_form=True)
        assert seen is not None
        assert sha256(seen).hexdigest() == fingerprint(certificate)

    def test_nothing_older_than_tls_1_2_is_spoken(self, tmp_path: Path) -> None:
        context = server_context(*own_certificate(tmp_path))
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert shaken(context, trusting_anybody()).version() == "TLSv1.3"


class TestGivenCertificate:
    """One clear line, status 2."""

    @staticmethod
    def of_another(directory: Path) -> None:
        other = directory / "other"
        other.mkdir()
        own_certificate(other)
        (other / "private-key.pem").rename(directory / "private-key.pem")

    @staticmethod
    def encrypted(directory: Path) -> None:
        path = directory / "private-key.pem"
        key = load_pem_private_key(path.read_bytes(), None)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a password")))

    @staticmethod
    def missing(directory: Path) -> None:
        (directory / "private-key.pem").unlink()

    @staticmethod
    def rubbish(directory: Path) -> None:
        (directory / "private-key.pem").write_text("this is no key")

    @pytest.mark.parametrize("spoil", [of_another, encrypted, missing, rubbish], ids=lambda spoil: spoil.__name__)
    def test_with_a_key_that_does_not_fit(self, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
        certificate, private_key = own_certificate(tmp_path)
        spoil(tmp_path)

        with pytest.raises(CannotStart) as refusal:
            server_context(certificate, private_key)
        assert refusal.value.status == ExitStatus.USAGE
        assert refusal.value.line.startswith(
            f"Error: cannot use the certificate {certificate} with the key {private_key}"
        )
        assert "\n" not in refusal.value.line

    @pytest.mark.parametrize("content", [None, b"", b"this is no certificate"])
    def test_that_is_none(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "certificate.pem"
        if content is not None:
            path.write_bytes(content)

        with pytest.raises(CannotStart) as refusal:
            fingerprint(path)
        assert refusal.value.status == ExitStatus.USAGE
        assert refusal.value.line.startswith(f"Error: cannot read the certificate {path}")
        assert "\n" not in refusal.value.line
