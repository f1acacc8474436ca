"""What a backend is given for the length of one call."""

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.contract import Artifact, Permanent, Task
from engine.models.hosts.model_hosts import ModelHosts
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.process_pool import ComputePool
from engine.runtime.step.deadline import Deadline, HostedTask

T = TypeVar("T")

MOST_MESSAGE = 1000
"""Characters of a progress message at most."""

UNKNOWN = "application/octet-stream"
"""Media type of bytes that are no picture."""

MAX_BYTES = 2 << 30
"""The most bytes of one file that are kept; a backend that downloads stops long before."""

SMALL = 16 * 1024
"""Bytes up to which hashing and looking whether they are stored cost less than a thread's turn."""


@dataclass(slots=True)
class CallRecorder:
    """One call's context: reads and keeps files, and remembers what is to be written with it.

    Attributes:
        request_id: The provider's id where the call was already submitted.
        kept: Files that were stored, as columns of `artifacts`.
        spent: What the call has cost so far, in micro-dollars, without what is counted already.
        counted: Micro-dollars that were counted in the store while the call was under way.
        tokens_in: Tokens that the provider has read so far, None where it counts none.
        tokens_out: Tokens that it has written so far.
        deadline: When the call is given up, where that is set.
        on_unwritable: What to do where bytes cannot be stored: raises, or waits for another try.
        is_withdrawn: Says whether the job was cancelled.
    """

    artifacts: ArtifactStore
    pool: ComputePool
    hosts: ModelHosts
    on_submitted: Callable[[str], Awaitable[None]]
    on_charged: Callable[[int, str | None], Awaitable[int]]
    on_progress: Callable[[float | None, str], None]
    request_id: str | None = None
    kept: list[dict[str, Any]] = field(default_factory=list)
    spent: int = 0
    counted: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    had_progress: bool = False
    deadline: Deadline | None = None
    on_unwritable: Callable[[OSError], Awaitable[None]] | None = None
    on_preview: Callable[[bytes], None] = lambda _picture: None
    is_withdrawn: Callable[[], bool] = lambda: False

    @property
    def withdrawn(self) -> bool:
        """Whether a call that is cut off is unwanted for good."""
        return self.is_withdrawn()

    async def read(self, artifact: Artifact) -> bytes:
        """The bytes of an artifact, checked against its hash."""
        return await asyncio.to_thread(self.artifacts.read, artifact.hash)

    async def keep(self, data: bytes, role: str = "result") -> Artifact:
        """Stores bytes by content and returns their handle.

        Raises:
            Permanent: They are more than `MAX_BYTES`.
        """
        if len(data) > MAX_BYTES:
            raise Permanent(
                f"The answer has {len(data) / 2**30:.1f} GiB, more than the {MAX_BYTES >> 30} GiB "
                "that are kept."
            )
        known = self.artifacts.known(data) if len(data) <= SMALL else None
        artifact = _described(known, data) if known else await self._store(data)
        self.kept.append({"role": role, **vars(artifact)})
        return artifact

    async def _store(self, data: bytes) -> Artifact:
        while True:
            try:
                return await asyncio.to_thread(_keep, self.artifacts, data)
            except OSError as error:
                if self.on_unwritable is None:
                    raise
                await self.on_unwritable(error)

    async def submitted(self, request_id: str) -> None:
        """Records the provider's id of this call; durable when it returns."""
        self.request_id = request_id
        await self.on_submitted(request_id)

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Says how far this call is; numbers that mean nothing count as not known."""
        self.had_progress = True
        self.on_progress(_share(fraction), message[:MOST_MESSAGE])

    def preview(self, picture: bytes) -> None:
        """Shows how a picture looks so far."""
        self.had_progress = True
        self.on_preview(picture)

    def cost(self, microdollars: int) -> None:
        """Adds what this call has cost."""
        self.spent += microdollars

    async def charged(self, microdollars: int, request_id: str | None = None) -> None:
        """Counts the cost of finished work before its result is fetched."""
        if request_id is not None:
            self.request_id = request_id
        if microdollars or request_id is not None:
            self.counted += await self.on_charged(microdollars, request_id)

    def usage(self, tokens_in: int, tokens_out: int) -> None:
        """Adds the tokens that the provider counted, read and written."""
        self.tokens_in = (self.tokens_in or 0) + tokens_in
        self.tokens_out = (self.tokens_out or 0) + tokens_out

    def compute(self, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Runs a module-level function of plain data in the process pool."""
        return self.pool.run(function, *args)

    async def infer(self, task: Task) -> Any:
        """Has a task done by a model host; its progress and previews are shown."""
        hosted = HostedTask(self, self.deadline)
        try:
            return await self.hosts.infer(task, hosted)
        finally:
            hosted.ends()


def _share(fraction: float | None) -> float | None:
    """A fraction as 0 to 1; None where it is no number or too large to be one."""
    if fraction is None:
        return None
    try:
        share = float(fraction)
    except (OverflowError, TypeError, ValueError):
        return None
    return None if math.isnan(share) else min(1.0, max(0.0, share))


def _keep(artifacts: ArtifactStore, data: bytes) -> Artifact:
    return _described(artifacts.put(data), data)


def _described(hash_: str, data: bytes) -> Artifact:
    from engine.imaging.decode import describe, looks_like_picture
    from engine.imaging.errors import PictureError

    size = len(data)
    if looks_like_picture(data):
        with contextlib.suppress(PictureError):
            media_type, width, height = describe(data)
            return Artifact(
                hash=hash_, media_type=media_type, size=size, width=width, height=height
            )
    return Artifact(hash=hash_, media_type=UNKNOWN, size=size)
