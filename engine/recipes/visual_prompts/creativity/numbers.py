"""Statistics of small tables: moments, correlations, effect sizes."""

import math
from collections.abc import Sequence
from typing import Any


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return mean, standard deviation (n - 1), min, max and count; None if there are too few."""
    if not values:
        return {"mean": None, "std": None, "min": None, "max": None, "n": 0}
    return {
        "mean": rounded(mean(values)),
        "std": rounded(deviation(values)),
        "min": rounded(min(values)),
        "max": rounded(max(values)),
        "n": len(values),
    }


def mean(values: Sequence[float]) -> float:
    """Return the mean of one value or more."""
    return math.fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """Return the standard deviation of a sample (n - 1); None under two values."""
    if len(values) < 2:
        return None
    middle = mean(values)
    return math.sqrt(math.fsum((one - middle) ** 2 for one in values) / (len(values) - 1))


def correlation(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return Pearson's r, its 95 % interval (Fisher's z), and the number of pairs.

    `r` is None, with a reason, under three pairs and if one of the two does not vary. The interval
    needs four pairs.
    """
    x_spread, y_spread = (deviation(column) for column in _columns(pairs))
    if len(pairs) < 3 or not x_spread or not y_spread:
        reason = "fewer than three pairs" if len(pairs) < 3 else "one of the two does not vary"
        return {"r": None, "low": None, "high": None, "n": len(pairs), "reason": reason}
    (xs, ys), n = _columns(pairs), len(pairs)
    x_mean, y_mean = mean(xs), mean(ys)
    shared = math.fsum((x - x_mean) * (y - y_mean) for x, y in pairs) / (n - 1)
    r = min(max(shared / (x_spread * y_spread), -1.0), 1.0)
    low, high = _interval(r, n)
    return {"r": rounded(r), "low": rounded(low), "high": rounded(high), "n": n}


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in pairs], [y for _, y in pairs]


def _interval(r: float, n: int) -> tuple[float | None, float | None]:
    if n < 4 or abs(r) >= 1:
        return None, None
    z, reach = math.atanh(r), 1.959964 / math.sqrt(n - 3)
    return math.tanh(z - reach), math.tanh(z + reach)


def effect(one: Sequence[float], other: Sequence[float]) -> dict[str, Any]:
    """Return the difference of two groups and its size.

    Returns:
        `difference` of the means (one less other), Hedges's `g` (Cohen's d by the pooled standard
        deviation, corrected for small samples) and Cliff's `delta` (-1 to 1: how much oftener a
        value of the one is the greater). None if a group is too small or does not vary.
    """
    if not one or not other:
        return {"difference": None, "hedges_g": None, "cliffs_delta": None}
    return {
        "difference": rounded(mean(one) - mean(other)),
        "hedges_g": rounded(_hedges(one, other)),
        "cliffs_delta": rounded(_cliff(one, other)),
    }


def _hedges(one: Sequence[float], other: Sequence[float]) -> float | None:
    first, second = deviation(one), deviation(other)
    if first is None or second is None:
        return None
    freedom = len(one) + len(other) - 2
    squares = (len(one) - 1) * first**2 + (len(other) - 1) * second**2
    pooled = math.sqrt(squares / freedom)
    if pooled < 1e-12:
        return None
    return (mean(one) - mean(other)) / pooled * (1 - 3 / (4 * freedom - 1))


def _cliff(one: Sequence[float], other: Sequence[float]) -> float:
    from bisect import bisect_left, bisect_right

    ordered = sorted(other)
    more = sum(bisect_left(ordered, value) for value in one)
    less = sum(len(ordered) - bisect_right(ordered, value) for value in one)
    return (more - less) / (len(one) * len(other))


def paired(differences: Sequence[float]) -> dict[str, Any]:
    """Return mean, count and size (`dz`: mean by standard deviation) of paired differences."""
    if not differences:
        return {"difference": None, "dz": None, "n": 0}
    spread = deviation(differences)
    middle = mean(differences)
    size = middle / spread if spread else None
    return {"difference": rounded(middle), "dz": rounded(size), "n": len(differences)}


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Return a value with few decimals; None stays None."""
    return None if value is None else round(value, digits)
