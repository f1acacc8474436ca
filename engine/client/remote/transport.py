"""Sending of requests, blocking or with asyncio: keys, retries and errors in one place."""

import asyncio
import functools
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine import __version__
from engine.client.remote.asking import NO_REPLY, Ask, Operation, Pause, Progress, Reply
from engine.client.remote.errors import PROBLEM, RemoteError, Unreachable, error_of
from engine.client.remote.retrying import delay
from engine.client.remote.server import Server
from engine.text.addresses import is_loopback
from engine.text.errors import UserError

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
_CHUNK = 1 << 20
MAX_ANSWER = 256 << 20
"""Maximum size of an answer that is not a file, in bytes."""


class _Sending:
    """One request with its key, over its tries."""

    def __init__(self, server: Server, ask: Ask) -> None:
        self.ask = ask
        self._server = server
        self._key = uuid.uuid4().hex
        self._tries = 0

    def request(self) -> dict[str, Any]:
        """Return the arguments of `httpx.Client.build_request`."""
        ask = self.ask
        parts: dict[str, Any] = {"method": ask.method, "url": ask.path, "headers": self._headers()}
        if ask.query:
            parts["params"] = dict(ask.query)
        if ask.upload is not None:
            parts["content"] = ask.upload if isinstance(ask.upload, bytes) else None
        elif ask.body is not None:
            parts["json"] = ask.body
        seconds = READ_SECONDS + ask.wait
        parts["timeout"] = (CONNECT_SECONDS, seconds, seconds, CONNECT_SECONDS)
        return parts

    def _headers(self) -> dict[str, str]:
        headers = headers_of(self._server)
        if self.ask.method == "POST":
            headers["idempotency-key"] = self._key
        if self.ask.wait:
            headers["prefer"] = f"wait={self.ask.wait}"
        if isinstance(self.ask.upload, Path):
            headers["content-length"] = str(self.ask.upload.stat().st_size)
        if self.ask.upload is not None:
            headers["content-type"] = "application/octet-stream"
        return headers

    def failed(self, error: Exception) -> float:
        """Return the seconds before the next try.

        Raises:
            Unreachable: It was the last.
        """
        self._tries += 1
        seconds = delay(self._tries, 0, {})
        if seconds is None:
            raise Unreachable(self._server.url, error) from None
        return seconds

    def answered(self, reply: Reply) -> float | None:
        """Return the seconds before the next try; None if the answer counts.

        Raises:
            RemoteError: It is a refusal that counts.
        """
        self._tries += 1
        if 200 <= reply.status < 300:
            return None
        ask = self.ask
        error = error_of(ask.method, ask.path, reply.status, reply.headers, reply.content)
        seconds = delay(self._tries, reply.status, reply.headers, error.code)
        if seconds is None:
            raise error
        return seconds


def headers_of(server: Server) -> dict[str, str]:
    """Return the headers of every request."""
    return {
        "authorization": f"Bearer {server.token}",
        "accept": f"application/json, {PROBLEM}",
        "user-agent": f"safelight/{__version__}",
    }


def _options(server: Server) -> dict[str, Any]:
    """Return the arguments of a client; a proxy never gets requests to this machine.

    Certificates are read where they may be needed only: that takes longer than a short request.
    """
    import httpx

    here = is_loopback(server.url)
    plain = here and httpx.URL(server.url).scheme == "http"
    return {"base_url": server.url, "trust_env": not here, "verify": not plain and _trust()}


@functools.cache
def _trust() -> ssl.SSLContext:
    """Read the certificates that are trusted, once for all clients of this process."""
    import httpx

    return httpx.create_ssl_context()


def _whole(chunks: Iterator[bytes]) -> bytes:
    """Return the body of an answer.

    Raises:
        RemoteError: It is larger than any answer of Safelight.
    """
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > MAX_ANSWER:
            raise _too_large()
    return bytes(data)


async def _bounded(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MAX_ANSWER:
            raise _too_large()
        yield chunk


def _too_large() -> RemoteError:
    return RemoteError(f"The server sent more than {MAX_ANSWER >> 20} MiB in one answer.")


def _reply(status: int, headers: Mapping[str, str], content: bytes = b"") -> Reply:
    return Reply(status, {name.lower(): value for name, value in headers.items()}, content)


def refuse_without_httpx() -> None:
    """Refuse if the client's package is not installed.

    Raises:
        UserError: It is not; the remedy is the command that installs it.
    """
    from importlib.util import find_spec

    from engine.contract.packages import missing_packages

    if find_spec("httpx") is None:
        requirement = missing_packages("httpx", extra="api")
        raise UserError(f"A server needs {requirement.what}.", remedy=requirement.remedy)


class Transport:
    """Blocking requests to a server.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        import httpx

        self.server = server
        self._client = httpx.Client(**_options(server))

    def run(self, operation: Operation[T]) -> T:
        """Carry out an operation and return its result."""
        progress = Progress(operation)
        while (ask := progress.ask) is not None:
            try:
                reply = self._exchange(ask)
            except RemoteError as error:
                progress.refused(error)
            else:
                progress.answered(reply)
        return progress.result

    def _exchange(self, ask: Ask | Pause) -> Reply:
        if isinstance(ask, Pause):
            time.sleep(ask.seconds)
            return NO_REPLY
        import httpx

        sending = _Sending(self.server, ask)
        while True:
            try:
                reply = self._once(sending)
            except httpx.TransportError as error:
                seconds = sending.failed(error)
            else:
                wait = sending.answered(reply)
                if wait is None:
                    return reply
                seconds = wait
            time.sleep(seconds)

    def _once(self, sending: _Sending) -> Reply:
        parts, ask = sending.request(), sending.ask
        if isinstance(ask.upload, Path):
            parts["content"] = _chunks(ask.upload)
        request = self._client.build_request(**parts)
        response = self._client.send(request, stream=True)
        try:
            if ask.save_to is not None and response.status_code == 200:
                with ask.save_to.open("wb") as file:
                    for chunk in response.iter_bytes(_CHUNK):
                        file.write(chunk)
                return _reply(200, response.headers)
            return _reply(
                response.status_code, response.headers, _whole(response.iter_bytes(_CHUNK))
            )
        finally:
            response.close()

    def stream(self, path: str, query: Mapping[str, Any], last: int | None) -> Iterator[bytes]:
        """Yield the bytes of a stream of events as they come.

        Raises:
            httpx.TransportError: It was cut.
            RemoteError: It is refused.
        """
        headers = stream_headers(self.server, last)
        with self._client.stream(
            "GET", path, params=dict(query), headers=headers, timeout=STREAM_TIMEOUT
        ) as response:
            if response.status_code != 200:
                raise error_of("GET", path, response.status_code, _lower(response), response.read())
            yield from response.iter_raw()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class AsyncTransport:
    """Requests to a server with asyncio.

    Args:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        import httpx

        self.server = server
        self._client = httpx.AsyncClient(**_options(server))

    async def run(self, operation: Operation[T]) -> T:
        """Carry out an operation and return its result."""
        progress = Progress(operation)
        while (ask := progress.ask) is not None:
            try:
                reply = await self._exchange(ask)
            except RemoteError as error:
                progress.refused(error)
            else:
                progress.answered(reply)
        return progress.result

    async def _exchange(self, ask: Ask | Pause) -> Reply:
        if isinstance(ask, Pause):
            await asyncio.sleep(ask.seconds)
            return NO_REPLY
        import httpx

        sending = _Sending(self.server, ask)
        while True:
            try:
                reply = await self._once(sending)
            except httpx.TransportError as error:
                seconds = sending.failed(error)
            else:
                wait = sending.answered(reply)
                if wait is None:
                    return reply
                seconds = wait
            await asyncio.sleep(seconds)

    async def _once(self, sending: _Sending) -> Reply:
        parts, ask = sending.request(), sending.ask
        if isinstance(ask.upload, Path):
            parts["content"] = _async_chunks(ask.upload)
        request = self._client.build_request(**parts)
        response = await self._client.send(request, stream=True)
        try:
            if ask.save_to is not None and response.status_code == 200:
                file = await asyncio.to_thread(ask.save_to.open, "wb")
                try:
                    async for chunk in response.aiter_bytes(_CHUNK):
                        await asyncio.to_thread(file.write, chunk)
                finally:
                    await asyncio.to_thread(file.close)
                return _reply(200, response.headers)
            chunks = [chunk async for chunk in _bounded(response.aiter_bytes(_CHUNK))]
            return _reply(response.status_code, response.headers, b"".join(chunks))
        finally:
            await response.aclose()

    async def stream(
        self, path: str, query: Mapping[str, Any], last: int | None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes of a stream of events as they come; errors as in `Transport.stream`."""
        headers = stream_headers(self.server, last)
        async with self._client.stream(
            "GET", path, params=dict(query), headers=headers, timeout=STREAM_TIMEOUT
        ) as response:
            if response.status_code != 200:
                content = await response.aread()
                raise error_of("GET", path, response.status_code, _lower(response), content)
            async for chunk in response.aiter_raw():
                yield chunk

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


STREAM_TIMEOUT = (CONNECT_SECONDS, 45.0, CONNECT_SECONDS, CONNECT_SECONDS)
"""Timeouts of a stream: the server sends something every 15 seconds."""


def stream_headers(server: Server, last: int | None) -> dict[str, str]:
    """Return the headers of a stream of events that continues after an event."""
    more = {} if last is None else {"last-event-id": str(last)}
    return {**headers_of(server), "accept": "text/event-stream", **more}


def _lower(response: "httpx.Response") -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


async def _async_chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        await asyncio.to_thread(file.close)
