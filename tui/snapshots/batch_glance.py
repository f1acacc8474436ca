"""The selected batch at a glance: its best images, scores, causes of failures, spending."""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.queries import digest, lists
from engine.client.views.faces import Face, FaceReader
from engine.client.views.listing import CachedValue
from engine.client.views.recipe_info import Headlines, RecipeInfo
from engine.text.terminal import clean

BEST = 8
"""Number of the best jobs that are read."""

BUCKETS = 16
"""Number of bars in the histogram of scores, and of points of the spend curve."""

MAX_CAUSES = 12
MAX_SETTINGS = 8

_VARYING = re.compile(r"[0-9a-f]{8,}|\d+|'[^']*'|\"[^\"]*\"", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BestJob:
    """One of the best jobs: its key, cleaned, its state, score and image."""

    id: int
    key: str
    state: str
    score: float | None
    face: Face


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some jobs have failed or wait.

    Attributes:
        text: The message of one of them, cleaned.
        jobs: The jobs.
        state: `failed`, `parked`, or `waiting` for an approval.
    """

    text: str
    jobs: tuple[int, ...]
    state: str = "failed"


@dataclass(frozen=True, slots=True)
class BatchGlance:
    """A batch at a glance.

    Attributes:
        id: The batch.
        best: Its best jobs, the best first.
        low: Score of the lowest bar of the histogram.
        high: Score of the highest.
        scores: Number of jobs per bar; of a sample if there are many jobs. Empty without scores.
        causes: Causes of its failures and of its parked jobs, the most frequent first.
        unread: Failed jobs whose causes were not read, because there are too many.
        spent: Spending in micro-dollars over time, cumulated; empty if nothing was spent.
        changed: Settings that differ from the recipe's defaults, as `name value`.
    """

    id: int
    best: tuple[BestJob, ...] = ()
    low: float = 0
    high: float = 100
    scores: tuple[int, ...] = ()
    causes: tuple[Cause, ...] = ()
    unread: int = 0
    spent: tuple[int, ...] = ()
    changed: tuple[str, ...] = ()


class GlanceReader:
    """Reader of the selected batch, and of the best job of each visible one."""

    def __init__(self, headlines: Headlines) -> None:
        self._headlines = headlines
        self._faces = FaceReader()
        self._sample = CachedValue[list[digest.SampledJob]]()
        self._causes = CachedValue[tuple[Cause, ...]]()

    def of(self, connection: sqlite3.Connection, line: lists.BatchLine) -> BatchGlance:
        """Return a batch at a glance; the same cost for any number of jobs."""
        headline = self._headlines.of(line.recipe)
        key = (line.id, line.ended, line.cost)
        sample = self._sample.get(key, lambda: digest.sampled_jobs(connection, line.id, line.total))
        causes = self._causes.get(
            (line.id, line.failed, line.parked),
            lambda: group_causes(digest.stuck_jobs(connection, line.id)),
        )
        values = [job.score for job in sample if job.score is not None]
        low, high = (min(values), max(values)) if values else (headline.low, headline.high)
        return BatchGlance(
            id=line.id,
            best=self.best(connection, line, BEST),
            low=low,
            high=high,
            scores=histogram(values, low, high),
            causes=causes[:MAX_CAUSES],
            unread=max(0, line.failed - digest.SAMPLE),
            spent=spend_curve(sample, line.cost),
            changed=_changed(digest.batch_settings(connection, line.id), headline),
        )

    def best(
        self, connection: sqlite3.Connection, line: lists.BatchLine, count: int
    ) -> tuple[BestJob, ...]:
        """Return the best jobs of a batch."""
        headline = self._headlines.of(line.recipe)
        better = headline.higher_is_better
        ids = digest.best_jobs(connection, line.id, count, higher_is_better=better)
        jobs = lists.jobs_of_ids(connection, ids)
        faces = self._faces.of(connection, jobs, headline)
        return tuple(
            BestJob(job.id, clean(job.key, 120), job.state, job.score, faces.get(job.id, Face()))
            for job in jobs
        )


def histogram(values: Sequence[float], low: float, high: float) -> tuple[int, ...]:
    """Return the number of values in each of `BUCKETS` equal ranges; empty without values."""
    if not values:
        return ()
    counts = [0] * BUCKETS
    for value in values:
        share = (value - low) / (high - low) if high > low else 0.0
        counts[max(0, min(BUCKETS - 1, int(share * BUCKETS)))] += 1
    return tuple(counts)


def spend_curve(sample: Sequence[digest.SampledJob], cost: int) -> tuple[int, ...]:
    """Return the spending after each of `BUCKETS` equal numbers of ended jobs, cumulated.

    Args:
        sample: Some jobs of the batch, or all.
        cost: Its cost in micro-dollars; the end of the curve.
    """
    ended = sorted((job for job in sample if job.finished_at), key=lambda j: j.finished_at or "")
    total = sum(job.cost for job in ended)
    if not cost or not total:
        return ()
    points, spent, at = [], 0, 0
    for number in range(1, BUCKETS + 1):
        end = number * len(ended) // BUCKETS
        spent, at = spent + sum(job.cost for job in ended[at:end]), end
        points.append(cost * spent // total)
    return tuple(points)


def read_causes(connection: sqlite3.Connection, batch_id: int) -> tuple[Cause, ...]:
    """Return the causes of a batch's failures and parked jobs, the most frequent first."""
    return group_causes(digest.stuck_jobs(connection, batch_id))[:MAX_CAUSES]


def group_causes(jobs: Sequence[digest.StuckJob]) -> tuple[Cause, ...]:
    """Group jobs by their messages, whatever numbers, hashes and quotes these contain."""
    groups: dict[tuple[str, str], tuple[str, list[int]]] = {}
    for job in jobs:
        state = "waiting" if job.reason == "approval" and job.state == "parked" else job.state
        text = clean(job.message, 200) or "no message"
        same = state, _VARYING.sub("#", text)[:80]
        groups.setdefault(same, (text, []))[1].append(job.id)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1][1]))
    return tuple(Cause(text, tuple(ids), state) for (state, _), (text, ids) in ordered)


def _changed(settings: str, headline: RecipeInfo) -> tuple[str, ...]:
    try:
        values = json.loads(settings)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(values, dict) or not headline.defaults:
        return ()
    defaults: Mapping[str, str] = dict(headline.defaults)
    changed = [
        f"{clean(str(name), 30)} {clean(str(value), 40)}"
        for name, value in values.items()
        if name in defaults and value != json.loads(defaults[name])
    ]
    return tuple(changed[:MAX_SETTINGS])
