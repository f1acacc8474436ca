"""Stored times."""

from datetime import UTC, datetime


def now() -> str:
    """This moment in UTC, ISO 8601 with microseconds and `Z`; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"  # `+00:00` cut off


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Seconds from one stored time to another, never negative; None where one is missing."""
    if not start or not end:
        return None
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
