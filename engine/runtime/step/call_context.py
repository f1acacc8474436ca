"""Context of one call, as its backend gets it."""

import asyncio
import contextlib
import functools
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from engine.contract import Artifact, Backend, OpenFile, Permanent, Task
from engine.contract.files import open_regular
from engine.contract.kinds import Content
from engine.contract.travelling import may_travel
from engine.kinds.registry import content_of, content_of_file, kinds
from engine.models.hosts.model_hosts import ModelHosts
from engine.runtime.artifacts import ArtifactStore, FileLost, gone
from engine.runtime.far_call import FarCall
from engine.runtime.process_pool import ComputePool
from engine.runtime.step.deadline import Deadline, HostedTask
from engine.text.terminal import quoted

FETCHES = 3
"""Times that the files of a computation are fetched; a cache may be too small for all at once."""

S = TypeVar("S")
T = TypeVar("T")

MAX_MESSAGE = 1000
"""Maximum length of a progress message in characters."""

MAX_BYTES = 2 << 30
"""Maximum number of bytes stored from memory; a backend that downloads stops long before."""

MAX_FILE_BYTES = 64 << 30
"""Maximum size of a file stored from a path, in bytes."""

SMALL = 16 * 1024
"""Bytes up to which hashing and looking whether they are stored cost less than a thread's turn."""


@dataclass(slots=True)
class StepCallContext:
    """One call's context: reads and keeps files, and remembers what is to be written with it.

    Attributes:
        request_id: The provider's id if the call was already submitted.
        kept: Files that were stored, as columns of `artifacts`.
        spent: Cost of the call so far in micro-dollars, without amounts already counted.
        counted: Micro-dollars that were counted in the store while the call was under way.
        tokens_in: Tokens that the provider has read so far, None where it counts none.
        tokens_out: Tokens that it has written so far.
        deadline: Deadline of the call, if any.
        on_unwritable: What to do where bytes cannot be stored: raises, or waits for another try.
        is_withdrawn: Returns whether the job was cancelled.
        device: Device of the model host that works on it; empty without one.
        backend: The backend that is called; None if it is not known.
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
    on_preview: Callable[[bytes], None] = lambda _image: None
    is_withdrawn: Callable[[], bool] = lambda: False
    device: str = ""
    backend: Backend | None = None

    @property
    def withdrawn(self) -> bool:
        """True if a call that is cut off is unwanted for good."""
        return self.is_withdrawn()

    async def read(self, artifact: Artifact) -> bytes:
        """Return the bytes of an artifact, checked against its hash."""
        return await asyncio.to_thread(self.artifacts.read, artifact.hash)

    async def open(self, artifact: Artifact) -> BinaryIO:
        """Open an artifact for reading, checked against its hash; the caller closes it."""
        return await asyncio.to_thread(self.artifacts.open, artifact.hash)

    async def keep(self, data: bytes, role: str = "result", *, kind: str | None = None) -> Artifact:
        """Store bytes by content and return their handle.

        Raises:
            Permanent: They are more than `MAX_BYTES`.
        """
        if len(data) > MAX_BYTES:
            raise Permanent(
                f"The answer has {len(data) / 2**30:.1f} GiB, more than the {MAX_BYTES >> 30} GiB "
                "that are kept."
            )
        known = self.artifacts.known(data) if len(data) <= SMALL else None
        if known:
            artifact = _described_again(_Stored(known, kind, data))
        else:
            artifact = await self._store(_keep, data, kind)
        self.kept.append({"role": role, **vars(artifact)})
        return artifact

    async def keep_file(
        self, path: Path, role: str = "result", *, kind: str | None = None
    ) -> Artifact:
        """Store a copy of a file by content and return its handle; memory use is constant.

        Raises:
            Permanent: It is not a regular file, or is larger than `MAX_FILE_BYTES`.
        """
        artifact = await self._store(_keep_file, path, kind)
        self.kept.append({"role": role, **vars(artifact)})
        return artifact

    def scratch(self) -> AbstractContextManager[Path]:
        """Return a private folder on the disk of the stored files, removed at its end."""
        return self.artifacts.scratch()

    async def _store(
        self, keep: Callable[[ArtifactStore, S, str | None], Artifact], source: S, kind: str | None
    ) -> Artifact:
        while True:
            try:
                return await asyncio.to_thread(keep, self.artifacts, source, kind)
            except OSError as error:
                if self.on_unwritable is None:
                    raise
                await self.on_unwritable(error)

    async def submitted(self, request_id: str) -> None:
        """Record the provider's id of this call; durable when it returns."""
        self.request_id = request_id
        await self.on_submitted(request_id)

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Report the progress of this call; invalid numbers count as unknown."""
        self.had_progress = True
        self.on_progress(_share(fraction), message[:MAX_MESSAGE])

    def preview(self, image: bytes) -> None:
        """Report a preview of an image."""
        self.had_progress = True
        self.on_preview(image)

    def cost(self, microdollars: int) -> None:
        """Add to the cost of this call."""
        self.spent += microdollars

    async def charged(self, microdollars: int, request_id: str | None = None) -> None:
        """Count the cost of finished work before its result is fetched."""
        if request_id is not None:
            self.request_id = request_id
        if microdollars or request_id is not None:
            self.counted += await self.on_charged(microdollars, request_id)

    def usage(self, tokens_in: int, tokens_out: int) -> None:
        """Add the tokens that the provider counted, read and written."""
        self.tokens_in = (self.tokens_in or 0) + tokens_in
        self.tokens_out = (self.tokens_out or 0) + tokens_out

    def compute(self, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        """Run a module-level function of plain data, or of files, in the process pool.

        One that is marked by `travels` may run on another machine.
        """
        here: tuple[Any, ...] = (function, *args)
        if any(isinstance(one, Artifact | OpenFile) for one in args):
            if self.artifacts.is_remote:
                return self._compute_on_cached(function, args)
            here = (_of_files, self.artifacts.folder.absolute(), function, args)
        return self._run(function, args, here)

    def _run(
        self, function: Callable[..., T], args: tuple[Any, ...], here: tuple[Any, ...]
    ) -> Awaitable[T]:
        """Run a call in the pool, or what stands for it on this machine."""
        if may_travel(function, args):
            return self.pool.run_anywhere(FarCall(function, args, self.artifacts), *here)
        return self.pool.run(*here)

    async def _compute_on_cached(self, function: Callable[..., T], args: tuple[Any, ...]) -> T:
        """Fetch files from the object store for a worker; again if the cache was too small."""
        hashes = [file.hash for one in args if (file := _file_of(one)) is not None]
        for left in reversed(range(FETCHES)):
            paths = [await self._stored(hash_) for hash_ in hashes]
            folders = {hash_: path.parents[1] for hash_, path in zip(hashes, paths, strict=True)}
            try:
                return await self._run(function, args, (_of_files, folders, function, args))
            except FileLost:
                if not left:
                    raise
        raise AssertionError("the last turn returns or raises")

    async def _stored(self, hash_: str) -> Path:
        try:
            return await asyncio.to_thread(self.artifacts.stored, hash_)
        except FileNotFoundError:
            raise gone(hash_) from None

    async def infer(self, task: Task) -> Any:
        """Run a task on a model host; show its progress and previews."""
        hosted = HostedTask(self, self.deadline, task.part)
        try:
            return await self.hosts.infer(task, hosted, self.backend)
        finally:
            self.device = hosted.device
            hosted.ends()


def _file_of(one: Any) -> Artifact | None:
    """Return the artifact that an argument is; None for plain data."""
    if isinstance(one, OpenFile):
        return one.artifact
    return one if isinstance(one, Artifact) else None


def _of_files(
    folder: Path | Mapping[str, Path], function: Callable[..., T], args: tuple[Any, ...]
) -> T:
    """Call a function with the bytes or the stream of each artifact in its place; in a worker."""

    def store_of(hash_: str) -> ArtifactStore:
        return ArtifactStore(folder if isinstance(folder, Path) else folder[hash_])

    with contextlib.ExitStack() as opened:

        def content(one: Any) -> Any:
            if isinstance(one, OpenFile):
                return opened.enter_context(store_of(one.artifact.hash).open(one.artifact.hash))
            return store_of(one.hash).read(one.hash) if isinstance(one, Artifact) else one

        return function(*map(content, args))


def _share(fraction: float | None) -> float | None:
    """Return a fraction of 0 to 1; None if it is not a number or is too large."""
    if fraction is None:
        return None
    try:
        share = float(fraction)
    except (OverflowError, TypeError, ValueError):
        return None
    return None if math.isnan(share) else min(1.0, max(0.0, share))


def _keep(artifacts: ArtifactStore, data: bytes, kind: str | None) -> Artifact:
    return _described(artifacts.put(data), content_of(data), kind)


def _keep_file(artifacts: ArtifactStore, path: Path, kind: str | None) -> Artifact:
    try:
        stream = open_regular(path, MAX_FILE_BYTES)
    except (ValueError, FileNotFoundError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else error
        raise Permanent(f"The backend's file {quoted(path.name)} {reason}.") from None
    with stream:
        hash_, _ = artifacts.put_stream(stream)
    return _described(hash_, content_of_file(artifacts.path(hash_)), kind)


@dataclass(frozen=True, slots=True)
class _Stored:
    """Small bytes that are already stored; equal if their hashes are."""

    hash: str
    kind: str | None
    data: bytes = field(compare=False)


@functools.lru_cache(maxsize=256)
def _described_again(stored: _Stored) -> Artifact:
    """Return the handle of small bytes that recur: examined once, not at each step."""
    return _described(stored.hash, content_of(stored.data), stored.kind)


def _described(hash_: str, content: Content, kind: str | None) -> Artifact:
    """The handle of stored bytes, with what is recognised in them."""
    name, recognition = kinds().recognise(content, kind)
    return Artifact(
        hash=hash_,
        media_type=recognition.media_type,
        size=content.size,
        width=recognition.width,
        height=recognition.height,
        kind=name,
        facts=recognition.facts,
    )
