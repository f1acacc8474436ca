"""Principals of requests and their scopes."""

from dataclasses import dataclass
from typing import Literal, get_args

from starlette.requests import HTTPConnection

from engine.api.problems import Problem

Scope = Literal["read", "write", "decide", "spend", "admin"]
"""Permission of a token: to look, to queue and control, to decide, to start work that costs money,
and everything."""

SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request.

    Attributes:
        id: A name that stays the same over requests: `t3`, `jwt:alice`, `session:1`.
        name: Its name for people.
        scopes: Its permissions; `admin` includes all.
        ceiling: Maximum cost of the batches that it queues, in micro-dollars; None for no maximum.
        expires: Time at which its token ends, as the store writes it; None for never.
    """

    id: str
    name: str
    scopes: frozenset[str]
    ceiling: int | None = None
    expires: str | None = None

    def may(self, scope: Scope) -> bool:
        """Return whether it has a permission."""
        return scope in self.scopes or "admin" in self.scopes

    def require(self, scope: Scope) -> None:
        """Refuse a request that lacks a permission.

        Raises:
            Problem: 403 `scope-missing`.
        """
        if not self.may(scope):
            raise Problem(
                403,
                "scope-missing",
                f"The token {self.name} lacks the scope {scope}.",
                remedy=f"Use a token that has it: safelight token create --scope {scope}",
            )


def principal_of(connection: HTTPConnection) -> Principal:
    """Return the principal of a request.

    Raises:
        Problem: 401 `unauthenticated`: it has none.
    """
    principal = connection.scope.get("state", {}).get("principal")
    if not isinstance(principal, Principal):
        raise unauthenticated("This address needs a token.")
    return principal


def unauthenticated(detail: str) -> Problem:
    """Return the refusal of a request without a valid token."""
    return Problem(
        401,
        "unauthenticated",
        detail,
        remedy="Send `Authorization: Bearer TOKEN`; make one with: safelight token create",
        headers={"WWW-Authenticate": 'Bearer realm="safelight"'},
    )
