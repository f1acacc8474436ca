"""An engine whose process is stopped by a signal holds the workspace and does nothing."""

import os
import signal
import sqlite3
import subprocess
import sys

import psutil
import pytest

from engine.client import commands, engine_process
from engine.client.suspended import is_suspended
from engine.runtime.lock import lock_holder
from tui.snapshots.header import HeaderView
from tui.widgets.bars import engine_words

HOLDS = """
import sys, time
from pathlib import Path
from engine.runtime.lock import EngineLock

with EngineLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def suspended(toys):
    """The pid of what holds the workspace's lock and is suspended."""
    path = toys / ".safelight" / "engine.lock"
    command = [sys.executable, "-c", HOLDS, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert not is_suspended(lock_holder(path))
    process.send_signal(signal.SIGSTOP)
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        os.sched_yield()
    with sqlite3.connect(toys / ".safelight" / "safelight.db") as connection:
        sql = "UPDATE engines SET state = 'running', pid = ?, seen_at = '2999-01-01T00:00:00Z'"
        connection.execute(sql, (process.pid,))
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_is_not_called_running(run, toys, suspended):
    text = run("status", "--workspace", toys).out
    assert f"Engine: pid {suspended.pid} is suspended and does nothing." in text
    assert f"kill -CONT {suspended.pid}" in text
    found = run("status", "--json", "--workspace", toys).json["engine"]
    assert (found["running"], found["pid"]) == (False, suspended.pid)


def test_the_doctor_says_so_and_how_it_is_woken(run, toys, suspended):
    checks = run("doctor", "--json", "--workspace", toys).json["checks"]
    (found,) = [check for check in checks if check["name"] == "engine"]
    assert (found["ok"], "is suspended" in found["found"]) == (False, True)
    assert f"kill -CONT {suspended.pid}" in found["remedy"]


def test_a_command_says_what_it_waits_for(run, toys, suspended, monkeypatch):
    monkeypatch.setattr(commands, "ANSWER_SECONDS", 0.0)
    ran = run("pause", "b3", "--workspace", toys)
    assert f"b3: asked for; the engine, pid {suspended.pid}, is suspended." in ran.out


def test_stop_wakes_it_to_end_it(run, toys, suspended, monkeypatch):
    monkeypatch.setattr(engine_process, "STOP_SECONDS", 30.0)
    assert run("engine", "stop", "--workspace", toys).code == 0
    assert suspended.wait() == -signal.SIGTERM


def test_the_dashboard_does_not_call_it_running(toys, suspended):
    from engine.config.paths import WorkspacePaths

    head = HeaderView(WorkspacePaths(toys))
    with sqlite3.connect(toys / ".safelight" / "safelight.db") as connection:
        connection.row_factory = sqlite3.Row
        state = head._engine(connection)
    assert (state.state, state.pid) == ("suspended", suspended.pid)
    assert "suspended" in engine_words(state)
