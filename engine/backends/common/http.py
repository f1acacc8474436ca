"""Limits of every reply: its size, its encoding, and that nothing is followed to another host.

The providers' clients stand on `httpx`, some on its successor `httpx2`; the two have the same
interface, so what is here is given the module that a client stands on.
"""

import functools
import importlib
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from engine.backends.common.proxies import refuse_unusable_proxy
from engine.backends.common.tracing import HttpExchange
from engine.contract.tracing import wire_log
from engine.text.addresses import is_loopback

MAX_JSON_BYTES = 16 * 2**20
"""The largest reply of plain data that is read, in bytes."""

MAX_IMAGE_BYTES = 64 * 2**20
"""The largest reply that carries an image, in bytes; base64 makes a third more of one."""

MAX_REDIRECTS = 3

_EXCHANGE = "safelight.exchange"


class UnreadableReply(Exception):
    """A reply that is not read for what it is; reading it again gives the same."""


class BodyTooLarge(UnreadableReply):
    """A reply has more bytes than are read."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The reply has more than {limit / 2**20:.0f} MiB and was not read on.")


class EncodedBody(UnreadableReply):
    """A reply came compressed although that was not asked for, so its true size is unknown."""

    def __init__(self) -> None:
        super().__init__("The reply came compressed although plain bytes were asked for.")


class LastReply:
    """Last raw reply, for clients that expose only part of it.

    Attributes:
        status: Its status; 0 before one has begun.
        headers: Its headers.
        body: Its body so far.
        whole: True if the body is complete.
    """

    def __init__(self) -> None:
        self.answered(0, {})

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Store the head of a reply and drop the previous reply."""
        self.status, self.headers = status, headers
        self.body, self.whole = bytearray(), False

    def take(self, chunk: bytes) -> None:
        """Record bytes of the reply."""
        self.body += chunk

    def ended(self) -> None:
        """Record that the reply is complete."""
        self.whole = True


def module_of(client_class: type) -> ModuleType:
    """The module, `httpx` or `httpx2`, that a client class of an SDK is derived from."""
    for base in client_class.__mro__:
        root = base.__module__.partition(".")[0]
        if root in {"httpx", "httpx2"}:
            return importlib.import_module(root)
    raise TypeError(f"{client_class.__name__} stands on neither httpx nor httpx2.")


@functools.cache
def trust(module: ModuleType) -> ssl.SSLContext:
    """The certificates that are trusted, read once: reading them takes as long as a short call."""
    context: ssl.SSLContext = module.create_ssl_context()
    return context


def guarded(
    module: ModuleType,
    address: str,
    *,
    timeout: float,
    limit: int = MAX_JSON_BYTES,
    heard: LastReply | None = None,
) -> dict[str, Any]:
    """Arguments of an asynchronous client of `httpx` or `httpx2` that keep the limits.

    Args:
        module: `httpx` or `httpx2`.
        address: The server that is asked. Proxies of the environment are not used for one of this
            machine.
        timeout: Seconds between two signs of life. The whole call needs a deadline of its own: a
            slow drip gives signs of life for ever.
        limit: The most bytes that are read of one reply.
        heard: Receives the last raw reply.

    Returns:
        Keyword arguments. Reading more than `limit` raises `BodyTooLarge`; a compressed reply
        raises `EncodedBody`; redirects are answers like any other and are not followed.

    Raises:
        Blocked: A proxy of the environment cannot be used.
    """
    refuse_unusable_proxy(module.__name__, address)
    capped = _capped_stream(module)

    async def ask_plain(request: Any) -> None:
        request.headers["accept-encoding"] = "identity"
        await _note(request)

    async def cap(response: Any) -> None:
        listeners = [response.request.extensions.get(_EXCHANGE), heard]
        listening = [one for one in listeners if one is not None]
        for one in listening:
            one.answered(response.status_code, response.headers)
        if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise EncodedBody
        if int(response.headers.get("content-length", 0)) > limit:
            raise BodyTooLarge(limit)
        response.stream = capped(response.stream, limit, listening)

    return {
        "timeout": timeout,
        "follow_redirects": False,
        "trust_env": not is_loopback(address),
        "verify": trust(module),
        "event_hooks": {"request": [ask_plain], "response": [cap]},
    }


async def _note(request: Any) -> None:
    """Record a request for the trace of its call, if there is one."""
    if (log := wire_log()) is None:
        return
    body = await request.aread()
    exchange = HttpExchange(request.method, str(request.url), request.headers, body)
    request.extensions = {**request.extensions, _EXCHANGE: exchange}
    log.add(exchange)


@functools.cache
def _capped_stream(module: ModuleType) -> Any:
    base: Any = module.AsyncByteStream

    class CappedStream(base):  # type: ignore[misc]
        """A reply's bytes, as far as the limit."""

        def __init__(
            self, stream: Any, limit: int, listening: Sequence[HttpExchange | LastReply]
        ) -> None:
            self._stream = stream
            self._limit = limit
            self._listening = listening

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size, listening = 0, self._listening
            async for chunk in self._stream:
                size += len(chunk)
                if size > self._limit:
                    raise BodyTooLarge(self._limit)
                for one in listening:
                    one.take(chunk)
                yield chunk
            for one in listening:
                one.ended()

        async def aclose(self) -> None:
            stream, self._stream = self._stream, base()  # it knows its reply: a circle of megabytes
            await stream.aclose()

    return CappedStream
