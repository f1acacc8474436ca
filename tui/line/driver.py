"""Textual's driver for Linux and macOS, extended to measure the line to the terminal."""

import os
import time
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.line.pace import LinePace
from tui.line.sender import Sender

if TYPE_CHECKING:
    from textual.app import App

LAST_ANSWER_SECONDS = 1.0
"""Maximum wait at exit for an answer, which the shell would take for keys, in seconds."""

_PRESSED = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown,
            events.MouseScrollUp)  # fmt: skip


class TimedFile:
    """A terminal's file that measures the duration of writes.

    Args:
        file: The file.
        pace: The measurement.
    """

    def __init__(self, file: IO[str], pace: LinePace) -> None:
        self._file = file
        self._pace = pace
        self._held: list[str] = []

    def fileno(self) -> int:
        """Return the file's handle."""
        return self._file.fileno()

    def write(self, text: str) -> int:
        """Buffer text until it is flushed."""
        self._held.append(text)
        return len(text)

    def flush(self) -> None:
        """Write the buffered text."""
        data = "".join(self._held).encode(errors="replace")
        self._held.clear()
        while data:
            began = time.monotonic()
            written = os.write(self._file.fileno(), data)
            self._pace.taken(written, time.monotonic() - began)
            data = data[written:]


class OnLine(Protocol):
    """An app that knows the speed of the line to its terminal."""

    line: LinePace


class LineDriver(LinuxDriver):
    """A driver that sends a slow line no more than it carries."""

    def __init__(self, app: "App[Any]", **options: Any) -> None:
        super().__init__(app, **options)
        self._pace = cast("OnLine", app).line
        self._file = cast("Any", TimedFile(cast("IO[str]", self._file), self._pace))
        self._sender = Sender(self._pace, super().write, self._loop.call_later)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()
        if self._writer_thread is not None:
            self._sender.begin()

    def stop_application_mode(self) -> None:
        """Give the terminal back after the last answer."""
        self._sender.end()
        end = time.monotonic() + LAST_ANSWER_SECONDS
        while self._pace.waits and time.monotonic() < end:
            time.sleep(0.005)
        super().stop_application_mode()

    def process_message(self, message: Message) -> None:
        """Record keys and answers, in the thread that reads them."""
        if isinstance(message, events.CursorPosition) and self._pace.answered(message.x + 1):
            self._loop.call_soon_threadsafe(self._sender.pump)
            return
        if isinstance(message, _PRESSED):
            self._pace.pressed()
        super().process_message(message)

    def write(self, data: str) -> None:
        """Write a frame or a control sequence."""
        self._sender.send(data, self._app.size)
