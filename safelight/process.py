"""The process of a command: nothing is imported from the current folder, and its end is its own.

The current folder is usually a workspace, and a workspace may come from somebody else. Python puts
that folder first in `sys.path` for `python -m` and `python -c`, and `multiprocessing` starts its
processes with `-c`.

Imports nothing of ours and nothing heavy: it is loaded before anything else.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

INTERRUPTED = 130

SAFE_PATH = "PYTHONSAFEPATH"
"""Environment variable that keeps an interpreter from putting the current folder in `sys.path`."""

_ROOT = str(Path(__file__).resolve().parents[1])
"""The folder that holds our packages."""


def forget_current_folder() -> None:
    """Remove the current folder from `sys.path`, here and in every process started from here.

    Called once by each of our entry points, before anything else is imported. A source tree that
    is run from its own folder, without being installed, stays importable.
    """
    written = os.environ.get("PYTHONPATH")
    entries = written.split(os.pathsep) if written else []
    kept = [entry for entry in entries if Path(entry).is_absolute()]
    with suppress(FileNotFoundError):  # the current folder has been removed
        here = str(Path.cwd())
        if not sys.flags.safe_path and sys.path[:1] in ([""], [here]):
            del sys.path[0]
        if here == _ROOT and _ROOT not in sys.path:
            kept.append(_ROOT)
            sys.path.insert(0, _ROOT)
        # Python has made relative entries absolute by now; an empty one is the current folder.
        unsafe = {os.path.normpath(Path(here, entry)) for entry in entries} - {_ROOT, *kept}
        sys.path[:] = [entry for entry in sys.path if entry and entry not in unsafe]
    os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    if not kept:
        del os.environ["PYTHONPATH"]
    os.environ[SAFE_PATH] = "1"


def ended(program: Callable[[], int]) -> int:
    """Run a program and return its exit code, which nothing can change afterwards.

    An interrupt that comes while the interpreter ends would replace the code by the signal.
    """
    try:
        code = program()
    except KeyboardInterrupt:
        with suppress(OSError):
            sys.stderr.write("Interrupted.\n")
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code
