"""Thumbnails of files that steps keep, generated while the pool is idle."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.kinds.registry import kinds
from engine.kinds.thumbnails import SIDES, StoredFile, generate_all, has_thumbnail
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.process_pool import ComputePool

MAX_WAITING = 2000
"""Files that wait for their thumbnails; of more, the oldest get theirs when they are needed."""

BATCH = 16
"""Files of one call of the pool."""

POLL_SECONDS = 0.25
MAX_POLLS = 40
"""Looks for a free worker before a call waits its turn like any other."""

log = logging.getLogger(__name__)


class Thumbnailer:
    """Generate thumbnails in the background; nothing waits for them or fails because of them.

    Args:
        pool: Processes for CPU-heavy work.
        artifacts: Files by content.
        folder: Folder of the thumbnails.
        delay: Seconds before the first of a burst, so that short runs start no process for them.
    """

    def __init__(
        self, pool: ComputePool, artifacts: ArtifactStore, folder: Path, delay: float = 1.0
    ) -> None:
        self._pool = pool
        self._artifacts = artifacts
        self._folder = folder
        self._delay = delay
        self._waiting: deque[StoredFile] = deque(maxlen=MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    def schedule(self, artifacts: Iterable[Mapping[str, Any]]) -> None:
        """Note files that a step has left, as columns of `artifacts`; returns at once."""
        for columns in artifacts:
            name = columns["kind"]
            if kinds().of(name).face != "hidden" and has_thumbnail(
                name, columns["width"], columns["height"], SIDES[0]
            ):
                self._waiting.append(self._file(columns))
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work(), name="thumbnails")

    def _file(self, columns: Mapping[str, Any]) -> StoredFile:
        return StoredFile(
            hash=columns["hash"],
            path=self._artifacts.path(columns["hash"]),
            kind=columns["kind"],
            media_type=columns["media_type"],
            size=columns["size"],
            width=columns["width"],
            height=columns["height"],
            facts=columns.get("facts") or {},
        )

    async def _work(self) -> None:
        await asyncio.sleep(self._delay)
        while self._waiting:
            await self._until_free()
            count = min(BATCH, len(self._waiting))
            files = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._pool.run(generate_all, self._folder, files)
            except Exception as error:  # noqa: BLE001 - they are generated when they are needed
                log.debug("thumbnails of %d files were not generated: %s", count, error)

    async def _until_free(self) -> None:
        for _ in range(MAX_POLLS):
            if not self._pool.is_full:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        """Stop; waiting thumbnails are generated when they are needed."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
