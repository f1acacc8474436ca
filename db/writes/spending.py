"""Costs of calls: reserved before they are sent, replaced by the actual costs.

A reservation is a column of the step's row, written in the transaction of its intent. So calls in
flight cannot overspend together, and the reservations of a lost process remain: they count until
the outcome of the call is known.

A call whose outcome will never be known is *presumed* to have cost its whole reservation.
"""

import sqlite3
from dataclasses import dataclass

from db.clock import now
from db.errors import OverBudget


@dataclass(frozen=True, slots=True)
class Reservation:
    """Maximum cost of one call, and the workspace's limits; all in micro-dollars.

    Attributes:
        worst: Maximum cost of the call, None if unknown.
        total: Total spending limit of the workspace, None for no limit.
        day: Its limit for one day (UTC), None for no limit.
    """

    worst: int | None
    total: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class _Reserved:
    """Reserved amounts: in all, and by calls in flight as far as the store knows."""

    all: int
    under_way: int


def reserve(
    connection: sqlite3.Connection, step_id: int, batch_id: int, wanted: Reservation
) -> int:
    """Reserve the maximum cost of a call; an earlier reservation of the step is presumed spent.

    Returns:
        Micro-dollars that were presumed spent.

    Raises:
        OverBudget: A limit would be exceeded, or there is one and the maximum cost is unknown.
    """
    presumed = settle(connection, step_id, batch_id, uncertain=True)
    _check_batch(connection, batch_id, wanted)
    spent_of_day = "SELECT coalesce(sum(cost + presumed), 0) FROM spending WHERE day = ?"
    if wanted.day is not None:
        _check(connection, "day", wanted.day, wanted, _sum(connection, spent_of_day, now()[:10]))
    if wanted.total is not None:
        spent = _sum(connection, "SELECT coalesce(sum(cost + presumed), 0) FROM spending")
        _check(connection, "total", wanted.total, wanted, spent)
    if wanted.worst:
        connection.execute("UPDATE steps SET reserved = ? WHERE id = ?", (wanted.worst, step_id))
    return presumed


def _check_batch(connection: sqlite3.Connection, batch_id: int, wanted: Reservation) -> None:
    row = connection.execute(
        "SELECT budget, cost + presumed FROM batches WHERE id = ?", (batch_id,)
    ).fetchone()
    if row is not None and row[0] is not None:
        _check(connection, "batch", row[0], wanted, row[1], batch_id)


def _check(
    connection: sqlite3.Connection,
    limit: str,
    allowed: int,
    wanted: Reservation,
    spent: int,
    batch_id: int | None = None,
) -> None:
    held = _held(connection, batch_id)
    if wanted.worst is None or (wanted.worst > 0 and spent + held.all + wanted.worst > allowed):
        raise OverBudget(
            limit,
            allowed=allowed,
            spent=spent,
            held=held.all,
            under_way=held.under_way,
            worst=wanted.worst,
        )


def _held(connection: sqlite3.Connection, batch_id: int | None) -> _Reserved:
    sql = """SELECT coalesce(sum(reserved), 0),
             coalesce(sum(CASE WHEN state IN ('running', 'submitted') THEN reserved END), 0)
             FROM steps WHERE reserved > 0"""
    if batch_id is None:
        return _Reserved(*connection.execute(sql).fetchone())
    return _Reserved(*connection.execute(f"{sql} AND batch_id = ?", (batch_id,)).fetchone())


def _sum(connection: sqlite3.Connection, sql: str, *values: object) -> int:
    return int(connection.execute(sql, values).fetchone()[0])


def settle(
    connection: sqlite3.Connection,
    step_id: int,
    batch_id: int,
    *,
    uncertain: bool,
    cost: int = 0,
) -> int:
    """End a step's reservation, if it has one; return the micro-dollars that are presumed spent.

    Args:
        connection: An open transaction's connection.
        step_id: The step.
        batch_id: Its batch.
        uncertain: Whether the call's outcome is unknown; then the reservation, less the known
            cost, is presumed spent.
        cost: Known cost in micro-dollars.
    """
    row = connection.execute("SELECT reserved FROM steps WHERE id = ?", (step_id,)).fetchone()
    if row is None or not row[0]:
        return 0
    connection.execute("UPDATE steps SET reserved = 0 WHERE id = ?", (step_id,))
    presumed = max(0, row[0] - cost) if uncertain else 0
    if presumed:
        connection.execute(
            "UPDATE batches SET presumed = presumed + ? WHERE id = ?", (presumed, batch_id)
        )
        add_spending(connection, presumed=presumed)
    return presumed


def add_spending(connection: sqlite3.Connection, *, cost: int = 0, presumed: int = 0) -> None:
    """Add to the workspace's spending of today (UTC)."""
    connection.execute(
        """INSERT INTO spending (day, cost, presumed) VALUES (?, ?, ?) ON CONFLICT(day)
           DO UPDATE SET cost = cost + excluded.cost, presumed = presumed + excluded.presumed""",
        (now()[:10], cost, presumed),
    )


def set_budget(connection: sqlite3.Connection, batch_id: int, budget: int | None) -> None:
    """Set the spending limit of a batch in micro-dollars; None for no limit."""
    connection.execute("UPDATE batches SET budget = ? WHERE id = ?", (budget, batch_id))
