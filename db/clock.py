"""Stored times."""

import time
from datetime import UTC, datetime
from functools import lru_cache


def now() -> str:
    """Return the current time in UTC, ISO 8601 with microseconds and `Z`; sorts as text."""
    microseconds = time.time_ns() // 1000  # of a row, writing its time was the most expensive part
    return f"{_to_the_second(microseconds // 1_000_000)}.{microseconds % 1_000_000:06d}Z"


def ago(seconds: float) -> str:
    """Return the time some seconds before the present one, as `now` writes it."""
    moment = max(0, int(time.time_ns() / 1_000_000_000 - seconds))
    return f"{_to_the_second(moment)}.000000Z"


@lru_cache(maxsize=2)
def _to_the_second(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Return the seconds between two stored times, never negative; None if one is not a time."""
    if not start or not end:
        return None
    try:
        passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    except (TypeError, ValueError):  # a store written by another program
        return None
    return max(0.0, passed.total_seconds())
