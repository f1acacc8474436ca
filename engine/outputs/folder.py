"""Writing into one folder, whole files at a time, and reading regular files only.

All names are taken relative to an open descriptor of the folder, so that no link that is planted
inside it, and no exchange of the folder meanwhile, leads anywhere else.
"""

import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from engine.process.ownership import PATTERN, is_over, mark
from engine.text.errors import UserError

_CANNOT_LINK = {
    errno.EXDEV,
    errno.EPERM,
    errno.EACCES,
    errno.EMLINK,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
}
_TEMPORARY = re.compile(rf"\.(?P<name>.+?)\.(?:(?P<owner>{PATTERN})-)?[0-9a-f]{{8}}\.tmp")
_ABANDONED_SECONDS = 3600


class ExportError(UserError):
    """Files cannot be written or read; the message is a sentence for the operator."""


class Folder:
    """One folder that files are put into. Used as a context manager; made where it is missing.

    Args:
        path: The folder. Its own last part may not be a link.
        within: The open folder that it lies in, which it is then made and opened by.

    Raises:
        ExportError: On entering: it is a link or not a folder.
        OSError: On entering: it cannot be made or opened.
    """

    def __init__(self, path: Path, within: "Folder | None" = None) -> None:
        self.path = path
        self._within = within
        self._descriptor = -1

    def __enter__(self) -> Self:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            if self._within is None:
                make_private(self.path)
                self._descriptor = os.open(self.path, flags)
            else:
                above = self._within._descriptor
                with suppress(FileExistsError):
                    os.mkdir(self.path.name, 0o700, dir_fd=above)
                self._descriptor = os.open(self.path.name, flags, dir_fd=above)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            raise ExportError(f"{self.path} is a link or a file, not a folder") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def put(self, name: str, data: bytes) -> None:
        """Makes a file hold these bytes; leaves it alone where it already does."""
        if self.read(name, len(data)) != data:
            with self.replacing(name) as stream:
                stream.write(data)

    @contextmanager
    def replacing(self, name: str, *, tidy: bool = False) -> Iterator[BinaryIO]:
        """A stream to write a file with; the file appears whole at the end, or not at all.

        Args:
            name: The file.
            tidy: Whether to remove first what killed processes have left of earlier tries.
        """
        for left in self.names() if tidy else ():
            if self.is_abandoned(left, re.compile(re.escape(name))):
                self.remove(left)
        temporary = self._temporary(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o600, dir_fd=self._descriptor)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, 0o600)  # whatever the umask says
                yield stream
            self._rename(temporary, name)
        except BaseException:
            self.remove(temporary)
            raise

    def link(self, name: str, source: Path) -> bool:
        """Makes a file a hard link to another one.

        Returns:
            False where the file systems do not allow it, and nothing was done.
        """
        temporary = self._temporary(name)
        try:
            os.link(source, temporary, dst_dir_fd=self._descriptor, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            return False
        try:
            self._rename(temporary, name)
        finally:
            self.remove(temporary)  # a rename does nothing where both are the same file already
        return True

    def is_linked(self, name: str, source: Path) -> bool:
        """Whether a file is the same file as another one."""
        try:
            here = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            return os.path.samestat(here, source.lstat())
        except OSError:
            return False

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a regular file of at most `limit` bytes; None where it is anything else."""
        try:
            return _read(name, limit, self._descriptor)
        except (OSError, ExportError):
            return None

    def names(self) -> list[str]:
        """The names of everything in it."""
        return os.listdir(self._descriptor)  # noqa: PTH208 - a descriptor has no Path

    def remove(self, name: str) -> None:
        """Removes a file or a link, never what a link points at; leaves folders alone."""
        with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            os.unlink(name, dir_fd=self._descriptor)

    def folder(self, name: str) -> "Folder":
        """A folder inside it; made when it is entered, where it is missing."""
        return Folder(self.path / name, self)

    def remove_empty(self, name: str) -> None:
        """Removes a folder inside it that is empty; leaves anything else alone."""
        with suppress(OSError):
            os.rmdir(name, dir_fd=self._descriptor)

    def is_abandoned(self, name: str, own: re.Pattern[str]) -> bool:
        """Whether it is a temporary file of a name in `own` that a killed process left behind."""
        match = _TEMPORARY.fullmatch(name)
        if match is None or not own.fullmatch(match["name"]):
            return False
        if (over := is_over(match["owner"] or "")) is not None:
            return over
        try:
            changed = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_ctime
        except OSError:
            return False
        return time.time() - changed > _ABANDONED_SECONDS

    def _temporary(self, name: str) -> str:
        return f".{name}.{mark()}-{secrets.token_hex(4)}.tmp"

    def _rename(self, temporary: str, name: str) -> None:
        try:
            os.rename(temporary, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except IsADirectoryError:
            where = self.path / name
            raise ExportError(f"{where} is a folder where a file belongs; move it away") from None


def make_private(path: Path) -> None:
    """Makes a folder and those above it that are missing, each for its owner alone."""
    missing = [path]
    while not os.path.lexists(missing[-1].parent):
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(0o700)
            folder.chmod(0o700)  # whatever the umask says


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a regular file; links are not followed and nothing else is waited for.

    Raises:
        ExportError: It is a link, not a regular file, or has more than `limit` bytes.
        OSError: It does not exist or cannot be read.
    """
    try:
        return _read(os.fspath(path), limit, None)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise ExportError("is a link, and links are not followed") from None


def _read(name: str, limit: int, folder: int | None) -> bytes:
    # Without O_NONBLOCK a named pipe would make this wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ExportError("is not a regular file")
        data = stream.read(limit + 1) if status.st_size <= limit else b""
        if status.st_size > limit or len(data) > limit:
            raise ExportError(f"has more than the {limit} bytes that are read")
        return data
