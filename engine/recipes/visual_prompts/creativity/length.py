"""Scores with length held constant."""

import math
from collections.abc import Mapping, Sequence

LEAST = 8
"""Prompts that a line can be fitted to."""

_REASON = f"fewer than {LEAST} prompts, or all of one length"


def at_constant_length(counts: Sequence[int], values: Sequence[float | None]) -> list[float | None]:
    """Return values less what the logarithm of the word count explains (least squares), 0 to 100.

    Args:
        counts: Number of words of each prompt.
        values: Value of each prompt; those that are None stay so.

    Returns:
        Values at the mean logarithm of the counts; all None if fewer than eight prompts have one,
        or if they all have the same length.
    """
    known = [
        (math.log(count + 1), value)
        for count, value in zip(counts, values, strict=True)
        if value is not None
    ]
    slope = _slope(known) if len(known) >= LEAST else None
    if slope is None:
        return [None] * len(values)
    middle = sum(x for x, _ in known) / len(known)
    return [
        None
        if value is None
        else round(min(max(value - slope * (math.log(count + 1) - middle), 0.0), 100.0), 2)
        for count, value in zip(counts, values, strict=True)
    ]


def _slope(points: Sequence[tuple[float, float]]) -> float | None:
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    if spread < 1e-9:
        return None
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread


def reasons(values: Mapping[str, float | None]) -> dict[str, str]:
    """Return a reason for each value at constant length that is None."""
    return {f"at_length.{name}": _REASON for name, value in values.items() if value is None}
