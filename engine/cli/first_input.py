"""The first input of a workspace that is not there yet: checked before the workspace is created."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from engine.client.workspace import Workspace
from engine.config.paths import WorkspacePaths
from engine.queueing.queue import Source

Reread = Callable[[], Source]
"""Returns an input from its beginning, as often as it is called."""


@contextmanager
def to_check(root: Path) -> Iterator[tuple[Workspace, bool]]:
    """Open a workspace in which an input can be checked and estimated.

    Yields:
        The workspace, and whether it is a trial: the folder has none so far, and gets none.
    """
    if WorkspacePaths(root).store.exists():
        yield Workspace(root), False
        return
    with Workspace.trial(root) as opened:
        yield opened, True


@contextmanager
def kept(source: Reread) -> Iterator[Reread]:
    """Keep standard input, which can be read only once, in a file for a while."""
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
