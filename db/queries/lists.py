"""Queries for pages of long lists: narrow rows, any position of a million within milliseconds.

Jobs of a batch have the dense positions 1 to N in the order of the input, so a page in that order
is found in O(log n). In the order of a score or a state, a page is an offset in a covering index
(some 100 ns per skipped row, and never more than half of a segment, because a page beyond the
middle is read from the end). In the order of a score, the offset counts from the nearest anchor
(`db.queries.anchors`), once the anchors are known.
"""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from db.ended_jobs import HAS_ENDED, TOOK
from db.queries.anchors import OrderedRows
from db.rows import EventRow, Row
from db.text import containing, letters_between

TEXT_LIMIT = 2_000
"""Maximum characters of a message in a line of a list."""


@dataclass(frozen=True, slots=True)
class BatchLine(Row):
    """A batch in a list: without its settings and snapshot."""

    id: int
    name: str
    recipe: str
    priority: int
    state: str
    held: int
    finish: str
    finish_error: str | None
    queued: int
    running: int
    paused: int
    parked: int
    done: int
    failed: int
    cancelled: int
    cost: int
    budget: int | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    starred: int
    note: str
    archived: int

    @property
    def total(self) -> int:
        """Number of jobs."""
        return self.ended + self.queued + self.running + self.paused + self.parked

    @property
    def ended(self) -> int:
        """Number of jobs that are done, failed or cancelled."""
        return self.done + self.failed + self.cancelled


@dataclass(frozen=True, slots=True)
class JobLine(Row):
    """A job in a list; `message` is its error's, if it has one.

    `outdated` is 1 if there is a decision newer than its newest score and it has not ended again.
    """

    id: int
    batch_id: int
    position: int
    key: str
    state: str
    reason: str | None
    message: str | None
    priority: int
    stage: str | None
    iterations: int
    score: float | None
    cost: int
    starts: int
    fraction: float | None
    started_at: str | None
    finished_at: str | None
    outdated: int
    rating: int | None


_BATCH = """id, substr(name, 1, 300) AS name, substr(recipe, 1, 300) AS recipe, priority, state,
held, finish, substr(finish_error, 1, 2000) AS finish_error, queued, running, paused, parked, done,
failed, cancelled, cost, budget, created_at, started_at, finished_at, starred,
substr(note, 1, 300) AS note, archived_at IS NOT NULL AS archived"""

_EVENT = f"""id, at, batch_id, job_id, step_id, type, level,
substr(message, 1, {TEXT_LIMIT}) AS message, '{{}}' AS data"""

_JOB = f"""SELECT j.id, j.batch_id, j.position, substr(j.key, 1, 300) AS key, j.state, j.reason,
substr(coalesce(e.message, j.message), 1, {TEXT_LIMIT}) AS message, j.priority,
substr(j.stage, 1, 300) AS stage, j.iterations, j.score, j.cost, j.starts,
(SELECT max(fraction) FROM progress p WHERE p.job_id = j.id) AS fraction,
j.started_at, j.finished_at,
j.state IN ('queued', 'running', 'paused', 'parked') AND EXISTS (
  SELECT 1 FROM decisions d WHERE d.job_id = j.id AND d.created_at > (
    SELECT max(t.finished_at) FROM scores s JOIN steps t ON t.id = s.step_id
    WHERE s.job_id = j.id AND t.superseded_at IS NULL)) AS outdated, j.rating
FROM jobs j LEFT JOIN errors e ON e.id = j.error_id"""  # noqa: S608 - our own names


def _lines(connection: sqlite3.Connection, sql: str, values: Sequence[object]) -> list[JobLine]:
    return JobLine.all_of(connection.execute(sql, values))


def batch_lines(
    connection: sqlite3.Connection, limit: int = 500, *, archived: bool = False
) -> list[BatchLine]:
    """Return the newest batches, newest first; archived ones only if asked for."""
    hidden = "NOT deleting" if archived else "NOT deleting AND archived_at IS NULL"
    sql = f"SELECT {_BATCH} FROM batches WHERE {hidden} ORDER BY id DESC LIMIT ?"  # noqa: S608
    return BatchLine.all_of(connection.execute(sql, (limit,)))


def batch_line(connection: sqlite3.Connection, batch_id: int) -> BatchLine | None:
    """Return one batch."""
    sql = f"SELECT {_BATCH} FROM batches WHERE id = ?"  # noqa: S608 - our own names
    row = connection.execute(sql, (batch_id,)).fetchone()
    return BatchLine.of(row) if row else None


def jobs_at(connection: sqlite3.Connection, batch_id: int, start: int, count: int) -> list[JobLine]:
    """Return jobs in the order of the input, from the one at index `start` (0 for the first)."""
    sql = f"{_JOB} WHERE j.batch_id = ? AND j.position > ? ORDER BY j.position LIMIT ?"
    return _lines(connection, sql, (batch_id, start, count))


def ids_at(connection: sqlite3.Connection, batch_id: int, start: int, count: int) -> list[int]:
    """Return ids of jobs in the order of the input, from index `start` (0 for the first)."""
    sql = "SELECT id FROM jobs WHERE batch_id = ? AND position > ? ORDER BY position LIMIT ?"
    return [row[0] for row in connection.execute(sql, (batch_id, start, count))]


def jobs_of_ids(connection: sqlite3.Connection, ids: Sequence[int]) -> list[JobLine]:
    """Return the jobs with these ids, in this order, without missing ones. At most 1 000."""
    marks = ", ".join("?" * len(ids))
    lines = {line.id: line for line in _lines(connection, f"{_JOB} WHERE j.id IN ({marks})", ids)}
    return [lines[id_] for id_ in ids if id_ in lines]


def rows_in_states(batch_id: int, states: Sequence[str]) -> OrderedRows:
    """Return the jobs of a batch in any of some states, in the order of the input.

    The states' own indexes are merged, so nothing is sorted.

    Args:
        batch_id: The batch.
        states: States, each once; at least one.
    """
    first, *more = [(batch_id, state) for state in states]
    where = "FROM jobs WHERE batch_id = ? AND state = ?"
    return OrderedRows(where, first, ("position",), more=tuple(more))


_NOT_FAILED = "(state = 'failed') = 0"
"""In the words of the index `jobs_rank`."""


def rows_by_score(batch_id: int, *, low_first: bool) -> OrderedRows:
    """Return the jobs of a batch that have a score and have not failed, ordered by it."""
    where = f"FROM jobs WHERE batch_id = ? AND {_NOT_FAILED} AND score IS NOT NULL"
    return OrderedRows(where, (batch_id,), ("score", "position"), descending=not low_first)


def rows_without_score(batch_id: int) -> OrderedRows:
    """Return the jobs without a score that have not failed, in the order of the input."""
    where = f"FROM jobs WHERE batch_id = ? AND {_NOT_FAILED} AND score IS NULL"
    return OrderedRows(where, (batch_id,), ("position",))


def rows_by_time(batch_id: int) -> OrderedRows:
    """Return the ended jobs of a batch, the longest first; last those that never began."""
    where = f"FROM jobs WHERE batch_id = ? AND {HAS_ENDED}"
    return OrderedRows(where, (batch_id,), (TOOK, "position"))


def rows_by_cost(batch_id: int) -> OrderedRows:
    """Return all jobs of a batch, the dearest first; of the same cost, the last of the input."""
    where = "FROM jobs WHERE batch_id = ?"
    return OrderedRows(where, (batch_id,), ("cost", "position"), descending=True)


def count_ratings(connection: sqlite3.Connection, batch_id: int) -> dict[int, int]:
    """Return the number of jobs of each rating, the best first; 30 ms per million."""
    sql = """SELECT rating, count(*) FROM jobs WHERE batch_id = ? AND rating IS NOT NULL
             GROUP BY rating ORDER BY rating DESC"""
    return {row[0]: row[1] for row in connection.execute(sql, (batch_id,))}


def rows_of_rating(batch_id: int, rating: int | None) -> OrderedRows:
    """Return the jobs of a rating, or without one for None, in the order of the input."""
    if rating is None:
        where = "FROM jobs WHERE batch_id = ? AND rating IS NULL"
        return OrderedRows(where, (batch_id,), ("position",))
    return OrderedRows("FROM jobs WHERE batch_id = ? AND rating = ?", (batch_id, rating),
                       ("position",))  # fmt: skip


def count_scored(connection: sqlite3.Connection, batch_id: int, *, others: bool = False) -> int:
    """Return the number of jobs that have a score and have not failed; 20 ms per million of them.

    Args:
        connection: A reader.
        batch_id: The batch.
        others: True for those that have neither a score nor failed.
    """
    has = "IS NULL" if others else "IS NOT NULL"
    sql = f"SELECT count(*) FROM jobs WHERE batch_id = ? AND {_NOT_FAILED} AND score {has}"  # noqa: S608
    return int(connection.execute(sql, (batch_id,)).fetchone()[0])


MATCH_ORDERS = {
    "position": "position",
    "state": "state, position",
    "worst low": "state <> 'failed', score IS NULL, score, position",
    "worst high": "state <> 'failed', score IS NULL, score DESC, position",
    "best low": "state = 'failed', score IS NULL, score, position",
    "best high": "state = 'failed', score IS NULL, score DESC, position",
    "time": f"""CASE WHEN state = 'running' THEN 0 WHEN {HAS_ENDED} THEN 1 ELSE 2 END,
                CASE WHEN {HAS_ENDED} THEN {TOOK} END, position""",
    "cost": "cost DESC, position DESC",
    "rating": "rating IS NULL, rating DESC, position",
}
"""Orders accepted by `ids_matching`, as SQL."""


def ids_matching(
    connection: sqlite3.Connection,
    batch_id: int,
    *,
    words: Sequence[str] = (),
    without: Sequence[str] = (),
    fuzzy: Sequence[str] = (),
    states: Sequence[str] | None = None,
    ratings: Collection[int | None] | None = None,
    order: str = "position",
) -> list[int]:
    """Return ids of all jobs whose key has every one of `words` and none of `without`.

    This looks at every key of the batch, in the index of keys (some 60 ms per million), and sorts
    what it finds: keep the result, and call it rarely.

    Args:
        connection: A reader.
        batch_id: The batch.
        words: Lower-case texts that the key has; case does not matter for ASCII letters.
        without: Lower-case texts that it does not have.
        fuzzy: Texts whose letters the key has in this order; case does not matter for ASCII.
        states: States that the job may be in, None for any.
        ratings: Ranks of ratings (`db.rating`) that it may have, None among them if it may have
            none; None for any.
        order: One of `MATCH_ORDERS`.
    """
    terms, values = ["batch_id = ?"], list[object]([batch_id])
    if words or without or fuzzy:
        terms = [_named(words, without, fuzzy)]
        values += [*map(containing, (*words, *without)), *map(letters_between, fuzzy)]
    if states is not None:
        terms.append(f"state IN ({', '.join('?' * len(states))})")
        values += states
    if ratings is not None:
        ranks = sorted(rank for rank in ratings if rank is not None)
        none = " OR rating IS NULL" if None in ratings else ""
        terms.append(f"(rating IN ({', '.join('?' * len(ranks))}){none})")
        values += ranks
    sql = f"SELECT id FROM jobs WHERE {' AND '.join(terms)} ORDER BY {MATCH_ORDERS[order]}"  # noqa: S608
    return [row[0] for row in connection.execute(sql, values)]


def _named(words: Sequence[str], without: Sequence[str], fuzzy: Sequence[str]) -> str:
    """Return the condition that a job is among those of a batch with certain keys."""
    like = "LIKE ? ESCAPE '\\'"
    has = [f"key {like}"] * len(words) + [f"key NOT {like}"] * len(without)
    keys = " AND ".join(["batch_id = ?", *has, *[f"key {like}"] * len(fuzzy)])
    return f"id IN (SELECT id FROM jobs INDEXED BY jobs_key WHERE {keys})"  # noqa: S608


def score_history(
    connection: sqlite3.Connection, job_ids: Sequence[int], metric: str, limit: int = 64
) -> dict[int, tuple[float, ...]]:
    """Return the newest values of one metric through each job's steps, oldest first."""
    sql = """SELECT s.job_id, s.value FROM json_each(:jobs) j JOIN scores s ON s.id IN
               (SELECT r.id FROM scores r JOIN steps t ON t.id = r.step_id
                WHERE r.job_id = j.value AND r.metric = :metric AND t.superseded_at IS NULL
                ORDER BY r.id DESC LIMIT :limit)
             ORDER BY s.job_id, s.id"""
    scores: dict[int, list[float]] = {}
    wanted = {"jobs": json.dumps(list(job_ids)), "metric": metric, "limit": limit}
    for job_id, value in connection.execute(sql, wanted):
        scores.setdefault(job_id, []).append(value)
    return {job_id: tuple(values) for job_id, values in scores.items()}


def newest_events(
    connection: sqlite3.Connection, batch_id: int | None, limit: int = 200, *, after: int = 0
) -> list[EventRow]:
    """Return the newest events, of one batch if given, oldest first; messages cut, no data.

    Args:
        connection: A reader.
        batch_id: The batch, None for all.
        limit: Maximum number of events.
        after: Only events with a greater number than this.
    """
    where, values = ("", ()) if batch_id is None else ("batch_id = ? AND ", (batch_id,))
    sql = f"SELECT {_EVENT} FROM events WHERE {where} id > ? ORDER BY id DESC LIMIT ?"  # noqa: S608
    return EventRow.all_of(connection.execute(sql, (*values, after, limit)))[::-1]


def batch_states(connection: sqlite3.Connection, limit: int = 100) -> list[tuple[int, str, str]]:
    """Return number, name and state of the newest batches, newest first."""
    sql = """SELECT id, substr(name, 1, 300), state FROM batches WHERE NOT deleting
             ORDER BY id DESC LIMIT ?"""
    return [(row[0], row[1], row[2]) for row in connection.execute(sql, (limit,))]


def newest_warning(
    connection: sqlite3.Connection, batch_id: int, since: int
) -> tuple[int, int, str]:
    """Return how many warnings of recipes a batch has, and job and text of the newest.

    Args:
        connection: A connection to read with.
        batch_id: The batch.
        since: Number of the event from which they count.

    Returns:
        Their number, the number of a job, and a text of at most 1000 characters; 0 and an empty
        text without any.
    """
    sql = """SELECT count(*), max(id) FROM events
             WHERE batch_id = ? AND id > ? AND type = 'job.warning'"""
    count, newest = connection.execute(sql, (batch_id, since)).fetchone()
    if not count:
        return 0, 0, ""
    one = "SELECT coalesce(job_id, 0), substr(message, 1, 1000) FROM events WHERE id = ?"
    job, message = connection.execute(one, (newest,)).fetchone()
    return int(count), int(job), str(message)


def newest_event(connection: sqlite3.Connection) -> int:
    """Return the number of the newest event, 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def count_pending(connection: sqlite3.Connection) -> int:
    """Return the number of unanswered commands."""
    sql = "SELECT count(*) FROM commands WHERE state = 'pending'"
    return int(connection.execute(sql).fetchone()[0])
