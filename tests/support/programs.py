"""Programs that stand in for a player and a viewer, on a path of their own."""

import json
import os
import sys
from pathlib import Path

_PROGRAM = """#!{python} -IS
import json, os, sys, time
noise = b"\\x1b[2J\\x1b]0;owned\\x07 NOISE"
for stream in (1, 2):
    os.write(stream, noise)
try:
    os.write(os.open("/dev/tty", os.O_WRONLY), noise)
except OSError:
    pass
data = open(sys.argv[-1], "rb").read()
line = json.dumps(dict(pid=os.getpid(), arguments=sys.argv[1:], size=len(data)))
with open({log!r}, "a") as log:
    log.write(line + "\\n")
time.sleep({seconds})
sys.exit({status})
"""


class FakePrograms:
    """A folder of programs that note what they were given, and write noise wherever they can.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "calls.jsonl"
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, *, seconds: float = 0, status: int = 0) -> Path:
        """Add a program that runs for some seconds and ends with a status."""
        path = self.folder / name
        text = _PROGRAM.format(
            python=sys.executable, log=str(self._log), seconds=seconds, status=status
        )
        path.write_text(text)
        path.chmod(0o755)
        return path

    @property
    def path(self) -> str:
        """The variable `PATH` with these programs only."""
        return str(self.folder)

    @property
    def calls(self) -> list[dict]:
        """Arguments of each program, in the order of their starts."""
        if not self._log.exists():
            return []
        return [json.loads(line) for line in self._log.read_text().splitlines()]


def is_alive(pid: int) -> bool:
    """True while a process runs; one that was not waited for has ended too."""
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
