"""Errors as command line, dashboard and API report them: one base, a message and a remedy."""

import errno
import sqlite3

from db.errors import StoreError
from engine.text.errors import UserError
from engine.text.terminal import clean

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""Errors of a write to an open file, which name no file."""

_LIMITS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
"""Errors of a process that has reached a limit of the system."""

_DISK_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
}
"""Primary result codes of SQLite that blame the file or its disk, not the statement."""

_DOCTOR = "See: safelight doctor"


class Waits(UserError):
    """Something has to be done first; the request itself is right."""

    waits = True


def as_user_error(error: BaseException) -> UserError | None:
    """Return an error as one that a user can put right; None for a bug."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, StoreError):
        return UserError(str(error))
    if _is_of_the_system(error):
        message = str(error) or "no memory is left"
        return UserError(f"The system gives no more files, memory or processes: {message}.")
    if isinstance(error, OSError):
        return _of_a_file(error)
    if isinstance(error, sqlite3.DatabaseError):
        return _of_sqlite(error)
    return _of_keys(error)


def is_damage(error: BaseException) -> bool:
    """Return whether an error that came while rows were read blames what the rows hold."""
    from json import JSONDecodeError

    from pydantic import ValidationError

    return isinstance(error, JSONDecodeError | UnicodeDecodeError | ValidationError) or (
        _is_text_of_no_encoding(error)
    )


def damaged(error: BaseException) -> UserError:
    """Return the report of a store that holds something that Safelight does not write."""
    message = clean(str(error).partition("\n")[0], 200)
    return UserError(
        f"The store holds something that Safelight does not write ({message}).",
        remedy=f"{_DOCTOR}, and restore a backup where the rest of it matters.",
    )


def _of_a_file(error: OSError) -> UserError | None:
    if error.filename is not None:
        return UserError(f"{error.filename}: {error.strerror}")
    if error.errno in _DISK_ERRORS:
        return UserError(f"A file cannot be written: {error.strerror}.", remedy=_DOCTOR)
    return None


def _of_sqlite(error: sqlite3.DatabaseError) -> UserError | None:
    if _is_text_of_no_encoding(error):
        return damaged(error)
    code = getattr(error, "sqlite_errorcode", None)
    # The low byte is the kind; the rest says more precisely what it was.
    if code is not None and code & 0xFF in _DISK_CODES:
        return UserError(f"The store cannot be used: {error}.", remedy=_DOCTOR)
    return None


def _of_keys(error: BaseException) -> UserError | None:
    from engine.config.trust.guard import UntrustedDestination
    from engine.contract import Blocked, Permanent
    from engine.provenance.errors import CannotSign

    if isinstance(error, UntrustedDestination | CannotSign):
        return Waits(str(error))
    if isinstance(error, Blocked) and error.reason == "storage":
        return Waits(error.message, remedy=error.remedy)
    if type(error).__name__ == "FileLost" and isinstance(error, Permanent):
        return UserError(error.message, remedy=error.remedy)
    return None


def _is_of_the_system(error: BaseException) -> bool:
    """Return whether a limit was reached: open files, memory, processes or threads."""
    if isinstance(error, OSError):
        return error.errno in _LIMITS
    no_thread = isinstance(error, RuntimeError) and str(error) == "can't start new thread"
    return no_thread or isinstance(error, MemoryError)


def _is_text_of_no_encoding(error: BaseException) -> bool:
    """Return whether a text in the store is not UTF-8: an error of Python, without a code."""
    return isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")
