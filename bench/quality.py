"""The loop's worth: against one image and the best of several, by judges that it does not read."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases.quality import ARMS, FULL, IMAGES, LOOP
from bench.figures import Figure, at_least
from bench.machine import measured

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SIDE = 192
RESAMPLES = 10_000
SEED = 20_261
"""Seed of the pictures that the checklist's answers are compared with."""

GOALS = ("one image", "best of 8", "plain refine")
"""Arms that the loop with candidates and checklist is to beat."""

Rows = list[dict[str, Any]]


def quality(*, long: bool) -> list[Figure]:
    """Agreement of the checklist with what was painted, and the arms side by side."""
    arms = FULL if long else LOOP
    with tempfile.TemporaryDirectory(prefix="quality-") as folder:
        rows = {arm: _rows(folder, arm, 3) for arm in arms}
    return [*agreement(5 if long else 3), *compared(rows)]


def _rows(folder: str, arm: str, seeds: int) -> Rows:
    Path(folder).mkdir(exist_ok=True)
    answer = measured("quality", folder, arm, seeds, SIDE, environment=ONE_THREAD)
    return list(answer["rows"])


def agreement(rounds: int) -> list[Figure]:
    """Answers of the checklist's rule beside the truth of constructed pictures, by kind."""
    counted = measured("checklist", SEED, rounds, environment=ONE_THREAD)["kinds"]
    everything: Counter[str] = Counter()
    for one in counted.values():
        everything.update(one)
    decided = everything["right"] + everything["wrong"]
    return [
        at_least(
            "checklist on constructed pictures: answers that agree with what was painted",
            100 * everything["right"] / decided,
            95,
            f"{{:.1f}} % of {decided} ({_by_kind(counted, _agreed)})",
        ),
        at_least(
            "the same: questions that are answered",
            100 * decided / everything.total(),
            60,
            f"{{:.0f}} % of {everything.total()} ({_by_kind(counted, _answered)})",
        ),
    ]


def _by_kind(counted: dict[str, dict[str, int]], share: Any) -> str:
    return ", ".join(f"{kind} {share(Counter(one)):.0f}" for kind, one in sorted(counted.items()))


def _agreed(one: Counter[str]) -> float:
    return 100 * one["right"] / max(1, one["right"] + one["wrong"])


def _answered(one: Counter[str]) -> float:
    return 100 * (one["right"] + one["wrong"]) / one.total()


def compared(rows: dict[str, Rows]) -> list[Figure]:
    """Each arm by both judges, and the loop with candidates and checklist beside the others."""
    figures = [Figure(f"{arm}: {_cost(arm)}", _levels(rows[arm])) for arm in rows]
    loop = "candidates and checklist"
    for other in rows:
        if other != loop:
            figures += _beside(loop, other, rows)
    return figures


def _cost(arm: str) -> str:
    images = IMAGES if ARMS[arm].get("max_images") else 1
    return f"{images} image{'s' if images > 1 else ''} per brief"


def _levels(rows: Rows) -> str:
    met, asked = (sum(row[name] for row in rows) for name in ("met", "asked"))
    return (
        f"colour distance {np.mean([row['distance'] for row in rows]):.2f}, "
        f"{100 * met / asked:.0f} % of {asked} demands on place and colour met"
    )


def _beside(loop: str, other: str, rows: dict[str, Rows]) -> list[Figure]:
    """Return the differences by both judges, with intervals of 95 %."""
    nearer, low, high = _gain(_by_brief(rows[other], _distance), _by_brief(rows[loop], _distance))
    name = f"{loop} instead of {other}: nearer to the colour script by"
    words = f"{nearer:+.2f} [{low:+.2f}, {high:+.2f}]{_points(loop, other, nearer)}"
    is_goal = other in GOALS
    figures = [
        Figure(name, words, "interval above 0" if is_goal else "", low > 0 if is_goal else None)
    ]
    more, low, high = _gain(_by_brief(rows[loop], _met), _by_brief(rows[other], _met))
    words = f"{100 * more:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}] points"
    return [*figures, Figure(f"{loop} instead of {other}: more demands met by", words)]


def _points(loop: str, other: str, nearer: float) -> str:
    """Return the cost of a unit of distance, if the loop costs more images and is nearer."""
    more = (IMAGES if ARMS[loop].get("max_images") else 1) - (
        IMAGES if ARMS[other].get("max_images") else 1
    )
    return f", {more / nearer:.1f} images per unit" if more > 0 and nearer > 0 else ""


def _distance(row: dict[str, Any]) -> float:
    return float(row["distance"])


def _met(row: dict[str, Any]) -> float:
    return row["met"] / row["asked"] if row["asked"] else float("nan")


def _by_brief(rows: Rows, value: Any) -> dict[str, float]:
    """Return the mean of a value over the seeds of each brief that has one."""
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row["brief"], []).append(value(row))
    means = {brief: float(np.mean(several)) for brief, several in values.items()}
    return {brief: mean for brief, mean in means.items() if not np.isnan(mean)}


def _gain(more: dict[str, float], less: dict[str, float]) -> tuple[float, float, float]:
    """Return the mean difference of two paired samples, and its interval of 95 % by bootstrap.

    Briefs are drawn with replacement; the seeds of a brief stay together.
    """
    differences = np.array([more[brief] - less[brief] for brief in more])
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(differences), (RESAMPLES, len(differences)))
    low, high = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)
