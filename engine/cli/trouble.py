"""What goes wrong, as sentences."""

import errno

import click

BAD_USAGE = 2
PARKED = 3
FAILED = 1
INTERRUPTED = 130

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""Errors of a write to an open file, which name no file."""


class Trouble(click.ClickException):
    """Bad usage or input: said in a sentence, exit code 2."""

    exit_code = BAD_USAGE

    def show(self, file: object = None) -> None:
        """Writes the sentence to standard error, cleaned of what could act on a terminal."""
        from engine.text.terminal import clean

        text = clean(self.message, limit=None, keep_newlines=True)
        click.echo(click.style("Error: ", fg="red") + text, err=True)


class Waiting(Trouble):
    """Something that the user has to do first: said in a sentence, exit code 3."""

    exit_code = PARKED


def as_click(error: Exception) -> click.ClickException | None:
    """The sentence for an error that an operator can mend; None for a defect."""
    import json
    import sqlite3

    from pydantic import ValidationError

    from db.errors import StoreError
    from engine.client.ids import UnknownId
    from engine.config.settings import SettingsError
    from engine.intake import InputError
    from engine.outputs.folder import ExportError
    from engine.plugins.catalog import BackendSettingsError, UnknownName
    from engine.process.limits import TooLittle
    from engine.queueing.queue import QueueError
    from engine.runtime.engine import StoreGone
    from engine.runtime.lock import WorkspaceBusy
    from engine.text.terminal import clean
    from engine.trust.guard import Untrusted

    known = (
        StoreError,
        UnknownName,
        BackendSettingsError,
        ExportError,
        UnknownId,
        InputError,
        QueueError,
        StoreGone,
        WorkspaceBusy,
        SettingsError,
        TooLittle,
    )
    if isinstance(error, known):
        return Trouble(str(error))
    if _is_of_the_system(error):
        said = str(error) or "no memory is left"
        return Trouble(f"The system gives no more files, memory or processes: {said}.")
    if isinstance(error, Untrusted):
        return Waiting(str(error))
    wrong = (json.JSONDecodeError, ValidationError, UnicodeDecodeError)
    if isinstance(error, wrong) or _is_text_of_no_encoding(error):
        said = clean(str(error).partition("\n")[0], 200)
        return Trouble(
            f"The store holds something that Safelight does not write ({said}). See: safelight "
            "doctor, and restore a backup where the rest of it matters."
        )
    if isinstance(error, OSError) and error.filename is not None:
        return Trouble(f"{error.filename}: {error.strerror}")
    if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
        return Trouble(f"A file cannot be written: {error.strerror}. See: safelight doctor")
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.DatabaseError) and code is not None and _is_of_the_disk(code):
        return Trouble(f"The store cannot be used: {error}. See: safelight doctor")
    return None


def _is_of_the_system(error: Exception) -> bool:
    """Whether a limit of the system was reached: open files, memory, processes or threads."""
    if isinstance(error, OSError):
        return error.errno in {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
    no_thread = isinstance(error, RuntimeError) and str(error) == "can't start new thread"
    return no_thread or isinstance(error, MemoryError)


def _is_text_of_no_encoding(error: Exception) -> bool:
    """Whether a text in the store is not UTF-8; Python says so itself, without a code of SQLite."""
    import sqlite3

    return isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode")


def _is_of_the_disk(code: int) -> bool:
    """Whether SQLite fails because of the file or its disk, and not because of what was asked."""
    import sqlite3

    # The low byte is the kind; the rest says more precisely what it was.
    return code & 0xFF in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }


def show_bug() -> None:
    """Writes a readable traceback to standard error."""
    from rich.console import Console

    console = Console(stderr=True)
    console.print_exception(show_locals=False, word_wrap=True)
    console.print(
        "This is a defect of Safelight. Nothing that was finished is lost; please report it.",
        markup=False,
    )
