"""The interpreter as an engine needs it: short turns between threads, and fewer collections."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TURN_SECONDS = 0.000_05
"""As long as a few statements of SQLite take."""

COLLECT_AFTER = (50_000, 20, 20)
"""Thresholds of the three generations: a job's steps are many objects and few cycles."""


@contextmanager
def tuned() -> Iterator[None]:
    """Tunes the interpreter while an engine runs, and puts it back.

    SQLite gives the interpreter up for each statement, and after it the store's thread has to wait
    for its turn again. By default a busy event loop keeps that for 5 ms, many times what the
    statement took: a group of fifty steps is then committed a third later. And a job that goes on
    after twenty thousand finished steps spends a third of that on collections that find nothing.
    """
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(min(turn, TURN_SECONDS))
    gc.set_threshold(*(max(*pair) for pair in zip(thresholds, COLLECT_AFTER, strict=True)))
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*thresholds)
