"""Limits of the system: what can be raised is, what is too little is a sentence."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.trouble import as_click
from engine.config.process import limits

CODE = """
import resource, sys
from engine.cli.app import main
resource.setrlimit(getattr(resource, sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3])))
code = main(sys.argv[4:])
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
sys.exit(code)
"""


def under(kind: str, soft: int, hard: int, *arguments: object):
    command = [sys.executable, "-c", CODE, kind, str(soft), str(hard), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


RUN, ENGINE = ("run", "refine"), ("engine", "--until-idle")


@pytest.mark.parametrize(
    ("kind", "limit", "said", "command"),
    [
        ("RLIMIT_NOFILE", 16, "Only 16 files may be open at once here (ulimit -n)", ENGINE),
        ("RLIMIT_NOFILE", 32, "Only 32 files may be open at once here (ulimit -n)", RUN),
        ("RLIMIT_AS", 300 << 20, "Only 300 MiB of memory may be used here (ulimit -v)", ENGINE),
    ],
)
def test_too_little_is_one_sentence_before_anything_begins(
    tmp_path: Path, kind: str, limit: int, said: str, command: tuple[str, ...]
):
    prompts = tmp_path / "p.txt"
    prompts.write_text("a fox\n")
    arguments = [*command, prompts] if command[0] == "run" else list(command)
    ran = under(kind, limit, limit, *arguments, "-w", tmp_path / "w")
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"Error: {said}")
    assert ran.stderr.count("\n") == 1


def test_a_soft_limit_of_open_files_is_raised(tmp_path: Path):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    ran = under("RLIMIT_NOFILE", 20, hard, "engine", "--until-idle", "-w", tmp_path / "w")
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout.splitlines()[-1]) >= limits.MIN_FILES


def test_too_few_processes_are_refused_for_whoever_the_limit_binds(monkeypatch: pytest.MonkeyPatch):
    real = resource.getrlimit

    def getrlimit(kind: int) -> tuple[int, int]:
        return (100, 100) if kind == resource.RLIMIT_NPROC else real(kind)

    monkeypatch.setattr(resource, "getrlimit", getrlimit)
    monkeypatch.setattr(limits, "_tasks_of_user", lambda: 90)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(limits.LimitTooLow, match="Only 10 more processes or threads"):
        limits.refuse_too_little()
    monkeypatch.setattr(limits, "_tasks_of_user", lambda: 20)
    limits.refuse_too_little()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(limits, "_tasks_of_user", lambda: 90)
    limits.refuse_too_little()


@pytest.mark.parametrize(
    "error",
    [OSError(24, "Too many open files"), MemoryError(), RuntimeError("can't start new thread")],
)
def test_what_the_system_does_not_give_is_no_defect(error: Exception):
    found = as_click(error)
    assert found is not None
    assert "The system gives no more files, memory or processes" in found.message
