"""Totals counted from all rows, to compare with those that triggers keep."""

import sqlite3
from typing import Any

_SPENT = """
SELECT batch_id, backend, model, name, count(*) AS steps,
  sum(CASE WHEN kept_calls > 0 THEN kept_calls
      WHEN reused_from IS NULL AND NOT EXISTS (SELECT 1 FROM api_calls WHERE step_id = s.id)
      THEN attempts ELSE 0 END)
  + sum((SELECT count(*) FROM api_calls WHERE step_id = s.id)) AS calls, sum(cost),
  coalesce(sum(kept_in), 0)
  + coalesce(sum((SELECT sum(tokens_in) FROM api_calls WHERE step_id = s.id)), 0),
  coalesce(sum(kept_out), 0)
  + coalesce(sum((SELECT sum(tokens_out) FROM api_calls WHERE step_id = s.id)), 0)
FROM steps s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_KEPT = """
SELECT batch_id, backend, model, purpose, steps, calls, cost, coalesce(tokens_in, 0),
  coalesce(tokens_out, 0) FROM purpose_totals ORDER BY 1, 2, 3, 4
"""
_OVER_TIME = """
SELECT batch, at >> shift, sum(jobs), sum(scored), round(sum(score), 6), sum(cost) FROM (
  SELECT batch_id, unixepoch(finished_at) AS at, 1 AS jobs, score IS NOT NULL AS scored,
    coalesce(score, 0.0) AS score, 0 AS cost FROM jobs WHERE finished_at IS NOT NULL
  UNION ALL SELECT batch_id, unixepoch(finished_at), 0, 0, 0, cost FROM steps
    WHERE cost <> 0 AND finished_at IS NOT NULL)
JOIN (SELECT DISTINCT batch_id AS batch, shift FROM time_totals) ON batch IN (0, batch_id)
GROUP BY 1, 2 ORDER BY 1, 2
"""
_KEPT_OVER_TIME = """
SELECT batch_id, bucket, jobs, scored, round(score, 6), cost FROM time_totals ORDER BY 1, 2
"""


def check_totals(connection: sqlite3.Connection) -> None:
    """All totals of spending are those of the rows."""
    assert _rows(connection, _KEPT) == _rows(connection, _SPENT)
    assert _rows(connection, _KEPT_OVER_TIME) == _rows(connection, _OVER_TIME)


def _rows(connection: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(sql)]
