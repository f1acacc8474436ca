"""Signals: the first stops in good order, one right after it is the same wish, a later one ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.config.process import signals


async def test_a_signal_right_after_the_first_is_the_same_wish(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`timeout` tells its child and then the child's group; a wrapper passes a Ctrl-C on."""
    ends, stops, off = list[int](), list[bool](), 0.0
    clock = time.monotonic
    monkeypatch.setattr(os, "_exit", ends.append)
    monkeypatch.setattr(time, "monotonic", lambda: clock() + off)
    with signals.signals(lambda: stops.append(True)) as came:
        os.kill(os.getpid(), signal.SIGTERM)
        while not stops:
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0)
        assert (ends, stops, came()) == ([], [True], signal.SIGTERM)
        off = signals.SAME_SECONDS
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0)
        assert ends == [128 + signal.SIGINT]


async def test_a_signal_before_anybody_listens_is_passed_on() -> None:
    stops = list[bool]()
    with signals.held_back():
        os.kill(os.getpid(), signal.SIGINT)
        with signals.signals(lambda: stops.append(True)) as came:
            assert (stops, came()) == ([True], signal.SIGINT)
    with signals.held_back(), signals.signals(lambda: stops.append(True)) as came:
        assert (stops, came()) == ([True], 0)


async def test_a_signal_after_the_work_changes_nothing_and_a_second_one_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends, off = list[int](), 0.0
    clock = time.monotonic
    monkeypatch.setattr(os, "_exit", ends.append)
    monkeypatch.setattr(time, "monotonic", lambda: clock() + off)
    before = signal.getsignal(signal.SIGINT)
    with signals.held_back():
        with signals.signals(lambda: None) as came:
            pass
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        assert (came(), ends) == (0, [])
        off = signals.SAME_SECONDS
        os.kill(os.getpid(), signal.SIGINT)
        assert ends == [128 + signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is before


ENDED = """
import os, signal, sys
from safelight.process import ended

def program():
    os.kill(os.getpid(), signal.SIGINT)
    return 3

def quiet():
    return 3

code = ended(program if sys.argv[1] == "during" else quiet)
os.kill(os.getpid(), signal.SIGINT)
sys.exit(code)
"""


@pytest.mark.parametrize(("when", "code", "word"), [("during", 130, "Interrupted.\n"), ("", 3, "")])
def test_an_interrupt_is_a_word_and_a_code_and_later_ones_change_nothing(
    when: str, code: int, word: str
) -> None:
    ran = subprocess.run([sys.executable, "-c", ENDED, when], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (code, word)


BLOCKED = """
import multiprocessing, signal
from engine.models.hosts.spawning import spawning

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=print)
    with spawning():
        child.start()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    child.join()
    print("blocked", {signal.SIGINT, signal.SIGTERM} <= blocked)
"""


def test_the_first_process_too_starts_with_signals_blocked(tmp_path: Path) -> None:
    """The tracker of multiprocessing, which starts with it, unblocks them."""
    script = tmp_path / "start.py"
    script.write_text(BLOCKED)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert "blocked True" in ran.stdout
