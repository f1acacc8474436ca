"""Files of steps on their way to an object store: a row names a file once it is durable there.

The lane of uploads is narrow, retries and is blocked like that of a backend. Other steps go on
while one waits for its files.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.config.settings import RetrySettings
from engine.contract import Backend, Blocked, Retryable, StepError
from engine.runtime.artifacts import ArtifactStore, FileLost
from engine.runtime.lanes.lane import Lane
from engine.runtime.lanes.lane_set import UPLOADS_LANE, LaneSet
from engine.runtime.objects.cached import CachedArtifacts
from engine.runtime.step.local import LocalExecutor

log = logging.getLogger(__name__)


class Uploads:
    """Uploads the files of steps; does nothing if files live in the workspace's folder.

    Args:
        artifacts: Files by content.
        lanes: The engine's lanes, of which one is that of uploads.
        retry: Settings of retries.

    Attributes:
        is_on: True if files live in an object store.
        lane: The lane.
    """

    def __init__(self, artifacts: ArtifactStore, lanes: LaneSet, retry: RetrySettings) -> None:
        self._artifacts = artifacts if isinstance(artifacts, CachedArtifacts) else None
        self.is_on = self._artifacts is not None
        self.lane = self._lane = lanes.uploads() if self.is_on else Lane(UPLOADS_LANE, 1)
        self._retry = retry
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def are_durable(self, files: Iterable[Mapping[str, Any]]) -> bool:
        """Return whether files, as columns of `artifacts`, can be named at once."""
        known = self._artifacts
        return known is None or all(known.is_durable(file["hash"]) for file in files)

    async def finish(self, hashes: Iterable[str]) -> None:
        """Upload files and wait until they are durable.

        Raises:
            Blocked: The object store does not take them; the lane is blocked.
            FileLost: A file is gone or damaged here.
        """
        if self._artifacts is None:
            return
        tasks = [self._task(hash_) for hash_ in dict.fromkeys(hashes)]
        for task in tasks:
            await asyncio.shield(task)

    async def finish_some(self, files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Upload files that are worth less than the outcome they belong to; return the durable."""
        if self.are_durable(files):
            return list(files)
        durable = []
        for file in files:
            try:
                await self.finish([file["hash"]])
            except StepError as error:
                log.warning("%s is not kept: %s", file["role"], error)
            else:
                durable.append(file)
        return durable

    async def refuse_if_blocked(self, backend: Backend) -> None:
        """Check that results can be stored before more of them are bought.

        Raises:
            Blocked: The object store takes nothing now.
        """
        if isinstance(backend, LocalExecutor):
            return
        if self._lane.blocked is not None:
            raise self._lane.blocked.again()
        if self._lane.probing and not self._lane.proved:
            await self._admitted("check of the store", self._check)

    def _check(self, _what: str) -> None:
        if self._artifacts is not None:
            self._artifacts.remote.check()

    def _task(self, hash_: str) -> "asyncio.Task[None]":
        """Return the upload of a file, which those share that keep the same bytes."""
        task = self._under_way.get(hash_)
        if task is None:
            task = asyncio.create_task(self._upload(hash_), name=f"upload {hash_[:12]}")
            self._under_way[hash_] = task
            task.add_done_callback(lambda done: self._forget(hash_, done))
        return task

    def _forget(self, hash_: str, task: "asyncio.Task[None]") -> None:
        del self._under_way[hash_]
        if not task.cancelled():
            task.exception()  # it is for those who wait, if any still do

    async def _upload(self, hash_: str) -> None:
        if self._artifacts is not None and not self._artifacts.is_durable(hash_):
            await self._admitted(hash_, self._artifacts.ensure)

    async def _admitted(self, what: str, action: Any) -> None:
        """Do something with the store through the lane, again while it may work in a moment."""
        for number in range(1, self._retry.tries + 1):
            try:
                await self._once(what, action)
            except Retryable as error:
                if number == self._retry.tries:
                    raise self._blocked(error.outlasted()) from error
                log.warning("%s", error.message)
                await asyncio.sleep(self._wait(number, error))
            except Blocked as error:
                raise self._blocked(error) from error
            else:
                return

    async def _once(self, what: str, action: Any) -> None:
        loop = asyncio.get_running_loop()
        async with self._lane.slot() as sent:
            try:
                await loop.run_in_executor(self._threads(), action, what)
            except Retryable as error:
                self._lane.failed(error, sent)
                raise
            except FileLost:
                self._lane.succeeded(sent)
                raise
            self._lane.succeeded(sent)

    def _wait(self, number: int, error: Retryable) -> float:
        wait = min(self._retry.wait_max, self._retry.wait_initial * 2.0 ** (number - 1))
        return wait if error.retry_after is None else max(wait, error.retry_after)

    def _blocked(self, error: StepError) -> StepError:
        if isinstance(error, Blocked):
            if self._lane.blocked is None:
                log.error("%s", error.message)
                self._lane.block(error)
            error.lane = self._lane.name
            return error.again()
        return error

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(64, "uploads")
        return self._pool

    def reload(self, retry: RetrySettings) -> None:
        """Take new settings of retries."""
        self._retry = retry

    async def close(self) -> None:
        """Give up what is under way; it is resumed by the next engine."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
