"""Issuing, describing and revoking tokens."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Any

from db.clock import now
from db.queries.callers import tokens, workspace_id
from db.rows import TokenRow
from db.writes.callers import add_token, revoke_token
from engine.api.auth.signed import own_key, sign
from engine.api.auth.tokens import PREFIX, hash_of, in_iso, new_token
from engine.client.workspace import Workspace
from engine.text.amounts import decimal_text
from engine.text.errors import UserError

MIN_BROUGHT = 32
"""Minimum length of a token that somebody brings."""

_SIGNED_DAYS = 3650
"""Days after which a signed token without an expiry ends: it has to have one."""


class TokenRefused(UserError):
    """A token cannot be issued as wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token to be issued.

    Attributes:
        name: Its name.
        scopes: Its permissions.
        expires: Time at which it ends; None for never.
        ceiling: Maximum cost of what it queues, in micro-dollars.
        signed: Make a JSON Web Token.
        brought: The token itself, if somebody brings it.
    """

    name: str
    scopes: Sequence[str]
    expires: datetime | None
    ceiling: int | None = None
    signed: bool = False
    brought: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was issued, with its secret."""

    number: int
    secret: str


def issue(workspace: Workspace, wanted: Wanted) -> Issued:
    """Issue a token; only its hash is kept.

    Raises:
        TokenRefused: The brought token is too short or known.
        UserError: The workspace's key cannot be read.
    """
    if wanted.signed:
        id_ = token_hex(16)
        expires = wanted.expires or datetime.now(UTC) + timedelta(days=_SIGNED_DAYS)
        number = _add(workspace, wanted, "jwt", id_)
        return Issued(number, _signed(workspace, wanted, id_, number, expires))
    secret = _checked(wanted.brought) if wanted.brought is not None else new_token()
    return Issued(_add(workspace, wanted, "opaque", secret), secret)


def _checked(brought: str) -> str:
    if len(brought) < MIN_BROUGHT or not brought.isascii() or not brought.startswith(PREFIX):
        raise TokenRefused(
            f"A token starts with {PREFIX} and has {MIN_BROUGHT} ASCII characters or more."
        )
    return brought


def _add(workspace: Workspace, wanted: Wanted, kind: str, secret: str) -> int:
    def add(connection: sqlite3.Connection) -> int:
        return add_token(
            connection,
            name=wanted.name[:100],
            kind=kind,
            hash_=hash_of(secret),
            scopes=",".join(wanted.scopes),
            ceiling=wanted.ceiling,
            expires_at=in_iso(wanted.expires) if wanted.expires else None,
        )

    try:
        with workspace.store.intake() as write:
            return write(add)
    except sqlite3.IntegrityError:
        raise TokenRefused("That token is there already.") from None


def _signed(workspace: Workspace, wanted: Wanted, id_: str, number: int, expires: datetime) -> str:
    with workspace.reading() as connection:
        audience = workspace_id(connection)
    claims = {
        "sub": wanted.name or f"t{number}",
        "aud": audience,
        "jti": id_,
        "exp": expires,
        "iat": datetime.now(UTC),
        "scope": " ".join(wanted.scopes),
    }
    return sign(own_key(workspace.paths), claims)


def revoke(workspace: Workspace, name: str) -> list[str]:
    """Revoke the tokens of an id or a name; return the ids of those that were valid."""
    with workspace.reading() as connection:
        rows = tokens(connection)
    by_id = [row for row in rows if f"t{row.id}" == name]
    chosen = by_id or [row for row in rows if row.name == name]
    with workspace.store.intake() as write:
        return [f"t{row.id}" for row in chosen if write(partial(revoke_token, token_id=row.id))]


def token_document(row: TokenRow, committed: int) -> dict[str, Any]:
    """Return a token without its secret, as `token list --json` prints it."""
    return {
        "id": f"t{row.id}",
        "name": row.name,
        "kind": row.kind,
        "scopes": row.scopes.split(","),
        "spend_usd": None if row.ceiling is None else decimal_text(row.ceiling),
        "used_usd": decimal_text(committed),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "used_at": row.used_at,
        "state": _state(row),
    }


def _state(row: TokenRow) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now() else "valid"
