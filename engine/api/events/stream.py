"""Events as a stream (SSE): hints with numbers, by which a caller resumes after a cut.

Every event is sent once and in order: a stream starts after `Last-Event-ID`. It takes what is new
from memory, or from the store if it is far behind, and holds no reader while it sends.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from db.clock import now
from db.errors import StoreError
from db.queries.history import last_event, oldest_event
from db.rows import EventRow, ProgressRow
from engine.api.auth.principal import Principal
from engine.api.auth.tokens import holds
from engine.api.endpoint import Call
from engine.api.events.following import Following
from engine.api.events.pages import (
    MAX_EVENT,
    EventQuery,
    chosen_after,
    documents_of,
    filter_of,
    gone,
    page,
)
from engine.api.problems import Problem
from engine.api.services import Services
from engine.client.ids import batch_name, job_name
from engine.text.errors import UserError

KEEPALIVE_SECONDS = 15.0
RETRY_MILLISECONDS = 2000
_AT_ONCE = 200


async def events(call: Call) -> Response:
    """Answer with a page of events, or with a stream if the caller accepts one."""
    accepted = call.request.headers.get("accept", "")
    if call.request.method == "HEAD" or "text/event-stream" not in accepted:
        return await asyncio.to_thread(page, call)
    return open_stream(call)


def open_stream(call: Call) -> Response:
    """Return a stream of events.

    Raises:
        Problem: 410 `events-gone`, or 429 `too-many-streams`.
    """
    services, caller = call.services, call.caller
    chosen, after = filter_of(call), _start(call)
    with services.readers.reading() as connection:
        oldest = oldest_event(connection)
        if after is None:
            after = last_event(connection)
        elif after and after < oldest - 1:
            raise gone(oldest)
    limit = services.settings.max_streams
    if services.streams[caller.id] >= limit:
        raise Problem(
            429,
            "too-many-streams",
            f"A token may have {limit} streams open.",
            remedy="Close one, or raise api.max_streams.",
            headers={"Retry-After": "5"},
        )
    stream = _Stream(services, chosen, after, lambda: _holds(services, caller))
    body = stream.frames(caller.id, call.request)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, 200, headers, "text/event-stream")


def _holds(services: Services, caller: Principal) -> bool:
    """Return whether the token of an open stream is still valid, read once per change."""

    def read() -> bool:
        with services.readers.reading() as connection:
            return holds(connection, caller)

    if caller.expires is not None and caller.expires <= now():
        return False
    try:
        return services.remembered.read(("holds", caller.id, caller.expires), read)
    except (sqlite3.Error, StoreError, UserError):
        return False  # the next connection is told why


def _start(call: Call) -> int | None:
    """Return the number after which a stream starts; None for the newest.

    Raises:
        Problem: 400: `Last-Event-ID` is not a number.
    """
    query: EventQuery = call.query
    last = call.request.headers.get("last-event-id", "").strip()
    if not last:
        return query.after if "after" in query.model_fields_set else None
    if not (last.isascii() and last.isdecimal() and len(last) < 20) or int(last) > MAX_EVENT:
        raise Problem(400, "bad-query", "Last-Event-ID is not the number of an event.")
    return int(last)


class _Gone(Exception):
    """A stream is so far behind that events which it lacks are no longer kept."""


class _Stream(Following):
    """One open stream of events."""

    async def frames(self, caller: str, request: Request) -> AsyncIterator[bytes]:
        """Yield frames until the caller leaves or the server stops."""
        streams = self._services.streams
        streams[caller] += 1
        try:
            with self._changes.watching():
                yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
                async for frame in self._follow():
                    yield frame
        except _Gone:
            yield b": gone\n\n"  # the next connection gets 410, and says what to do
        finally:
            streams[caller] -= 1
            if not streams[caller]:
                del streams[caller]

    async def _follow(self) -> AsyncIterator[bytes]:
        while self._may_follow():
            version = self._changes.version
            async for frame in self._new():
                if not self._may_follow():  # it may have ended while they were read
                    return
                yield frame
            if frame := self._moved():
                yield frame
            if not await self._changes.wait(version, KEEPALIVE_SECONDS):
                yield b": still here\n\n"

    async def _new(self) -> AsyncIterator[bytes]:
        """Yield the events since the last one, from memory or from the store."""
        while True:
            recent = self._changes.since(self._after)
            if recent is not None:
                rows = [row for row in recent if self._chosen.takes(row)]
                self._after = recent[-1].id if recent else self._after
                if rows:
                    yield _frames(rows)
                return
            rows, position = await asyncio.to_thread(self._read)
            if position == self._after and not rows:
                return
            self._after = position
            if rows:
                yield _frames(rows)

    def _read(self) -> tuple[list[EventRow], int]:
        with self._services.readers.reading() as connection:
            if self._after and self._after < oldest_event(connection) - 1:
                raise _Gone
            return chosen_after(connection, self._chosen, self._after, _AT_ONCE)

    def _moved(self) -> bytes:
        """Return the progress of the chosen jobs, if it was read again."""
        progress = self._changes.progress
        if progress.number == self._progress.number:
            return b""
        before, self._progress = set(self._progress.rows), progress
        rows = [row for row in progress.rows if row not in before and self._wants(row)]
        return b"".join(map(_progress_frame, rows))

    def _wants(self, row: ProgressRow) -> bool:
        if self._chosen.types and "progress" not in self._chosen.types:
            return False
        if self._chosen.job_id is not None:
            return row.job_id == self._chosen.job_id
        return self._chosen.batch_id in {None, row.batch_id}


def _frames(rows: list[EventRow]) -> bytes:
    return b"".join(
        _frame(document["type"], document, f"id: {document['id']}\n")
        for document in documents_of(rows)
    )


def _progress_frame(row: ProgressRow) -> bytes:
    return _frame(
        "progress",
        {
            "batch": batch_name(row.batch_id),
            "job": job_name(row.job_id) if row.job_id else None,
            "step": f"s{row.step_id}",
            "fraction": row.fraction,
            "message": row.message,
        },
    )


def _frame(type_: str, document: dict[str, Any], id_: str = "") -> bytes:
    return f"{id_}event: {type_}\ndata: {json.dumps(document)}\n\n".encode()
