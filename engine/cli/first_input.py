"""Check the first input of a workspace before the workspace is created."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from engine.client.options import Source
from engine.client.workspace import Workspace
from engine.config.paths import WorkspacePaths

Reread = Callable[[], Source]
"""Function that returns an input from its start, at each call."""


@contextmanager
def to_check(root: Path) -> Iterator[tuple[Workspace, bool]]:
    """Open a workspace in which an input can be checked and estimated.

    Yields:
        The workspace, and True if it is temporary because the folder has none yet.
    """
    if WorkspacePaths(root).store.exists():
        yield Workspace(root), False
        return
    with Workspace.trial(root) as opened:
        yield opened, True


@contextmanager
def kept(source: Reread) -> Iterator[Reread]:
    """Keep standard input, which can be read only once, in a temporary file."""
    stdin = cast("BinaryIO | None", getattr(sys.stdin, "buffer", None))
    if source() != "-" or stdin is None or stdin.closed:
        yield source
        return
    with TemporaryFile(prefix="safelight-") as copy:
        copyfileobj(stdin, copy)

        def from_the_start() -> Source:
            copy.seek(0)
            return cast("BinaryIO", copy)

        yield from_the_start
