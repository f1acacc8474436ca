"""Opaque tokens: random, shown once, kept as SHA-256."""

import hashlib
import hmac
import secrets
import sqlite3
from datetime import UTC, datetime

from db.clock import now
from db.queries.callers import token_by_hash
from db.rows import TokenRow
from engine.api.auth.principal import Principal, unauthenticated

PREFIX = "sl_"
"""Start of every token, by which scanners of secrets find it."""


def new_token() -> str:
    """Return a new token of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return the form in which a token is kept; so many random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def principal_of_token(connection: sqlite3.Connection, token: str) -> tuple[Principal, TokenRow]:
    """Return the principal of an opaque token, and its row.

    Raises:
        Problem: 401: it is unknown, revoked or expired.
    """
    hash_ = hash_of(token)
    row = token_by_hash(connection, hash_)
    if row is None or row.kind != "opaque" or not hmac.compare_digest(row.hash, hash_):
        raise unauthenticated("The token is unknown.")
    return of_row(row), row


def of_row(row: TokenRow) -> Principal:
    """Return the principal of a token's row.

    Raises:
        Problem: 401: it is revoked or expired.
    """
    if row.revoked_at is not None:
        raise unauthenticated("The token was revoked.")
    if row.expires_at is not None and row.expires_at <= now():
        raise unauthenticated("The token has expired.")
    scopes = frozenset(row.scopes.split(","))
    return Principal(f"t{row.id}", row.name, scopes, row.ceiling, row.expires_at)


def holds(connection: sqlite3.Connection, principal: Principal) -> bool:
    """Return whether the token of a principal is neither revoked nor expired meanwhile."""
    if principal.expires is not None and principal.expires <= now():
        return False
    number = principal.id.removeprefix("t")
    if not number.isdecimal():
        return True  # signed by another issuer, who cannot revoke it
    sql = "SELECT 1 FROM tokens WHERE id = ? AND revoked_at IS NULL"
    return connection.execute(sql, (int(number),)).fetchone() is not None


def in_iso(moment: datetime) -> str:
    """Return a time as the store writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
