"""Keys: created once, for their user alone; whatever is wrong is said before any work."""

import importlib.util
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.config.provenance_settings import ProvenanceSettings
from engine.config.trust.grants import trust
from engine.provenance.certificates import make_keys
from engine.provenance.errors import CannotSign, KeysExist
from engine.provenance.identity import Identity, load_identity
from engine.provenance.trial import try_to_sign
from tests.support.studio import TOML, Studio


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of a user without keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config/safelight/provenance"


def local(root: Path) -> Identity:
    return load_identity(ProvenanceSettings(sign="local"), root)


def test_keys_are_private_and_never_overwritten(own: Path, tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        assert make_keys("Ada") == own
    finally:
        os.umask(previous)
    assert {path.name: path.stat().st_mode & 0o777 for path in own.iterdir()} == {
        "ca.pem": 0o600,
        "certificate.pem": 0o600,
        "key.pem": 0o600,
    }
    assert own.stat().st_mode & 0o777 == 0o700
    before = {path: path.read_bytes() for path in own.iterdir()}
    with pytest.raises(KeysExist, match="never overwritten"):
        make_keys("Eve")
    assert {path: path.read_bytes() for path in own.iterdir()} == before
    identity = local(tmp_path)
    assert (identity.name, identity.algorithm) == ("Ada", "ES256")
    assert identity.expires - datetime.now(UTC) > timedelta(days=3600)
    assert "PRIVATE" not in repr(identity)
    try_to_sign(identity, ProvenanceSettings(sign="local"))


def issued(folder: Path, key: Any, **changes: Any) -> tuple[Path, Path]:
    """Write a certificate that signs itself, and a key."""
    now = datetime.now(UTC)
    purpose = changes.get("purpose", ExtendedKeyUsageOID.EMAIL_PROTECTION)
    owner, encryption = changes.get("owner", key), changes.get("encryption", NoEncryption())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Agency")])
    usage = dict.fromkeys(
        (
            "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(owner.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=changes.get("days", 9)))
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )
    digest = None if isinstance(owner, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    folder.mkdir(exist_ok=True)
    certificate, secret = folder / "agency.pem", folder / "agency.key"
    certificate.write_bytes(builder.sign(owner, digest).public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    secret.chmod(0o600)
    return certificate, secret


def of_files(certificate: Path, key: Path) -> Identity:
    settings = ProvenanceSettings(sign="file", certificate=str(certificate), key=str(key))
    return load_identity(settings, certificate.parent)


P256 = ec.generate_private_key(ec.SECP256R1())
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"days": -1}, "expired on"),
    "a key of somebody else": ({"owner": ec.generate_private_key(ec.SECP256R1())}, "not belong"),
    "a passphrase": ({"encryption": BestAvailableEncryption(b"x")}, "has a passphrase"),
    "for servers": ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "extended key usage"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_certificate_or_key_that_cannot_sign_is_refused_in_one_sentence(
    tmp_path: Path, what: str
) -> None:
    changes, message = WRONG[what]
    with pytest.raises(CannotSign, match=message) as refusal:
        of_files(*issued(tmp_path / "keys", P256, **changes))
    assert refusal.value.remedy.endswith("Then resume.")


def test_other_curves_are_refused_and_the_usual_ones_sign(tmp_path: Path) -> None:
    with pytest.raises(CannotSign, match="secp256k1"):
        of_files(*issued(tmp_path / "k", ec.generate_private_key(ec.SECP256K1())))
    keys = {
        "ES384": ec.generate_private_key(ec.SECP384R1()),
        "ED25519": ed25519.Ed25519PrivateKey.generate(),
        "PS256": rsa.generate_private_key(65537, 2048),
    }
    for algorithm, key in keys.items():
        assert of_files(*issued(tmp_path / algorithm, key)).algorithm == algorithm


def test_files_that_are_missing_unreadable_or_for_everybody_are_refused(tmp_path: Path) -> None:
    certificate, key = issued(tmp_path / "keys", P256)
    with pytest.raises(CannotSign, match="No such file"):
        of_files(certificate, tmp_path / "none.key")
    with pytest.raises(CannotSign, match="holds no certificate"):
        of_files(key, key)
    certificate.chmod(0o600)
    with pytest.raises(CannotSign, match="holds no private key"):
        of_files(certificate, certificate)
    with pytest.raises(CannotSign, match="certificate is not set"):
        load_identity(ProvenanceSettings(sign="file"), tmp_path)
    key.chmod(0o604)
    with pytest.raises(CannotSign, match=r"chmod 600"):
        of_files(certificate, key)


def test_without_the_extra_one_command_is_named(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "c2pa" else find(name)
    )
    with pytest.raises(CannotSign, match="c2pa, which is not installed") as refusal:
        local(tmp_path)
    assert "safelight[provenance]" in refusal.value.remedy.replace("'", "") or (
        "[provenance]" in refusal.value.remedy
    )


def test_a_key_that_only_a_workspace_names_signs_nothing_unasked(tmp_path: Path) -> None:
    certificate, key = issued(tmp_path / "keys", P256)
    toml = f'[provenance]\nsign = "file"\ncertificate = "{certificate}"\nkey = "{key}"\n'
    studio = Studio(tmp_path / "w", toml)
    with pytest.raises(CannotSign, match="not agreed"):
        studio.workspace().signing.identity()
    trust(studio.root, [f"sign with {key}"])
    assert studio.workspace().signing.identity().name == "Agency"


def test_a_job_waits_for_a_key_before_anything_is_made(own: Path, tmp_path: Path) -> None:
    studio = Studio(tmp_path / "w", TOML, keys=False)
    folder = studio.run()
    (job,) = studio.workspace().jobs("b1")
    assert (job.state, job.reason, studio.painter.asked) == ("parked", "key", 0)
    assert "safelight provenance init" in job.message
    make_keys("Ada")
    workspace = studio.workspace()
    workspace.command("resume", ["b1"])
    workspace.follow("b1")
    (job,) = workspace.jobs("b1")
    assert (job.state, studio.painter.asked) == ("done", 1)
    assert (folder / "keyframe.png").exists()


def test_what_was_made_before_a_key_was_lost_waits_for_it(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio(tmp_path / "w")
    paint = studio.painter.generate

    async def lose(request: Any, context: Any) -> Any:
        (own / "key.pem").rename(tmp_path / "key.pem")
        return await paint(request, context)

    monkeypatch.setattr(studio.painter, "generate", lose)
    folder = studio.run()
    (job,) = studio.workspace().jobs("b1")
    assert (job.state, job.reason) == ("parked", "key")
    assert not [path for path in folder.glob("*") if path.suffix in {".png", ".mp4", ".wav"}]
    (tmp_path / "key.pem").rename(own / "key.pem")
    workspace = studio.workspace()
    workspace.command("resume", ["b1"])
    workspace.follow("b1")
    assert workspace.jobs("b1")[0].state == "done"
    assert studio.painter.asked == 1
    assert (folder / "1.mp4").exists()


def test_commands_say_in_one_sentence_that_nothing_can_be_signed(own: Path, tmp_path: Path) -> None:
    from engine.client.errors import as_user_error

    with pytest.raises(CannotSign) as refusal:
        local(tmp_path)
    error = as_user_error(refusal.value)
    assert error is not None
    assert error.waits
    assert str(error).endswith("Run: safelight provenance init. Then resume.")
