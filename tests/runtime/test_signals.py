"""Signals: the first stops in good order, one right after it is the same wish, a later one ends."""

import asyncio
import os
import signal
import time

import pytest

from engine.runtime import signals


async def test_a_signal_right_after_the_first_is_the_same_wish(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`timeout` tells its child and then the child's group; a wrapper passes a Ctrl-C on."""
    ends, stops, off = list[int](), list[bool](), 0.0
    clock = time.monotonic
    monkeypatch.setattr(os, "_exit", ends.append)
    monkeypatch.setattr(signals.time, "monotonic", lambda: clock() + off)
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
