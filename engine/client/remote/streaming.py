"""Streams of events (SSE): frames without a network, and when to connect again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.client.remote.errors import RemoteError, Unreachable
from engine.client.remote.retrying import delay
from engine.client.remote.server import Server

MAX_FRAME = 8 << 20


class Frames:
    """The events in the bytes of streams, each once and in order.

    Args:
        after: The event after which to begin; None for what is new.

    Attributes:
        last: The last event so far, after which a new stream continues.
        tries: Number of streams in a row that brought nothing.
    """

    def __init__(self, after: int | None = None) -> None:
        self.last = after
        self.tries = 0
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that are whole now; other frames, such as progress, have no number."""
        self.tries = 0
        self._rest = (self._rest + chunk).replace(b"\r\n", b"\n")
        *frames, self._rest = self._rest.split(b"\n\n")
        if len(self._rest) > MAX_FRAME:
            raise RemoteError("The server sends an event without an end.")
        for frame in frames:
            document = _document(frame)
            if document is None:
                continue
            number = document.get("id")
            if isinstance(number, int):
                if self.last is not None and number <= self.last:
                    continue
                self.last = number
            yield document

    def cut(self) -> None:
        """Forget the part of a frame that a lost connection has left."""
        self._rest = b""


def _document(frame: bytes) -> dict[str, Any] | None:
    """Return the data of a frame; None for a comment or a frame without data."""
    lines = frame.split(b"\n")
    data = b"\n".join(line[5:].lstrip(b" ") for line in lines if line.startswith(b"data:"))
    if not data:
        return None
    kinds = [line[6:].strip() for line in lines if line.startswith(b"event:")]
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise RemoteError("The server sends an event that is not JSON.") from None
    if not isinstance(document, dict):
        return None
    return {"type": kinds[0].decode("utf-8", "replace"), **document} if kinds else document


@dataclass
class Again:
    """The wait before a stream is opened again.

    Attributes:
        seconds: Its length.
    """

    seconds: float = 0.0


@contextmanager
def stream_again(frames: Frames, server: Server) -> Iterator[Again]:
    """Read one stream; where it is cut, say how long to wait before the next.

    Raises:
        RemoteError: It is refused for good.
        Unreachable: The server does not come back.
    """
    import httpx

    again, status, code = Again(), 0, ""
    headers: dict[str, str] = {}
    error: Exception = ConnectionError("the stream ended")
    try:
        yield again
    except httpx.TransportError as cut:
        error = cut
    except RemoteError as refusal:
        if refusal.code != "too-many-streams" and not refusal.waits:
            raise
        status, code, error = refusal.status, refusal.code, refusal
    frames.cut()
    frames.tries += 1
    seconds = delay(frames.tries, status, headers, code)
    if seconds is None:
        raise error if isinstance(error, RemoteError) else Unreachable(server.url, error)
    again.seconds = seconds
