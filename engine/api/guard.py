"""The outermost check: the names of this server, foreign pages, headers of every answer."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import __version__
from engine.api.problems import Problem

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Safelight-Version": __version__,
}
"""Headers that every answer has unless it has its own."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Guard:
    """Refuses requests under another name and requests that a foreign page sends.

    Both are how a page in a developer's browser reaches a server on the same machine: by DNS
    rebinding, or simply by asking.

    Args:
        app: The application behind it.
        hosts: The names that this server answers to, without ports.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(Headers(scope=scope), scope)
        except Problem as problem:
            await problem.response(scope["path"])(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _check(self, headers: Headers, scope: Scope) -> None:
        host = headers.get("host", "")
        if name_of(host) not in self._hosts:
            raise Problem(
                421,
                "unknown-host",
                "This server does not answer under that name.",
                remedy="Add the name to api.hosts in safelight.toml if it is yours.",
            )
        origin = headers.get("origin")
        if origin is not None and not _is_same(origin, host, scope["scheme"]):
            raise _foreign("A page of another origin has sent this request.")
        if headers.get("sec-fetch-site") == "cross-site" and not _is_navigation(headers, scope):
            raise _foreign("A page of another site has sent this request.")


def _is_navigation(headers: Headers, scope: Scope) -> bool:
    """Return whether a person follows a link to a page, as from a mail; no cookie comes along."""
    return (
        scope.get("method") == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _foreign(detail: str) -> Problem:
    return Problem(
        403, "foreign-origin", detail, remedy="Send it from a program or from the gallery's pages."
    )


def name_of(host: str) -> str:
    """Return a host of a header without its port, in lower case; empty if it is malformed."""
    match = _HOST.fullmatch(host.strip().lower())
    return match[1].rstrip(".") if match else ""


def _is_same(origin: str, host: str, scheme: str) -> bool:
    """Return whether an origin is that of the address that was asked."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == _web(scheme) and _with_port(parts.netloc, parts.scheme) == _with_port(
        host, _web(scheme)
    )


def _web(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _with_port(host: str, scheme: str) -> str:
    name, port = name_of(host), host.strip().rpartition("]")[2].partition(":")[2]
    return f"{name}:{port or _DEFAULT_PORTS.get(scheme, '')}"
