"""Bugs in background work of the dashboard: a sentence for the operator, the details in a log."""

import contextlib
import traceback
from datetime import UTC, datetime
from pathlib import Path

from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from engine.text.terminal import clean
from tui.ui_state import state_file

MAX_LOG_BYTES = 1_000_000
"""Size at which the log is begun again."""


def log_file() -> Path:
    """Return the path of the log: `$XDG_STATE_HOME/safelight/dashboard.log`."""
    return state_file().with_name("dashboard.log")


def log_bug(error: BaseException) -> str:
    """Append a bug with its traceback to the log; return a sentence on it.

    Args:
        error: The exception that nothing handled.
    """
    path = log_file()
    lines = "".join(traceback.format_exception(error))
    where = ""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        is_long = path.exists() and path.stat().st_size > MAX_LOG_BYTES
        with path.open("w" if is_long else "a", encoding="utf-8", errors="replace") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{lines}\n")
        where = f" Details: {path}"
    kind = type(error).__name__
    text = clean(f"{kind}: {error}" if str(error) else kind, 200)
    return f"A bug in the dashboard: {text}.{where}"


class ReportsBugs(MessagePump):
    """A node of the app whose workers report an exception that nothing handled."""

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Report the bug of a worker that does not end the app."""
        worker = message.worker
        error = worker.error
        if message.state is WorkerState.ERROR and not worker.exit_on_error and error is not None:
            report = getattr(worker.node.app, "report_bug", None)
            if report is not None:
                report(error)
