"""One try to deliver a message: one resolution, one answer, no redirect, no proxy."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine import __version__
from engine.runtime.webhooks.target import Address, AllowedHosts, Target, WebhookRefused
from engine.text.terminal import clean

if TYPE_CHECKING:
    import httpx

_sending: ContextVar[bool] = ContextVar("sending", default=False)

SECONDS = 15.0
"""Time that one try may take, with everything."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Outcome of one try.

    Attributes:
        status: HTTP status; None if there was no answer.
        error: What went wrong, in one sentence; empty for an answer of any status.
        retry_after: Seconds that the receiver wants to be left alone.
        refused: True if it was not tried, because the address is not allowed.
    """

    status: int | None = None
    error: str = ""
    retry_after: float = 0.0
    refused: bool = False


async def post(
    target: Target,
    hosts: AllowedHosts,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float = SECONDS,
) -> Reply:
    """Send a message once; no error is raised for what a receiver does."""
    import httpx

    _sending.set(True)  # for this task alone
    try:
        async with asyncio.timeout(seconds):
            addresses = await hosts.resolve(target)
            async with _client() as client:
                return await _to_first(client, target, addresses, headers, body)
    except WebhookRefused as error:
        return Reply(error=f"{error.message} {error.remedy}", refused=True)
    except TimeoutError:
        return Reply(error=f"It did not answer in {seconds:g} s.")
    except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Reply(error=clean(f"{type(error).__name__}: {error}", 300))


async def _to_first(
    client: "httpx.AsyncClient",
    target: Target,
    addresses: list[Address],
    headers: Mapping[str, str],
    body: bytes,
) -> Reply:
    """Send to the first address that can be connected to."""
    import httpx

    for address in addresses[:-1]:
        try:
            return await _send(client, target, address, headers, body)
        except httpx.ConnectError:
            continue
    return await _send(client, target, addresses[-1], headers, body)


async def _send(
    client: "httpx.AsyncClient",
    target: Target,
    address: Address,
    headers: Mapping[str, str],
    body: bytes,
) -> Reply:
    """Send to one address; the certificate has to be the host's. The answer's body is not read."""
    fields = {
        "host": target.netloc,
        "content-type": "application/json",
        "user-agent": f"safelight/{__version__}",
    }
    request = client.build_request(
        "POST",
        target.at(address),
        headers={**fields, **headers},
        content=body,
        extensions={"sni_hostname": target.host, **_timeouts()},
    )
    response = await client.send(request, stream=True)
    try:
        return Reply(response.status_code, retry_after=_seconds(response.headers))
    finally:
        await response.aclose()


def _timeouts() -> dict[str, dict[str, float]]:
    return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)}


def _seconds(headers: "httpx.Headers") -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() and len(text) < 8 else 0.0


def _client() -> "httpx.AsyncClient":
    import httpx

    logging.getLogger("httpx").addFilter(_without_addresses)
    return httpx.AsyncClient(verify=_context(), trust_env=False, follow_redirects=False)


def _without_addresses(_record: logging.LogRecord) -> bool:
    """Keep the client from logging whole addresses of webhooks, whose query may be a secret."""
    return not _sending.get()


@cache
def _context() -> ssl.SSLContext:
    """Return the system's certificates, which takes 20 ms to read."""
    return ssl.create_default_context()
