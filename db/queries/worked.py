"""Working time of jobs: without the time that they waited, or that no engine ran.

A step's row has the time of its first call and of its outcome. The difference is its duration,
unless it was interrupted: then any time between its calls is subtracted that is outside its job's
running times (from the events), or outside the life of every engine.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from db.clock import now, seconds_between

Span = tuple[str, str]
"""Start and end, as stored times; they sort in order of time."""

_MAX_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class WorkedTime:
    """Working time of a job, in seconds.

    Attributes:
        seconds: In all; parallel work counts once. None if nothing was started.
        steps: By step.
    """

    seconds: float | None = None
    steps: Mapping[int, float] = field(default_factory=dict)


def worked(connection: sqlite3.Connection, job_ids: Sequence[int]) -> dict[int, WorkedTime]:
    """Return the working time of each of some jobs so far, at most 1 000 jobs."""
    current = now()
    spans = _spans_of_steps(connection, job_ids, current)
    return {job_id: _worked(spans.get(job_id, {})) for job_id in job_ids}


def _worked(steps: Mapping[int, Sequence[Span]]) -> WorkedTime:
    if not steps:
        return WorkedTime()
    every = [span for spans in steps.values() for span in spans]
    return WorkedTime(_length(_union(every)), {id_: _length(spans) for id_, spans in steps.items()})


def _spans_of_steps(
    connection: sqlite3.Connection, job_ids: Sequence[int], current: str
) -> dict[int, dict[int, Sequence[Span]]]:
    marks = ", ".join("?" * len(job_ids))
    sql = f"""SELECT job_id, id, started_at, coalesce(finished_at, ?) AS ended_at,
              attempts > 1 OR finished_at IS NULL OR state = 'open' AS interrupted
              FROM steps WHERE job_id IN ({marks}) AND reused_from IS NULL"""  # noqa: S608
    spans: dict[int, dict[int, Sequence[Span]]] = {}
    doubtful: list[tuple[int, int, Span]] = []
    for job_id, id_, begin, end, interrupted in connection.execute(sql, (current, *job_ids)):
        span = (begin, max(begin, end))
        if interrupted:
            doubtful.append((job_id, id_, span))
        else:
            spans.setdefault(job_id, {})[id_] = (span,)
    if doubtful:
        engines = _lives_of_engines(connection, current)
        running = _running_times(connection, {job_id for job_id, *_ in doubtful}, current)
        for job_id, id_, span in doubtful:
            left = _common([span], engines) if engines else [span]
            spans.setdefault(job_id, {})[id_] = (
                _common(left, running[job_id]) if job_id in running else left
            )
    return spans


def _lives_of_engines(connection: sqlite3.Connection, current: str) -> list[Span]:
    """Return when engines ran; a running one reported itself some seconds ago at most."""
    sql = """SELECT started_at, coalesce(stopped_at, seen_at), id = (SELECT max(id) FROM engines)
             AND stopped_at IS NULL FROM engines"""
    return _union(
        (begin, _seen(end, current) if newest else end)
        for begin, end, newest in connection.execute(sql)
    )


_FRESH_SECONDS = 30.0


def _seen(seen_at: str, current: str) -> str:
    return current if (seconds_between(seen_at, current) or 0) < _FRESH_SECONDS else seen_at


def _running_times(
    connection: sqlite3.Connection, job_ids: Iterable[int], current: str
) -> dict[int, list[Span]]:
    """Return when jobs ran; empty for a job whose events are gone."""
    sql = """SELECT at, type FROM events WHERE job_id = ? AND type LIKE 'job.%'
             AND type <> 'job.warning' ORDER BY id LIMIT ?"""
    running: dict[int, list[Span]] = {}
    for job_id in job_ids:
        spans: list[Span] = []
        begun = ""
        for at, type_ in connection.execute(sql, (job_id, _MAX_EVENTS)):
            if begun:
                spans.append((begun, max(begun, at)))
            begun = at if type_ == "job.started" else ""
        if begun:
            spans.append((begun, max(begun, current)))
        if spans:
            running[job_id] = _union(spans)
    return running


def _union(spans: Iterable[Span]) -> list[Span]:
    """Merge spans of time into ones that do not overlap."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _common(ours: Sequence[Span], theirs: Sequence[Span]) -> list[Span]:
    """Return the time in both."""
    both = ((max(a, c), min(b, d)) for a, b in ours for c, d in theirs)
    return [(begin, end) for begin, end in both if begin < end]


def _length(spans: Iterable[Span]) -> float:
    return sum(seconds_between(begin, end) or 0.0 for begin, end in spans)
