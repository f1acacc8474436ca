"""Files and folders of a workspace, created and opened without following a link.

A workspace may come from somebody else, and a link in it could lead anywhere: writing through one
changes files outside. The workspace's own folder may be a link, because its user names it.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from db.errors import LinkFound

_STORE_FILES = ("", "-wal", "-shm", "-journal")


def refuse_link(path: Path) -> None:
    """Check that a path does not exist, or is not a link.

    Raises:
        LinkFound: It is a link.
    """
    if path.is_symlink():
        raise LinkFound(
            f"{path} is a link. Inside a workspace no link is followed. Remove it, or put in its "
            "place what it points to."
        )


def refuse_links_below(root: Path, path: Path) -> None:
    """Check every part of a path below a folder; a path outside it is not checked.

    Raises:
        LinkFound: One of them is a link.
    """
    if not path.is_relative_to(root):
        return
    place = root
    for part in path.relative_to(root).parts:
        place = place / part
        refuse_link(place)


def refuse_links_of_store(path: Path) -> None:
    """Check a store's folder and files; SQLite would follow a link, and wait for a pipe.

    Raises:
        LinkFound: One of them is a link, or not a regular file.
    """
    refuse_link(path.parent)
    for suffix in _STORE_FILES:
        file = path.with_name(f"{path.name}{suffix}")
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(file.lstat().st_mode):
                refuse_link(file)
                raise _odd(file)


def refuse_links_in(folder: Path) -> None:
    """Check the direct contents of a folder that only Safelight uses.

    Raises:
        LinkFound: One of them is a link, or neither a folder nor a regular file.
    """
    refuse_link(folder)
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            regular = entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
            if not regular:
                refuse_link(Path(entry.path))
                raise _odd(Path(entry.path))


def make_folder(path: Path, *, private: bool = False) -> None:
    """Create a folder for its owner alone if it is missing; its parents must exist.

    Args:
        path: The folder.
        private: Whether to remove the access of others if it exists already.

    Raises:
        LinkFound: It is a link, or not a folder.
    """
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        refuse_link(path)
        if error.errno != errno.ENOTDIR:
            raise
        raise LinkFound(f"{path} is not a folder. Move it away.") from None
    try:
        if private:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a regular file and return its descriptor. Nothing else is opened or waited for.

    Args:
        path: The file; its folder has been checked.
        flags: As for `os.open`.
        mode: The mode of a created file.

    Raises:
        LinkFound: It is a link, or not a regular file.
        OSError: It cannot be opened.
    """
    try:
        # Without O_NONBLOCK a named pipe would make this wait for its other end.
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as error:
        refuse_link(path)
        if error.errno != errno.ENXIO:
            raise
        raise _odd(path) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _odd(path)
    return descriptor


def _odd(path: Path) -> LinkFound:
    return LinkFound(f"{path} is not a regular file. Move it away.")
