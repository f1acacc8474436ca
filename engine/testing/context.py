"""A call's context that keeps everything in memory, for tests of a backend on its own."""

import asyncio
import contextlib
import hashlib
import io
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract.backend import Artifact, OpenFile
from engine.contract.kinds import HEAD_BYTES, Content
from engine.contract.model_host import Task


class MemoryContext:
    """Implementation of `CallContext` that records what a backend does.

    Attributes:
        request_id: The provider's id of the call, once it is recorded.
        files: Stored bytes by their hash.
        roles: Role and artifact of everything that was kept, in order.
        submissions: Request ids in the order in which they were recorded.
        shown: Progress, in order: fraction and message.
        previews: Preview images, in order.
        spent: Cost in micro-dollars.
        tokens: Tokens read and written.
        withdrawn: True if the call, should it be cut off, is not wanted any more.
    """

    def __init__(self, request_id: str | None = None) -> None:
        self.request_id = request_id
        self.files: dict[str, bytes] = {}
        self.roles: list[tuple[str, Artifact]] = []
        self.submissions: list[str] = []
        self.shown: list[tuple[float | None, str]] = []
        self.previews: list[bytes] = []
        self.spent = 0
        self.tokens = (0, 0)
        self.withdrawn = False
        self._is_charged = False

    def give(
        self, data: bytes, media_type: str | None = None, *, kind: str | None = None
    ) -> Artifact:
        """Store bytes that a request refers to; return their handle.

        Args:
            data: The bytes.
            media_type: Their media type; by default it is recognised by content.
            kind: Name of their kind; by default it is recognised by content.
        """
        hash_ = hashlib.sha256(data).hexdigest()
        self.files[hash_] = data
        if media_type is not None:
            return Artifact(hash=hash_, media_type=media_type, size=len(data))
        return _recognised(hash_, data, kind)

    async def read(self, artifact: Artifact) -> bytes:
        """Return the bytes of an artifact."""
        return self.files[artifact.hash]

    async def open(self, artifact: Artifact) -> BinaryIO:
        """Open an artifact for reading."""
        return io.BytesIO(self.files[artifact.hash])

    async def keep(self, data: bytes, role: str = "result", *, kind: str | None = None) -> Artifact:
        """Store bytes; return their handle."""
        artifact = self.give(data, kind=kind)
        self.roles.append((role, artifact))
        return artifact

    async def keep_file(
        self, path: Path, role: str = "result", *, kind: str | None = None
    ) -> Artifact:
        """Store the bytes of a file; return their handle."""
        data = await asyncio.to_thread(path.read_bytes)
        return await self.keep(data, role, kind=kind)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a temporary folder, removed at its end."""
        with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
            yield Path(folder)

    async def submitted(self, request_id: str) -> None:
        """Record the provider's id of this call."""
        self.request_id, self._is_charged = request_id, False
        self.submissions.append(request_id)

    def progress(self, fraction: float | None, message: str = "") -> None:
        """Record progress."""
        self.shown.append((fraction, message))

    def preview(self, image: bytes) -> None:
        """Record a preview."""
        self.previews.append(image)

    def cost(self, microdollars: int) -> None:
        """Add a cost."""
        self.spent += microdollars

    async def charged(self, microdollars: int, request_id: str | None = None) -> None:
        """Count the cost of finished work, once."""
        self.request_id = request_id or self.request_id
        self.spent += 0 if self._is_charged else microdollars
        self._is_charged = self._is_charged or microdollars > 0

    def usage(self, tokens_in: int, tokens_out: int) -> None:
        """Add tokens."""
        self.tokens = (self.tokens[0] + tokens_in, self.tokens[1] + tokens_out)

    def compute(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        """Run a function in this process."""
        return _awaited(function, tuple(map(self._content, args)))

    def _content(self, one: Any) -> Any:
        if isinstance(one, OpenFile):
            return io.BytesIO(self.files[one.artifact.hash])
        return self.files[one.hash] if isinstance(one, Artifact) else one

    async def infer(self, task: Task) -> Any:
        """Raise `RuntimeError`: there are no model hosts here."""
        raise RuntimeError(f"MemoryContext has no model host for {task.model.name}.")


async def _awaited(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    return function(*args)


def _recognised(hash_: str, data: bytes, kind: str | None) -> Artifact:
    from engine.kinds.registry import kinds

    content = Content(data[:HEAD_BYTES], len(data), lambda: io.BytesIO(data))
    name, recognition = kinds().recognise(content, kind)
    return Artifact(
        hash=hash_,
        media_type=recognition.media_type,
        size=len(data),
        width=recognition.width,
        height=recognition.height,
        kind=name,
        facts=recognition.facts,
    )
