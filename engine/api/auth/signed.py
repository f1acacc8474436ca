"""JSON Web Tokens: signed by the workspace's own key, or by a configured one of others."""

import os
import secrets
import sqlite3
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.no_links import open_file
from db.queries.callers import token_by_hash, workspace_id
from engine.api.auth.principal import SCOPES, Principal, unauthenticated
from engine.api.auth.tokens import hash_of, in_iso, of_row
from engine.config.api_settings import ApiSettings
from engine.config.paths import WorkspacePaths
from engine.text.errors import UserError

KEY_FILE = "api-key"
"""Name of the file with the workspace's own key, in its private folder."""

MIN_KEY_BYTES = 32
LOCAL = "HS256"

_KEY_LIMIT = 64 << 10


@dataclass(frozen=True, slots=True)
class Issuer:
    """A key that tokens may be signed with.

    Attributes:
        key: The secret, or the public key as PEM.
        algorithm: The only algorithm that is accepted.
        is_local: True for the workspace's own key, whose tokens are listed and can be revoked.
    """

    key: bytes
    algorithm: str
    is_local: bool


def issuers(paths: WorkspacePaths, settings: ApiSettings) -> list[Issuer]:
    """Return the keys that this workspace accepts; its own is created if there is none yet.

    Raises:
        UserError: A configured key is missing or too short.
    """
    accepted = [Issuer(own_key(paths), LOCAL, is_local=True)]
    if settings.jwt_key_file or settings.jwt_algorithm:
        accepted.append(_configured(paths, settings))
    return accepted


def _configured(paths: WorkspacePaths, settings: ApiSettings) -> Issuer:
    if not (settings.jwt_key_file and settings.jwt_algorithm):
        raise UserError(
            "Only one of api.jwt_key_file and api.jwt_algorithm is set.", remedy="Set both."
        )
    path = paths.root / Path(settings.jwt_key_file).expanduser()
    key = _long_enough(_read(path), settings.jwt_algorithm, path)
    return Issuer(key, settings.jwt_algorithm, is_local=False)


def _read(path: Path) -> bytes:
    from engine.contract.files import open_regular

    try:
        with open_regular(path, _KEY_LIMIT) as file:
            return file.read()
    except (OSError, ValueError) as error:
        raise UserError(f"The key {path} cannot be read: {error}.") from None


def _long_enough(key: bytes, algorithm: str, path: Path) -> bytes:
    if algorithm.startswith("HS") and len(key.strip()) < MIN_KEY_BYTES:
        raise UserError(
            f"The key {path} has {len(key.strip())} bytes; {algorithm} needs {MIN_KEY_BYTES}.",
            remedy=f"Make one: openssl rand -hex {MIN_KEY_BYTES} > {path}",
        )
    return key.strip()


def own_key(paths: WorkspacePaths) -> bytes:
    """Return the workspace's own key, created private to its owner if there is none."""
    path = paths.private / KEY_FILE
    if not path.exists():
        with suppress(FileExistsError):  # another process has just made it
            handle = open_file(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_hex(MIN_KEY_BYTES).encode())
    return _long_enough(_read(path), LOCAL, path)


def sign(key: bytes, claims: Mapping[str, Any]) -> str:
    """Return a token of the workspace's own key."""
    import jwt

    return jwt.encode(dict(claims), key, algorithm=LOCAL)


def principal_of_jwt(
    connection: sqlite3.Connection, token: str, accepted: list[Issuer]
) -> Principal:
    """Return the principal of a signed token.

    Raises:
        Problem: 401: no accepted key has signed it, or it is expired, revoked or for another
            workspace.
    """
    audience = workspace_id(connection)
    for issuer in accepted:
        claims = _claims(token, issuer, audience)
        if claims is not None:
            principal = _local(connection, claims) if issuer.is_local else _foreign(claims)
            return replace(principal, expires=in_iso(datetime.fromtimestamp(claims["exp"], UTC)))
    raise unauthenticated("The token is signed by no accepted key, or is not valid any more.")


def _claims(token: str, issuer: Issuer, audience: str) -> dict[str, Any] | None:
    """Return the claims of a token that is valid for a key; None for any other."""
    import jwt

    required = ["exp", "aud", "sub", *(["jti"] if issuer.is_local else [])]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", jwt.InsecureKeyLengthWarning)
            return dict(
                jwt.decode(
                    token,
                    issuer.key,
                    algorithms=[issuer.algorithm],
                    audience=audience,
                    options={"require": required},
                )
            )
    except (jwt.PyJWTError, jwt.InsecureKeyLengthWarning, ValueError):
        return None


def _local(connection: sqlite3.Connection, claims: Mapping[str, Any]) -> Principal:
    row = token_by_hash(connection, hash_of(str(claims["jti"])))
    if row is None or row.kind != "jwt":
        raise unauthenticated("The token is unknown.")
    return of_row(row)


def _foreign(claims: Mapping[str, Any]) -> Principal:
    """Return the principal of another issuer's token: its scopes are in the claim `scope`."""
    subject, written = str(claims["sub"])[:100], claims.get("scope", "read")
    scopes = frozenset(str(written).replace(",", " ").split()) & frozenset(SCOPES)
    return Principal(f"jwt:{subject}", subject, scopes, _ceiling(claims.get("spend_usd")))


def _ceiling(dollars: Any) -> int | None:
    """Return a claim of dollars in micro-dollars; one that is no amount permits nothing."""
    if dollars is None:
        return None
    try:
        return max(0, int(float(dollars) * 1_000_000))
    except (TypeError, ValueError, OverflowError):
        return 0
