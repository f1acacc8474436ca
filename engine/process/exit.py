"""The end of a process: a word and an exit code, at whatever moment it is interrupted.

Imports nothing of ours and nothing heavy: it is there before anything else is.
"""

import contextlib
import signal
import sys
from collections.abc import Callable

INTERRUPTED = 130


def ended(program: Callable[[], int]) -> int:
    """Runs a program and returns its exit code, which nothing changes any more.

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
