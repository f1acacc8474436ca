"""Pages of a batch's jobs by keyset, for contact sheets: stable while jobs end and scores change.

A page begins behind the last job of the page before, not at a number of jobs, so that no job is
shown twice or left out because another one has moved.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

SheetOrder = Literal["position", "score", "rating"]


class SheetPlace(NamedTuple):
    """The place of a job in an order.

    Attributes:
        value: Its score or rating; None if it has none, and in the order of the input.
        position: Its position in the input.
    """

    value: float | None
    position: int


class SheetJob(NamedTuple):
    """A job with its place in the order that was asked for."""

    id: int
    place: SheetPlace


def sheet_jobs(
    connection: sqlite3.Connection,
    batch_id: int,
    *,
    order: SheetOrder = "position",
    low_first: bool = False,
    states: Sequence[str] = (),
    after: SheetPlace | None = None,
    backwards: bool = False,
    limit: int = 200,
) -> list[SheetJob]:
    """Return the next jobs of a batch in an order, those without a value last.

    Args:
        connection: A reader.
        batch_id: The batch.
        order: What they are ordered by.
        low_first: True for the lowest value first; equal ones follow their positions in the same
            direction, as the indexes have them.
        states: States that a job may be in; none for any.
        after: Place of the job before the first one; None for the start.
        backwards: True to read towards the start, the nearest first.
        limit: Maximum number.
    """
    jobs: list[SheetJob] = []
    for where, sort, values in _segments(order, after, low_first=low_first, backwards=backwards):
        column = "NULL" if order == "position" else order
        inside = f" AND state IN ({', '.join('?' * len(states))})" if states else ""
        sql = f"""SELECT id, {column}, position FROM jobs WHERE batch_id = ? AND {where}{inside}
                  ORDER BY {sort} LIMIT ?"""  # noqa: S608 - our own names and marks
        rows = connection.execute(sql, (batch_id, *values, *states, limit - len(jobs)))
        jobs += [SheetJob(row[0], SheetPlace(row[1], row[2])) for row in rows]
        if len(jobs) >= limit:
            break
    return jobs


Segment = tuple[str, str, tuple[float, ...]]
"""A condition, an order and the values of the condition."""


def _segments(
    order: SheetOrder, after: SheetPlace | None, *, low_first: bool, backwards: bool
) -> Iterator[Segment]:
    """Yield the parts of an order from a place on: jobs with a value, then those without."""
    if order == "position":
        yield _by_position("1", after, backwards=backwards)
        return
    without = after if after is not None and after.value is None else None
    if not backwards:
        if without is None:
            yield _by_value(order, after, rising=low_first)
        yield _by_position(f"{order} IS NULL", without, backwards=False)
        return
    if without is not None or after is None:
        yield _by_position(f"{order} IS NULL", without, backwards=True)
    yield _by_value(order, None if without else after, rising=not low_first)


def _by_position(where: str, after: SheetPlace | None, *, backwards: bool) -> Segment:
    sign, direction = ("<", "DESC") if backwards else (">", "ASC")
    if after is None:
        return where, f"position {direction}", ()
    return f"{where} AND position {sign} ?", f"position {direction}", (after.position,)


def _by_value(column: str, after: SheetPlace | None, *, rising: bool) -> Segment:
    sign, direction = (">", "ASC") if rising else ("<", "DESC")
    sort = f"{column} {direction}, position {direction}"
    if after is None or after.value is None:
        return f"{column} IS NOT NULL", sort, ()
    where = f"{column} {sign}= ? AND ({column} {sign} ? OR position {sign} ?)"
    return where, sort, (after.value, after.value, after.position)


def sheet_place(connection: sqlite3.Connection, job_id: int, order: SheetOrder) -> SheetPlace:
    """Return the place of a job in an order."""
    column = "NULL" if order == "position" else order
    sql = f"SELECT {column}, position FROM jobs WHERE id = ?"  # noqa: S608 - our own names
    row = connection.execute(sql, (job_id,)).fetchone()
    return SheetPlace(*row) if row else SheetPlace(None, 0)
