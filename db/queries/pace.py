"""Queries for the pace of a batch: when its newest jobs ended, and what they cost."""

import sqlite3


def newest_ends(connection: sqlite3.Connection, batch_id: int, among: int = 400) -> list[str]:
    """Return the end times of a batch's jobs, oldest first, from the newest `among` events."""
    sql = """SELECT at, type FROM events WHERE batch_id = ? ORDER BY id DESC LIMIT ?"""
    rows = connection.execute(sql, (batch_id, among)).fetchall()
    return [row["at"] for row in reversed(rows) if row["type"] in {"job.done", "job.failed"}]


def usual_cost(connection: sqlite3.Connection, batch_id: int, among: int = 400) -> float | None:
    """Return the average cost of recently ended jobs in micro-dollars; None before any ended."""
    sql = """SELECT avg(cost) FROM jobs WHERE id IN
             (SELECT job_id FROM (SELECT job_id, type FROM events WHERE batch_id = ?
                ORDER BY id DESC LIMIT ?) WHERE type IN ('job.done', 'job.failed'))"""
    value = connection.execute(sql, (batch_id, among)).fetchone()[0]
    return None if value is None else float(value)
