"""Processes that measure, and the machine that they measure on."""

import json
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def emit(**figures: Any) -> None:
    """Prints the one line that a measuring process says."""
    print(json.dumps(figures), flush=True)


def measured(
    module: str,
    *arguments: object,
    python: Path | str = sys.executable,
    environment: Mapping[str, str] | None = None,
    timeout: float = 3600,
) -> dict[str, Any]:
    """Runs `bench.cases.MODULE` in a process of its own; returns what it printed.

    Raises:
        RuntimeError: It failed; the message holds the end of what it said.
    """
    command: Sequence[str] = [str(python), "-m", f"bench.cases.{module}", *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return dict(json.loads(line))
    raise RuntimeError(f"{module} {arguments}: {done.stderr[-2000:]}")


def describe_machine() -> str:
    """The machine in a sentence: processor, system, Python, SQLite, and how busy it was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {cores} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, load {load:.1f}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
