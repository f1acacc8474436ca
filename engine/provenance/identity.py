"""The certificate and key that files are signed with, checked before anything is generated."""

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config.provenance_settings import ProvenanceSettings
from engine.config.trust.grants import trust_file
from engine.contract.install import install_command
from engine.provenance.errors import THEN, CannotSign
from engine.text.terminal import clean

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_BYTES = 1 << 20
_MAKE = "Run: safelight provenance init."
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_PURPOSES = {
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.36": "documentSigning",
    "1.3.6.1.4.1.62558.2.1": "c2pa-kp-claimSigning",
}
_MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its key.

    Attributes:
        chain: The certificate and those that it rests on, as PEM.
        key: The private key, as PEM.
        algorithm: Algorithm of the signature, `ES256` for example.
        name: Name in the certificate.
        fingerprint: SHA-256 of the certificate, in hexadecimal digits.
        expires: Time after which it is not valid.
    """

    chain: bytes
    key: bytes
    algorithm: str
    name: str
    fingerprint: str
    expires: datetime

    def __repr__(self) -> str:
        """Return the name, never the key."""
        return f"Identity({self.name!r})"


def key_folder() -> Path:
    """Return the folder of the user's own keys, beside the user's other configuration."""
    return trust_file().parent / "provenance"


def anchor_file() -> Path:
    """Return the file of the local authority, whose certificate is trusted here."""
    return key_folder() / "ca.pem"


def files_of(settings: ProvenanceSettings, root: Path) -> tuple[Path, Path]:
    """Return the files of the certificate and of the key.

    Raises:
        CannotSign: A setting is missing.
    """
    if settings.sign == "local":
        return key_folder() / "certificate.pem", key_folder() / "key.pem"
    for name in ("certificate", "key"):
        if not getattr(settings, name):
            raise CannotSign(
                f'provenance.sign is "file" and provenance.{name} is not set.',
                remedy=f"Set it to the PEM file. {THEN}",
            )
    named = (settings.certificate or "", settings.key or "")
    certificate, key = (root / Path(name).expanduser() for name in named)
    return certificate, key


def load_identity(settings: ProvenanceSettings, root: Path) -> Identity:
    """Return the certificate and the key of the settings.

    Raises:
        CannotSign: One is missing, unreadable or not valid now, they do not belong together, or
            the extra `provenance` is not installed.
    """
    require_packages()
    certificate, key = files_of(settings, root)
    stamps = [_status(path, is_local=settings.sign == "local") for path in (certificate, key)]
    if stat.S_IMODE(stamps[1].st_mode) & 0o007:
        raise CannotSign(
            f"Everybody on this machine can read the key {key}.",
            remedy=f"Run: chmod 600 {key}. {THEN}",
        )
    identity = _read(certificate, key, *map(_stamp, stamps))
    _check_time(identity, certificate, is_local=settings.sign == "local")
    return identity


def require_packages() -> None:
    """Check that the packages of the extra are installed.

    Raises:
        CannotSign: One is not.
    """
    from importlib.util import find_spec

    if missing := [name for name in ("c2pa", "cryptography") if find_spec(name) is None]:
        raise CannotSign(
            f"Signed statements need the package {missing[0]}, which is not installed.",
            remedy=f"Run: {install_command(extra='provenance')}, or set provenance.sign to off. "
            f"{THEN}",
        )


def _status(path: Path, *, is_local: bool) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        remedy = _MAKE if is_local else "Put it there, or change the setting."
        message = f"{path} cannot be read: {error.strerror}."
        raise CannotSign(message, remedy=f"{remedy} {THEN}") from None


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Return what changes with a file."""
    return status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=8)
def _read(certificate: Path, key: Path, *_stamps: tuple[int, int, int]) -> Identity:
    """Return an identity from its files; they are read again if they have changed."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509 import load_pem_x509_certificates

    chain, secret = _bytes(certificate), _bytes(key)
    try:
        first = load_pem_x509_certificates(chain)[0]
    except (ValueError, IndexError):
        remedy = f"It has to be PEM text, the signer's own certificate first. {THEN}"
        raise CannotSign(f"{certificate} holds no certificate.", remedy=remedy) from None
    algorithm = _algorithm(_private_key(secret, key), first, key)
    _check_purpose(first, certificate)
    return Identity(
        chain, secret, algorithm, _name(first), first.fingerprint(SHA256()).hex(), _end(first)
    )


def _bytes(path: Path) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        remedy = f"Let your user read it. {THEN}"
        raise CannotSign(f"{path} cannot be read: {error.strerror}.", remedy=remedy) from None
    return data[:MAX_BYTES]


def _private_key(secret: bytes, path: Path) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(secret, None)
    except TypeError:
        message = f"The key {path} has a passphrase, which nobody can type while files are written."
        remedy = f"Write it without one: openssl pkey -in {path.name} -out NEW; chmod 600 NEW."
    except Exception as error:  # noqa: BLE001 - some of the library's errors have no common base
        message = f"{path} holds no private key that can be read ({type(error).__name__})."
        remedy = "It has to be PEM text."
    raise CannotSign(message, remedy=f"{remedy} {THEN}")


def _algorithm(key: Any, certificate: "Certificate", path: Path) -> str:
    """Return the algorithm of a key that belongs to a certificate."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    name = ""
    if isinstance(key, EllipticCurvePrivateKey):
        name = _CURVES.get(key.curve.name, "")
    elif isinstance(key, Ed25519PrivateKey):
        name = "ED25519"
    elif isinstance(key, RSAPrivateKey) and key.key_size >= _MIN_RSA_BITS:
        name = "PS256"
    if not name:
        curve = getattr(getattr(key, "curve", None), "name", type(key).__name__.strip("_"))
        raise CannotSign(
            f"C2PA signs with no key such as {path} ({curve}).",
            remedy="Use an elliptic curve P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or "
            f"more. {THEN}",
        )
    if key.public_key() != certificate.public_key():
        raise CannotSign(
            f"The key {path} does not belong to the certificate.",
            remedy=f"Set the key that the certificate was issued for. {THEN}",
        )
    return name


def _check_purpose(certificate: "Certificate", path: Path) -> None:
    """Refuse a certificate that C2PA does not take for signatures."""
    from cryptography.x509 import (
        BasicConstraints,
        ExtendedKeyUsage,
        ExtensionNotFound,
        KeyUsage,
    )

    extensions, faults = certificate.extensions, []
    try:
        if not extensions.get_extension_for_class(KeyUsage).value.digital_signature:
            faults.append("its key usage has no digitalSignature")
        purposes = {
            one.dotted_string for one in extensions.get_extension_for_class(ExtendedKeyUsage).value
        }
        if not purposes & set(_PURPOSES):
            faults.append(f"its extended key usage is none of {', '.join(_PURPOSES.values())}")
        if extensions.get_extension_for_class(BasicConstraints).value.ca:
            faults.append("it is that of an authority")
    except ExtensionNotFound as error:
        if error.oid.dotted_string != "2.5.29.19":
            faults.append(f"it has no extension {error.oid._name}")
    if faults:
        raise CannotSign(
            f"The certificate {path} cannot sign: {', '.join(faults)}.",
            remedy=f"Have one issued for signing, or set provenance.sign to local. {THEN}",
        )


def _check_time(identity: Identity, path: Path, *, is_local: bool) -> None:
    if datetime.now(UTC) >= identity.expires:
        remedy = "Move that folder away and run: safelight provenance init." if is_local else ""
        raise CannotSign(
            f"The certificate {path} expired on {identity.expires:%Y-%m-%d}.",
            remedy=f"{remedy or 'Have it renewed.'} {THEN}",
        )


def _end(certificate: "Certificate") -> datetime:
    return certificate.not_valid_after_utc


def _name(certificate: "Certificate") -> str:
    from cryptography.x509.oid import NameOID

    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(kind):
            return clean(str(attribute.value), 100)
    return "no name"
