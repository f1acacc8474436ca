"""Stored files by their hash: paths, ranges and signed copies, wherever the files live."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import Connection
from typing import NamedTuple

from engine.client.opened import OpenedWorkspace
from engine.contract import Artifact


class RangedFile(NamedTuple):
    """A file of an object store, of which ranges can be read without the rest.

    Attributes:
        size: Its size in bytes.
        read: Yields the bytes from one offset to before another, checked piece by piece; raises
            as `stored_path` does.
    """

    size: int
    read: Callable[[int, int], Iterator[bytes]]


class LeavingFile(NamedTuple):
    """The signed copy of a stored file.

    Attributes:
        path: The file.
        sha256: SHA-256 of its bytes.
    """

    path: Path
    sha256: str


def stored_path(workspace: OpenedWorkspace, hash_: str) -> Path:
    """Return the path of a stored file, fetched and checked if it is not here.

    Raises:
        FileNotFoundError: It is gone, or damaged.
        StepError: The object store failed.
    """
    from engine.runtime.artifacts import FileLost

    try:
        return workspace.artifacts.stored(hash_)
    except FileLost as error:
        raise _gone(error, hash_) from None


def ranged_file(workspace: OpenedWorkspace, hash_: str) -> RangedFile | None:
    """Return a file to read ranges of; None if it has to be read whole.

    A small file has, and one whose parts are not known here.

    Raises:
        StepError: The object store failed.
    """
    from engine.runtime.artifacts import FileLost
    from engine.runtime.objects.cached import CachedArtifacts

    files = workspace.artifacts
    if not isinstance(files, CachedArtifacts) or (size := files.size_in_parts(hash_)) is None:
        return None

    def read(start: int, end: int) -> Iterator[bytes]:
        try:
            yield from files.read_range(hash_, start, end)
        except FileLost as error:
            raise _gone(error, hash_) from None

    return RangedFile(size, read)


def leaving_file(
    workspace: OpenedWorkspace, connection: Connection, artifact: Artifact
) -> LeavingFile | None:
    """Return a stored file as it leaves: signed; None if it is not to be signed.

    Raises:
        Blocked: It is to be signed and cannot be, or the object store failed.
        FileNotFoundError: It is gone.
        OSError: The signed copy cannot be written.
    """
    from engine.runtime.artifacts import FileLost

    try:
        copy = workspace.signing.publisher(connection).copy_of(artifact)
    except FileLost as error:
        raise _gone(error, artifact.hash) from None
    return None if copy is None else LeavingFile(copy.path, copy.sha256)


def _gone(error: Exception, hash_: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, str(error), hash_)
