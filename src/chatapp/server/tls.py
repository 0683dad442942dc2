"""The server's certificate: made at the first start, valid for a hundred years, pinned by its clients.

Its SHA-256 is the server's id. ECDSA on P-256, since browsers don't take Ed25519.
"""

import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from chatapp.model.errors import CannotStart, ExitStatus

_YEARS = 100
_DAYS_PER_YEAR = 365


def own_certificate(directory: Path) -> tuple[Path, Path]:
    """The certificate's and the private key's files; both are made if they aren't there. Raises OSError."""
    certificate, private_key = directory / "certificate.pem", directory / "private-key.pem"
    if not certificate.exists():  # it is written last, so that an interrupted start begins again
        key = ec.generate_private_key(ec.SECP256R1())
        private_key.touch(0o600)
        private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        unfinished = certificate.with_suffix(".new")
        unfinished.write_bytes(_self_signed(key).public_bytes(Encoding.PEM))
        unfinished.replace(certificate)
    return certificate, private_key


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chatapp")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_YEARS * _DAYS_PER_YEAR))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, SHA256())
    )


def fingerprint(certificate: Path) -> str:
    """SHA-256 over the certificate's DER form, hex. Raises CannotStart."""
    try:
        der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)
    except (OSError, ValueError) as error:
        raise CannotStart(f"Error: cannot read the certificate {certificate}: {error}", ExitStatus.USAGE) from error
    return sha256(der).hexdigest()


def server_context(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with that certificate. Raises CannotStart when the files don't belong together."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        load_pem_private_key(private_key.read_bytes(), None)
        context.load_cert_chain(certificate, private_key)
    except (OSError, ValueError, TypeError) as error:
        line = f"Error: cannot use the certificate {certificate} with the key {private_key}: {error}"
        raise CannotStart(line, ExitStatus.USAGE) from error
    return context
