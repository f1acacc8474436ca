"""Peers for comparison, installed once in a separate environment."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from bench.machine import ROOT

PACKAGES = ("dbos>=3,<4", "harlequin>=2,<3", "moviepy>=2.2,<3", "pysqlite3-binary")
FOLDER = ROOT / "bench" / ".venv"
PYTHON = FOLDER / "bin" / "python"
_STAMP = FOLDER / ".installed"
_SLOW_FSYNC = FOLDER / "slowfsync.so"


def peers_python() -> Path:
    """Return the Python of the peers; create the environment if it is missing.

    Raises:
        RuntimeError: They cannot be installed, for example without a network.
    """
    if not _STAMP.exists() or _STAMP.read_text().split() != list(PACKAGES):
        print(f"installing {', '.join(PACKAGES)} into {FOLDER.relative_to(ROOT)}", file=sys.stderr)
        venv.create(FOLDER, with_pip=True, clear=True, symlinks=True)
        free = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", *PACKAGES]
        done = subprocess.run(command, env=free, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the peers cannot be installed: {done.stderr[-500:]}")
        _STAMP.write_text("\n".join(PACKAGES))
    return PYTHON


def slow_fsync(microseconds: int) -> dict[str, str]:
    """The environment that adds that much to every fsync of a process.

    Raises:
        RuntimeError: There is no C compiler to build it.
    """
    if shutil.which("gcc") is None:
        raise RuntimeError("gcc is needed to slow fsync down")
    FOLDER.mkdir(exist_ok=True)
    source = ROOT / "bench" / "slowfsync.c"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(_SLOW_FSYNC), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return {"LD_PRELOAD": str(_SLOW_FSYNC), "SLOWFSYNC_US": str(microseconds)}


def fsync_ms(environment: dict[str, str] | None = None, tries: int = 200) -> float:
    """Return the median time for this disk to make 4 KiB durable, in milliseconds."""
    code = f"""
import os, statistics, tempfile, time
times = []
with tempfile.TemporaryFile() as file:
    for _ in range({tries}):
        os.write(file.fileno(), b"x" * 4096)
        started = time.perf_counter()
        os.fdatasync(file.fileno())
        times.append(time.perf_counter() - started)
print(statistics.median(times) * 1e3)
"""
    command = [sys.executable, "-c", code]
    said = subprocess.run(
        command, env={**os.environ, **(environment or {})}, capture_output=True, check=True
    )
    return float(said.stdout)
