"""Sessions of browsers: links that log in once, cookies, and tokens of forms.

A session is a row of the table of tokens, so that `safelight token list` shows it and `safelight
token revoke` ends it. The cookie holds its secret; the store only has the hash.
"""

import hashlib
import hmac
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

from db.queries.callers import token_by_hash, workspace_id
from db.rows import TokenRow
from db.store import Store
from db.writes.callers import add_token, revoke_token
from engine.api.auth.principal import Principal
from engine.api.auth.tokens import hash_of, in_iso, of_row, principal_of_token
from engine.api.problems import Problem
from engine.api.readers import ReaderPool

LINK, SESSION = "link", "session"
"""Kinds of rows: a link that logs in once, and a session. `session:3` ends with the token t3, and
so does `link:3`, the link to another device from such a session."""

LINK_MINUTES = 30
SESSION_DAYS = 30

ALL_SCOPES = ("admin",)
"""Permissions of who has a link of the command line: it is the owner of the workspace."""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in.

    Attributes:
        principal: Its permissions.
        secret: The content of its cookie.
        parent: Number of the token that it ends with; empty for none.
    """

    principal: Principal
    secret: str
    parent: str = ""

    @property
    def form_token(self) -> str:
        """The token that each form of the session holds; it does not reveal the secret."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()

    def has_sent(self, form_token: str) -> bool:
        """Return whether a form was sent by a page of this session."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode())


def add_link(
    store: Store,
    scopes: tuple[str, ...] = ALL_SCOPES,
    ceiling: int | None = None,
    parent: str = "",
) -> str:
    """Store a link that logs one browser in, once; return its secret.

    Args:
        store: The store of the workspace.
        scopes: Permissions of the session.
        ceiling: Maximum cost of what the session queues, in micro-dollars.
        parent: Number of the token that link and session end with; empty for none.
    """
    secret = secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + timedelta(minutes=LINK_MINUTES)
    with store.intake() as write:
        write(lambda c: _add(c, _kind(LINK, parent), secret, scopes, ceiling, expires))
    return secret


def _add(
    connection: sqlite3.Connection,
    kind: str,
    secret: str,
    scopes: tuple[str, ...],
    ceiling: int | None,
    expires: datetime,
) -> int:
    return add_token(
        connection,
        name="gallery",
        kind=kind,
        hash_=hash_of(secret),
        scopes=",".join(scopes),
        ceiling=ceiling,
        expires_at=in_iso(expires),
    )


class Sessions:
    """The sessions of one server.

    Args:
        store: The store of the workspace.
        readers: Its readers.
    """

    def __init__(self, store: Store, readers: ReaderPool) -> None:
        self._store = store
        self._readers = readers
        with readers.reading() as connection:
            self.cookie = f"safelight-{workspace_id(connection)[:8]}"
            """Name of the cookie, another one for each workspace: ports share cookies."""

    def of(self, connection: HTTPConnection) -> Session | None:
        """Return the session of a request by its cookie; None for nobody."""
        secret = connection.cookies.get(self.cookie, "")
        if not secret or len(secret) > 200 or not secret.isascii():
            return None
        with self._readers.reading() as reader:
            row = token_by_hash(reader, hash_of(secret))
            if row is None or row.kind.partition(":")[0] != SESSION:
                return None
            principal, parent = _valid(row), row.kind.partition(":")[2]
            if principal is None or not _holds(reader, parent):
                return None
        return Session(principal, secret, parent)

    def enter_by_link(self, secret: str) -> str | None:
        """Use a link up; return the secret of the new session, None for a link that is no good."""
        if not secret or len(secret) > 200 or not secret.isascii():
            return None
        new = secrets.token_urlsafe(32)

        def use(connection: sqlite3.Connection) -> bool:
            row = token_by_hash(connection, hash_of(secret))
            if row is None or row.kind.partition(":")[0] != LINK or _valid(row) is None:
                return False
            parent = row.kind.partition(":")[2]
            if not _holds(connection, parent) or not revoke_token(connection, row.id):
                return False
            _add(connection, _kind(SESSION, parent), new, _scopes(row), row.ceiling, _in_days())
            return True

        with self._store.intake() as write:
            return new if write(use) else None

    def enter_by_token(self, token: str) -> str | None:
        """Return the secret of a new session of who has a token; None for one that is no good."""
        if len(token) > 200 or not token.isascii():
            return None
        try:
            with self._readers.reading() as connection:
                _, row = principal_of_token(connection, token)
        except Problem:
            return None
        new = secrets.token_urlsafe(32)
        kind = _kind(SESSION, str(row.id))
        with self._store.intake() as write:
            write(lambda c: _add(c, kind, new, _scopes(row), row.ceiling, _in_days()))
        return new

    def leave(self, session: Session) -> None:
        """End a session."""
        number = int(session.principal.id.removeprefix("t"))
        with self._store.intake() as write:
            write(lambda c: revoke_token(c, number))

    def link(self, session: Session) -> str:
        """Return the secret of a link to a session with the same permissions."""
        principal = session.principal
        scopes = tuple(sorted(principal.scopes))
        return add_link(self._store, scopes, principal.ceiling, session.parent)

    def set_cookie(self, response: Response, secret: str, scheme: str) -> None:
        """Have a browser keep a session, out of reach of scripts and of other sites."""
        response.set_cookie(
            self.cookie,
            secret,
            max_age=SESSION_DAYS * 86_400,
            path="/",
            secure=scheme == "https",
            httponly=True,
            samesite="strict",
        )

    def drop_cookie(self, response: Response) -> None:
        """Have a browser forget its session."""
        response.delete_cookie(self.cookie, path="/", httponly=True, samesite="strict")


def _in_days() -> datetime:
    return datetime.now(UTC) + timedelta(days=SESSION_DAYS)


def _scopes(row: TokenRow) -> tuple[str, ...]:
    return tuple(row.scopes.split(","))


def _valid(row: TokenRow) -> Principal | None:
    try:
        return of_row(row)
    except Problem:
        return None


def _kind(kind: str, parent: str) -> str:
    return f"{kind}:{parent}" if parent else kind


def _holds(connection: sqlite3.Connection, parent: str) -> bool:
    """Return whether the token of a link or a session is valid; True if it has none."""
    if not parent:
        return True
    row = connection.execute("SELECT * FROM tokens WHERE id = ?", (int(parent),)).fetchone()
    return row is not None and _valid(TokenRow.of(row)) is not None
