"""A local authority and the certificate that it issues: for signatures nobody else vouches for.

The authority's key is thrown away once it has signed. So whoever trusts the authority trusts this
one certificate, and a stolen folder can issue no others.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.contract.folder import Folder
from engine.provenance.errors import KeysExist
from engine.provenance.identity import key_folder, require_packages

VALID = timedelta(days=3650)
"""Without a time stamp a signature is good only as long as its certificate."""

FILES = ("certificate.pem", "key.pem", "ca.pem")


def make_keys(name: str) -> Path:
    """Make a local authority, a certificate of it and its key; return their folder.

    The keys are readable by their user alone.

    Args:
        name: Name in the certificate; whoever has a signed file can read it.

    Raises:
        CannotSign: The extra `provenance` is not installed.
        KeysExist: There are keys already; nothing was changed.
        OSError: The folder cannot be written.
    """
    require_packages()
    folder = key_folder()
    with Folder(folder) as target, target.locked():
        if there := sorted(set(target.names()) & set(FILES)):
            raise KeysExist(
                f"{folder / there[0]} is there already; keys are never overwritten.",
                remedy="Files that it has signed need it to be recognised as yours. Move the "
                "folder away to make new ones.",
            )
        folder.chmod(0o700)
        for file, data in zip(FILES, _issue(name), strict=True):
            target.put(file, data)
            _sync(folder / file)
    return folder


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _issue(name: str) -> tuple[bytes, bytes, bytes]:
    """Return a certificate, its key and the authority's certificate, as PEM."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    begin = datetime.now(UTC) - timedelta(minutes=5)  # clocks differ
    authority = _authority(name, authority_key, begin)
    certificate = _certificate(name, key, authority, authority_key, begin)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), secret, authority.public_bytes(Encoding.PEM)


def _authority(name: str, key: Any, begin: datetime) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    subject = _subject(f"Local authority of {name}")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return (
        _builder(subject, subject, key, begin)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )


def _certificate(name: str, key: Any, authority: Any, authority_key: Any, begin: datetime) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID

    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    return (
        _builder(_subject(name), authority.subject, key, begin)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(purpose, critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, SHA256())
    )


def _subject(name: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Safelight (local)")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _builder(subject: Any, issuer: Any, key: Any, begin: datetime) -> Any:
    from cryptography import x509

    mark = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + VALID)
        .add_extension(mark, critical=False)
    )


def _usage(**used: bool) -> Any:
    from cryptography import x509

    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**dict.fromkeys(names, False) | used)
