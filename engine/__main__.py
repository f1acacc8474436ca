"""`python -m engine`: the command line without the dashboard."""

import sys

from engine.config.process.exit import ended
from engine.config.process.safe_imports import forget_current_folder


def main() -> int:
    """Run a command; return the exit code."""
    forget_current_folder()
    return ended(_command_line)


def _command_line() -> int:
    from engine.cli.app import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
