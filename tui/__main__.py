"""`safelight`: the engine's commands. The one place that knows engine and dashboard."""

import sys

from engine.cli.app import main as command_line


def main() -> int:
    """Runs a command."""
    return command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
