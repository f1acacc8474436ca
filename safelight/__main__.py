"""`safelight` and `python -m safelight`: the command line, or the dashboard without a command.

Each is imported only when needed: half of the time until something shows is imports.
"""

import gc
import os
import sys
from pathlib import Path

from safelight.process import ended, forget_current_folder

USAGE = "Usage: safelight [--workspace DIR] [--read-only]   (the dashboard; `--help` for commands)"


FRAMES = "120"
"""Images per second at most: the answer to a key waits for the next one."""


class UsageError(Exception):
    """Neither a command nor options of the dashboard; the message says so."""


def main() -> int:
    """Run a command, or open the dashboard if there is no command and a terminal."""
    forget_current_folder()
    return ended(_main)


def _main() -> int:
    arguments = sys.argv[1:]
    if not _is_for_dashboard(arguments):
        return _command_line(arguments)
    try:
        root, read_only = _options(arguments)
    except UsageError as error:
        print(f"{error}\n{USAGE}", file=sys.stderr)  # noqa: T201 - we are the command line here
        return 2
    if not _has_screen():
        return _command_line(["--help"])
    return _dashboard(root, read_only=read_only)


def _has_screen() -> bool:
    """Return True if there is a terminal, or another driver of Textual's that stands for one."""
    if os.environ.get("TEXTUAL_DRIVER"):  # set by textual-serve: its pipes lead to a browser
        return True
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


_OPTIONS = ("--workspace", "-w", "--read-only")


def _is_for_dashboard(arguments: list[str]) -> bool:
    """Return True if there is no command: nothing, or only options of the dashboard."""
    return not arguments or arguments[0].partition("=")[0] in _OPTIONS


def _options(arguments: list[str]) -> tuple[Path, bool]:
    root = os.environ.get("SAFELIGHT_WORKSPACE") or "."
    read_only = False
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name == "--read-only" and not equals:
            read_only = True
        elif name in {"--workspace", "-w"} and (equals or rest):
            root = value if equals else rest.pop(0)
        else:
            raise UsageError(
                f"{name!r} is not understood here; commands come before their options."
            )
    if not Path(root).is_dir():
        raise UsageError(f"There is no folder {root!r}. Make a workspace: safelight init -w DIR")
    return Path(root), read_only


def _command_line(arguments: list[str]) -> int:
    from engine.cli.app import main as command_line

    return command_line(arguments)


def _dashboard(root: Path, *, read_only: bool) -> int:
    from tui.terminal import refusal

    if sentence := refusal(dict(os.environ)):
        print(sentence, file=sys.stderr)  # noqa: T201 - we are the command line here
        return 2
    gc.disable()  # imported modules stay: scanning them again and again takes 50 ms
    os.environ.setdefault("TEXTUAL_FPS", FRAMES)
    from tui.run import run_dashboard

    return run_dashboard(root, read_only=read_only)


if __name__ == "__main__":
    sys.exit(main())
