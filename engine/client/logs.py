"""The log of each run: a rotating file with times and levels, private to its owner."""

import logging
import logging.handlers
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from db.no_links import make_folder, open_file
from engine.config.settings import LogSettings

if TYPE_CHECKING:
    from rich.console import Console

_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s"

_HTTP_CLIENTS = ("httpcore", "httpx", "httpx2", "urllib3")
"""Loggers that write whole addresses at INFO or DEBUG; a query may hold a key."""


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Rotating file that only its owner can read."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class's name
        """Ignore lines that do not fit on a full disk; the store reports that trouble."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the base class's own type
        handle = open_file(Path(self.baseFilename), os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        return os.fdopen(handle, self.mode, encoding=self.encoding, errors="backslashreplace")


def log_to_file(folder: Path, run_id: str, settings: LogSettings) -> Path:
    """Send this process's log to `FOLDER/RUN_ID.log` and return that path.

    Args:
        folder: The workspace's folder of logs.
        run_id: The run's name.
        settings: Level, size and number of files.

    Raises:
        LinkFound: The folder or the file is a link.
    """
    make_folder(folder)
    path = folder / f"{run_id}.log"
    handler = _PrivateFile(
        path, maxBytes=settings.max_bytes, backupCount=settings.keep, encoding="utf-8"
    )
    formatter = logging.Formatter(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.setLevel(settings.level)
    root.addHandler(handler)
    for noisy in ("PIL", "asyncio", *_HTTP_CLIENTS):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("stamina").setLevel(logging.ERROR)  # retries are logged by us
    return path


def open_output(folder: Path, name: str) -> BinaryIO:
    """Open the private file for the output of a process in the background.

    Args:
        folder: The workspace's folder of logs.
        name: The file's name; its content is kept.

    Raises:
        LinkFound: The folder or the file is a link.
    """
    make_folder(folder)
    handle = open_file(folder / name, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.fchmod(handle, 0o600)  # earlier versions let others read it
    return os.fdopen(handle, "ab")


def log_to_console(console: "Console") -> None:
    """Show warnings and errors on a Rich console, with readable tracebacks."""
    from rich.logging import RichHandler

    handler = RichHandler(
        logging.WARNING,
        console=console,
        show_path=False,
        rich_tracebacks=True,
        markup=False,
        highlighter=None,
    )
    logging.getLogger().addHandler(handler)
