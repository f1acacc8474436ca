"""Queries for the activity: events by job and not by step, commands, and steps with traces.

A history is read in windows of numbers, the newest first, so that each read is bounded whatever
the filter and however few lines match.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from db.rows import CommandRow, Row
from db.text import letters_between

COUNTED = ("step.done", "job.started", "job.queued", "job.paused", "job.resumed", "job.retried")
"""Types of events without a line: of steps, and of jobs moved by a command that has one."""

WINDOW_CHARACTERS = 18
"""Characters of a stored time that the events of one line share: a stretch of ten seconds."""


class HistoryLine(NamedTuple):
    """One line of a history.

    Attributes:
        first: Number of its first row.
        last: Number of its last row.
        size: Number of rows.
    """

    first: int
    last: int
    size: int


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Filter of events.

    Attributes:
        batch_id: Their batch, None for all.
        levels: Their levels, empty for all.
        words: Lower-case texts in the message, or in the name of the job or the batch.
        without: Lower-case texts in none of them.
        fuzzy: Texts whose letters the name of the job or the batch has in this order.
    """

    batch_id: int | None = None
    levels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    fuzzy: tuple[str, ...] = ()


_JOB_KEY = "coalesce((SELECT key FROM jobs WHERE id = events.job_id), '')"
_BATCH_NAME = "coalesce((SELECT name FROM batches WHERE id = events.batch_id), '')"
_SEARCHED = f"lower(message || ' ' || {_JOB_KEY} || ' ' || {_BATCH_NAME})"

_SAME = """CASE WHEN type IN ('job.failed', 'job.parked', 'job.warning', 'step.retry')
  THEN substr(message, 1, 200)
WHEN type LIKE 'command.%' THEN substr(message, 1, instr(message || ' ', ' '))
WHEN type LIKE 'job.%' THEN '' ELSE id END"""
"""Events of one type, batch and stretch of ten seconds are one line if they share this."""


def event_lines(
    connection: sqlite3.Connection, low: int, high: int, wanted: EventFilter
) -> list[HistoryLine]:
    """Return the lines of the events numbered above `low` up to `high`, oldest first."""
    terms = ["id > ?", "id <= ?", f"type NOT IN ({', '.join('?' * len(COUNTED))})"]
    values: list[object] = [low, high, *COUNTED]
    if wanted.batch_id is not None:
        terms.append("batch_id = ?")
        values.append(wanted.batch_id)
    if wanted.levels:
        terms.append(f"level IN ({', '.join('?' * len(wanted.levels))})")
        values += wanted.levels
    terms += [f"instr({_SEARCHED}, ?) > 0"] * len(wanted.words)
    terms += [f"instr({_SEARCHED}, ?) = 0"] * len(wanted.without)
    values += [*wanted.words, *wanted.without]
    for pattern in map(letters_between, wanted.fuzzy):
        terms.append(f"({_JOB_KEY} LIKE ? ESCAPE '\\' OR {_BATCH_NAME} LIKE ? ESCAPE '\\')")
        values += [pattern, pattern]
    sql = f"""SELECT min(id) AS first, max(id), count(*) FROM events WHERE {" AND ".join(terms)}
              GROUP BY substr(at, 1, {WINDOW_CHARACTERS}), batch_id, type, {_SAME}
              ORDER BY first"""  # noqa: S608 - fixed conditions
    return [HistoryLine(*row) for row in connection.execute(sql, values)]


def window_start(connection: sqlite3.Connection) -> int:
    """Return the number of the first event of the newest stretch of ten seconds, 0 without any."""
    row = connection.execute("SELECT at FROM events ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        return 0
    first = 0
    for id_, at in connection.execute("SELECT id, at FROM events ORDER BY id DESC LIMIT 20000"):
        if at[:WINDOW_CHARACTERS] != row[0][:WINDOW_CHARACTERS]:
            break
        first = id_
    return first


@dataclass(frozen=True, slots=True)
class ActivityRow(Row):
    """The first event of a line, with the names of its job and batch, and its jobs' scores."""

    id: int
    at: str
    batch_id: int | None
    job_id: int | None
    type: str
    level: str
    message: str
    job: str | None
    batch: str | None
    recipe: str | None
    low: float | None
    high: float | None


_ROW = """
SELECT e.id, e.at, e.batch_id, e.job_id, e.type, e.level, substr(e.message, 1, 2000) AS message,
  substr(j.key, 1, 300) AS job, substr(b.name, 1, 300) AS batch, b.recipe, j.score, j.score
FROM events e LEFT JOIN jobs j ON j.id = e.job_id LEFT JOIN batches b ON b.id = e.batch_id
WHERE e.id = ?
"""

_SCORES = """
SELECT min(j.score), max(j.score) FROM events e JOIN jobs j ON j.id = e.job_id
WHERE e.id BETWEEN ? AND ? AND e.batch_id IS ? AND e.type = 'job.done'
"""


def activity_rows(
    connection: sqlite3.Connection, lines: Sequence[HistoryLine]
) -> list[tuple[HistoryLine, ActivityRow]]:
    """Return the first event of each line, without lines whose events were removed."""
    rows = []
    for line in lines:
        row = connection.execute(_ROW, (line.first,)).fetchone()
        if row is None:
            continue
        values = list(row)
        if row["type"] == "job.done" and line.size > 1:
            where = (line.first, line.last, row["batch_id"])
            values[-2:] = connection.execute(_SCORES, where).fetchone()
        rows.append((line, ActivityRow(*values)))
    return rows


def command_lines(connection: sqlite3.Connection, low: int, high: int) -> list[HistoryLine]:
    """Return the commands numbered above `low` up to `high`, oldest first."""
    sql = "SELECT id FROM commands WHERE id > ? AND id <= ? ORDER BY id"
    return [HistoryLine(row[0], row[0], 1) for row in connection.execute(sql, (low, high))]


def commands_of(connection: sqlite3.Connection, ids: Sequence[int]) -> list[CommandRow]:
    """Return the commands with these ids, in this order, without missing ones."""
    rows = (connection.execute("SELECT * FROM commands WHERE id = ?", (id_,)) for id_ in ids)
    return [CommandRow.of(row) for cursor in rows if (row := cursor.fetchone()) is not None]


@dataclass(frozen=True, slots=True)
class TraceRow(Row):
    """A stored trace, and the step that it is the trace of."""

    id: int
    at: str
    hash: str
    step_id: int
    job_id: int | None
    batch_id: int
    key: str
    state: str
    backend: str
    model: str
    job: str | None
    batch: str | None


def trace_lines(connection: sqlite3.Connection, low: int, high: int) -> list[HistoryLine]:
    """Return the traces among the files numbered above `low` up to `high`, oldest first."""
    sql = "SELECT id FROM artifacts WHERE id > ? AND id <= ? AND role = 'trace' ORDER BY id"
    return [HistoryLine(row[0], row[0], 1) for row in connection.execute(sql, (low, high))]


def traces_of(connection: sqlite3.Connection, ids: Sequence[int]) -> list[TraceRow]:
    """Return the traces with these ids, in this order, without missing ones."""
    sql = """SELECT a.id, a.created_at AS at, a.hash, s.id AS step_id, s.job_id, s.batch_id,
               substr(s.key, 1, 300) AS key, s.state, substr(s.backend, 1, 100) AS backend,
               substr(s.model, 1, 100) AS model, substr(j.key, 1, 300) AS job,
               substr(b.name, 1, 300) AS batch
             FROM artifacts a JOIN steps s ON s.id = a.step_id LEFT JOIN jobs j ON j.id = s.job_id
             LEFT JOIN batches b ON b.id = s.batch_id WHERE a.id = ?"""
    rows = (connection.execute(sql, (id_,)) for id_ in ids)
    return [TraceRow.of(row) for cursor in rows if (row := cursor.fetchone()) is not None]


def newest(connection: sqlite3.Connection, table: str) -> int:
    """Return the number of the newest row of `events`, `commands` or `artifacts`, 0 if none."""
    if table not in {"events", "commands", "artifacts"}:
        raise ValueError(f"no history of {table}")
    return int(connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])  # noqa: S608
