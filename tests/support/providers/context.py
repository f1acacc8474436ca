"""A call's context that keeps everything in memory, for tests of a backend on its own."""

import hashlib
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO

from engine.contract import Artifact, Task


class MemoryContext:
    """What a backend is given, and what it did with it.

    Attributes:
        files: Stored bytes by their hash.
        roles: Roles of what was kept, in order.
        submissions: Request ids in the order in which they were recorded.
        shown: Progress, in order.
        previews: Images as they looked so far, in order.
        spent: Micro-dollars.
        tokens: Tokens in and out.
        withdrawn: Whether the call, should it be cut off, is unwanted for good.
    """

    def __init__(self, request_id: str | None = None) -> None:
        self.request_id = request_id
        self.files: dict[str, bytes] = {}
        self.roles: list[tuple[str, Artifact]] = []
        self.submissions: list[str] = []
        self.shown: list[tuple[float | None, str]] = []
        self.previews: list[bytes] = []
        self.spent = 0
        self._is_charged = False
        self.tokens = (0, 0)
        self.withdrawn = False

    def give(self, data: bytes, media_type: str = "image/png") -> Artifact:
        """Stores what a request refers to."""
        hash_ = hashlib.sha256(data).hexdigest()
        self.files[hash_] = data
        return Artifact(hash=hash_, media_type=media_type, size=len(data))

    async def read(self, artifact: Artifact) -> bytes:
        return self.files[artifact.hash]

    async def open(self, artifact: Artifact) -> BinaryIO:
        return io.BytesIO(self.files[artifact.hash])

    async def keep_file(
        self, path: Path, role: str = "result", *, kind: str | None = None
    ) -> Artifact:
        return await self.keep(path.read_bytes(), role, kind=kind)

    async def keep(self, data: bytes, role: str = "result", *, kind: str | None = None) -> Artifact:
        artifact = self.give(data, "application/octet-stream")
        self.roles.append((role, artifact))
        return artifact

    async def submitted(self, request_id: str) -> None:
        self.request_id, self._is_charged = request_id, False
        self.submissions.append(request_id)

    def progress(self, fraction: float | None, message: str = "") -> None:
        self.shown.append((fraction, message))

    def preview(self, image: bytes) -> None:
        self.previews.append(image)

    def cost(self, microdollars: int) -> None:
        self.spent += microdollars

    async def charged(self, microdollars: int, request_id: str | None = None) -> None:
        self.request_id = request_id or self.request_id
        self.spent += 0 if self._is_charged else microdollars
        self._is_charged = self._is_charged or microdollars > 0

    def usage(self, tokens_in: int, tokens_out: int) -> None:
        self.tokens = (self.tokens[0] + tokens_in, self.tokens[1] + tokens_out)

    async def _compute(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        return function(*args)

    def compute(self, function: Callable[..., Any], *args: Any) -> Awaitable[Any]:
        return self._compute(function, args)

    async def infer(self, task: Task) -> Any:
        raise AssertionError(f"No model host here for {task.operation}.")
