"""Live pages: a stream that names the jobs that have changed; the page then asks for them."""

import asyncio
import json
from collections.abc import AsyncGenerator

from db.rows import EventRow
from engine.api.events.following import Following
from engine.api.events.pages import chosen_after

KEEPALIVE_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
PAUSE_SECONDS = 0.5
"""Minimum time between two frames of a stream."""

MAX_JOBS = 200
"""Jobs that one frame names; of more, the newest."""


class LiveStream(Following):
    """One open page."""

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield frames until the browser leaves."""
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        with self._changes.watching():
            while self._may_follow():
                version = self._changes.version
                jobs = await self._changed()
                if jobs and self._may_follow():  # it may have ended while they were read
                    data = json.dumps({"jobs": jobs})
                    yield f"id: {self._after}\ndata: {data}\n\n".encode()
                    await asyncio.sleep(PAUSE_SECONDS)
                if not await self._changes.wait(version, KEEPALIVE_SECONDS):
                    yield b": still here\n\n"

    async def _changed(self) -> list[int]:
        """Return the jobs that have changed since the last frame; 0 stands for a batch as such."""
        recent = self._changes.since(self._after)
        if recent is None:  # they are older than what is in memory
            rows, self._after = await asyncio.to_thread(self._read)
        else:
            rows = [event for event in recent if self._chosen.takes(event)]
            self._after = max((event.id for event in recent), default=self._after)
        jobs = {event.job_id or 0: None for event in rows}
        return [*jobs, *self._moved()][-MAX_JOBS:]

    def _read(self) -> tuple[list[EventRow], int]:
        with self._services.readers.reading() as connection:
            return chosen_after(connection, self._chosen, self._after, MAX_JOBS)

    def _moved(self) -> list[int]:
        """Return the jobs whose steps have moved."""
        progress = self._changes.progress
        if progress.number == self._progress.number:
            return []
        before, self._progress = set(self._progress.rows), progress
        return [
            row.job_id
            for row in progress.rows
            if row not in before
            and row.job_id is not None
            and self._wants(row.batch_id, row.job_id)
        ]

    def _wants(self, batch: int, job: int) -> bool:
        if self._chosen.job_id is not None:
            return job == self._chosen.job_id
        return self._chosen.batch_id in {None, batch}
