"""Requests and replies of one try of a call, recorded for its trace.

The runtime asks for the notes and stores them; the clients of the backends make them. Neither knows
the other: what is noted goes through a context variable, which tasks and threads that a call starts
inherit.
"""

import json
from contextvars import ContextVar
from typing import Any, Protocol

TRACE = "trace"
"""The role of a trace among a step's files."""

MAX_EXCHANGES = 32
"""Requests of one try that are noted; of more, those in the middle are left out."""

MAX_BYTES = 2**20
"""The largest trace that holds more than one request, in bytes."""


class Exchange(Protocol):
    """One request and what came back."""

    def described(self) -> dict[str, Any]:
        """Both as plain data, without secrets, images and other base64; of bounded size."""
        ...


class WireLog:
    """The requests of one try, oldest first."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._left_out = 0

    def __len__(self) -> int:
        return len(self._exchanges)

    def add(self, exchange: Exchange) -> None:
        """Record a request; of the many of a poll, the first and the last ones matter most."""
        self._exchanges.append(exchange)
        if len(self._exchanges) > MAX_EXCHANGES:
            del self._exchanges[MAX_EXCHANGES // 2]
            self._left_out += 1

    def trace(self, **head: Any) -> bytes:
        """The trace as JSON.

        Args:
            **head: What stands before the requests.
        """
        exchanges = [exchange.described() for exchange in self._exchanges]
        while True:
            left_out = self._left_out + len(self._exchanges) - len(exchanges)
            found = {**head, "left_out": left_out, "exchanges": exchanges}
            data = json.dumps(found, ensure_ascii=False, indent=1).encode("utf-8", "replace")
            if len(data) <= MAX_BYTES or len(exchanges) < 2:
                return data
            del exchanges[len(exchanges) // 2]


_log: ContextVar[WireLog | None] = ContextVar("wire_log", default=None)


def wire_log() -> WireLog | None:
    """Recorder of requests in this context; None if nothing is recorded."""
    return _log.get()


class Recording:
    """Record the requests sent inside, if that is wanted.

    Args:
        wanted: Whether it is.
    """

    __slots__ = ("_token", "_wanted")

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def __enter__(self) -> WireLog:
        log = WireLog()
        self._token = _log.set(log if self._wanted else None)
        return log

    def __exit__(self, *_: object) -> None:
        _log.reset(self._token)
