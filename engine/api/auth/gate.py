"""The gate of every request: a bearer's token on the API, a session on the pages."""

import logging
import sqlite3
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from db.clock import now
from db.errors import StoreError
from engine.api.auth.principal import Principal, unauthenticated
from engine.api.auth.rates import Rates
from engine.api.auth.signed import Issuer, principal_of_jwt
from engine.api.auth.tokens import PREFIX, hash_of, principal_of_token
from engine.api.auth.uses import TokenUses
from engine.api.problems import Problem
from engine.api.readers import ReaderPool
from engine.api.serving.remembered import Remembered
from engine.text.errors import UserError

log = logging.getLogger(__name__)

API_PATHS = ("/v1", "/api", "/metrics")
"""Paths that take a token in the header Authorization, and never a cookie."""

MAX_TOKEN = 8192

Session = Callable[[HTTPConnection], Principal | None]
"""Function that returns the principal of a page's request, by a cookie; None for nobody."""


def is_api(path: str) -> bool:
    """Return whether a path belongs to the API."""
    return any(path == root or path.startswith(f"{root}/") for root in API_PATHS)


def _not_ready() -> Problem:
    return Problem(
        503,
        "not-ready",
        "The store cannot be read.",
        remedy="See: safelight doctor",
        headers={"Retry-After": "5"},
    )


class Gate:
    """Finds the principal of each request.

    Args:
        app: The application behind it.
        readers: Readers of the store.
        uses: Takes the time of each token's use.
        rates: Rates of requests.
        remembered: Principals of tokens, until the store changes.
        accepted: Keys that signed tokens are accepted from.
        session: Returns the principal of a request for a page; it is never asked about the API.
    """

    def __init__(
        self,
        app: ASGIApp,
        readers: ReaderPool,
        uses: TokenUses,
        rates: Rates,
        remembered: Remembered,
        accepted: list[Issuer],
        session: Session | None = None,
    ) -> None:
        self._app = app
        self._readers = readers
        self._uses = uses
        self._rates = rates
        self._remembered = remembered
        self._accepted = accepted
        self._session = session

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Pass a request on with its principal, or refuse its token."""
        if scope["type"] == "http":
            try:
                principal = self._principal(scope)
                if principal is not None:
                    self._rates.take(principal.id)
            except Problem as problem:
                await problem.response(scope["path"])(scope, receive, send)
                return
            except (UserError, StoreError, sqlite3.Error) as error:
                log.warning("a token cannot be looked up: %s", error)
                await _not_ready().response(scope["path"])(scope, receive, send)
                return
            scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    def _principal(self, scope: AsgiScope) -> Principal | None:
        if is_api(scope["path"]):
            return self._bearer(Headers(scope=scope))
        return self._session(HTTPConnection(scope)) if self._session else None

    def _bearer(self, headers: Headers) -> Principal:
        kind, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise unauthenticated("This address needs a token.")
        if len(token) > MAX_TOKEN or not token.isascii():
            raise unauthenticated("The token is unknown.")
        key = "token", hash_of(token)
        principal = self._remembered.read(key, lambda: self._read(token))
        if principal.expires is not None and principal.expires <= now():
            raise unauthenticated("The token has expired.")
        return principal

    def _read(self, token: str) -> Principal:
        with self._readers.reading() as connection:
            if not token.startswith(PREFIX):
                return principal_of_jwt(connection, token, self._accepted)
            principal, row = principal_of_token(connection, token)
        self._uses.note(row)
        return principal
