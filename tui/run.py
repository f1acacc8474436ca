"""One run of the dashboard, from opening to the last message."""

import os
import sys
from pathlib import Path

from engine.config.process.pinned_code import pin_code
from tui.app import Dashboard
from tui.images.terminal import probe
from tui.terminal import HUNG_UP, TerminalWatch


def run_dashboard(root: Path, *, read_only: bool) -> int:
    """Run the dashboard until the operator quits; return the exit code."""
    probe()  # queries the terminal, so before Textual has it
    app = Dashboard(root, read_only=read_only)
    vanished = False

    def leave() -> None:
        nonlocal vanished
        vanished = True
        app.remember()
        app.call_from_thread(app.exit)

    pin_code(app.tell_upgrade)
    TerminalWatch(leave).start()
    said = app.run()
    if vanished:
        os._exit(HUNG_UP)  # no more output, not even by an exit handler
    if said and sys.stdout.isatty():  # textual-serve reads packets there
        print(said, file=sys.stdout)  # noqa: T201 - the last words of a program, to its terminal
    return app.return_code or 0
