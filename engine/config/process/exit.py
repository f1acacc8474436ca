"""End of a process: a message and an exit code, at whatever moment it is interrupted.

Imports nothing of ours and nothing heavy: it is loaded before anything else.
"""

import contextlib
import signal
import sys
from collections.abc import Callable

INTERRUPTED = 130


def ended(program: Callable[[], int]) -> int:
    """Run a program and return its exit code, which nothing can change afterwards.

    An interrupt that comes while the interpreter ends would replace the code by the signal.
    """
    try:
        code = program()
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            sys.stderr.write("Interrupted.\n")
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code
