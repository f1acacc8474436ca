"""Tuning of the interpreter for an engine: fewer garbage collections."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

COLLECT_AFTER = (50_000, 20, 20)
"""Thresholds of the three generations: a job's steps are many objects and few cycles."""


@contextmanager
def tuned_gc() -> Iterator[None]:
    """Tune the interpreter while an engine runs, and restore it afterwards.

    A job that is resumed after twenty thousand finished steps spends a third of that on collections
    that find nothing. How long a thread keeps the interpreter is left as it is: with shorter turns
    (0.05 ms) the store's thread and the event loop woke each other more often than they worked.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(*(max(*pair) for pair in zip(thresholds, COLLECT_AFTER, strict=True)))
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
