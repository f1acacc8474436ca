"""Queries for parked jobs: their reasons, how many there are, and when one came last."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParkedJobs:
    """Reason why some jobs wait: one example for each lane and reason.

    `count` is their number, at most `MAX_COUNTED`.
    """

    lane: str | None
    reason: str
    batch_id: int
    message: str
    count: int = 1


MAX_COUNTED = 1_000
"""Maximum number of parked jobs that are counted for one reason."""

REASONS = (
    "key", "quota", "budget", "disk", "storage", "weights", "unknown-outcome", "approval", "backend"
)  # fmt: skip
"""Reasons for parking jobs."""


def parked_reasons(connection: sqlite3.Connection) -> list[ParkedJobs]:
    """Return the reasons of parked jobs; a fixed number of look-ups for any number of jobs."""
    lanes = [None, *_lanes_of_parked(connection)]
    reasons = []
    for lane in lanes:
        same = "lane IS NULL" if lane is None else "lane = ?"
        for reason in REASONS:
            where = f"FROM jobs WHERE state = 'parked' AND {same} AND reason = ?"
            sql = f"SELECT batch_id, substr(message, 1, 2000) {where} LIMIT 1"
            values = (reason,) if lane is None else (lane, reason)
            if row := connection.execute(sql, values).fetchone():
                counting = f"SELECT count(*) FROM (SELECT 1 {where} LIMIT {MAX_COUNTED})"  # noqa: S608
                count = connection.execute(counting, values).fetchone()[0]
                reasons.append(ParkedJobs(lane, reason, row[0], row[1] or "", count))
    known = {(parked.lane, parked.reason) for parked in reasons}
    return [*reasons, *(p for p in _probing(connection) if (p.lane, p.reason) not in known)]


def _lanes_of_parked(connection: sqlite3.Connection, limit: int = 50) -> list[str]:
    """Return the lanes that parked jobs wait for, those of earlier engines too; a look-up each."""
    sql = """WITH RECURSIVE l(lane) AS (
               SELECT min(lane) FROM jobs WHERE state = 'parked'
               UNION ALL SELECT (SELECT min(lane) FROM jobs
                 WHERE state = 'parked' AND lane > l.lane) FROM l WHERE l.lane IS NOT NULL)
             SELECT lane FROM l WHERE lane IS NOT NULL LIMIT ?"""
    return [row[0] for row in connection.execute(sql, (limit,))]


def _probing(connection: sqlite3.Connection) -> list[ParkedJobs]:
    """Return running jobs that only test whether a blocked lane works again."""
    sql = """SELECT lane, reason, batch_id, substr(message, 1, 2000) FROM jobs
             WHERE state = 'running' AND lane IS NOT NULL LIMIT 50"""
    return [
        ParkedJobs(row[0], row[1] or "", row[2], row[3] or "") for row in connection.execute(sql)
    ]


def count_parked(connection: sqlite3.Connection) -> int:
    """Return the number of parked jobs from the batches' counters, plus those that test a lane."""
    parked = connection.execute("SELECT coalesce(sum(parked), 0) FROM batches").fetchone()[0]
    return int(parked) + len(_probing(connection))


def newest_parking(connection: sqlite3.Connection, batch_id: int, among: int = 400) -> int:
    """Return the number of the newest of the last `among` events that parked a job, or 0."""
    sql = """SELECT max(id) FROM (SELECT id, type FROM events WHERE batch_id = ?
             ORDER BY id DESC LIMIT ?) WHERE type = 'job.parked'"""
    return int(connection.execute(sql, (batch_id, among)).fetchone()[0] or 0)
