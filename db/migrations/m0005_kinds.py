"""Migration 5: the kind of each file and of each step's result, and the facts of a file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_ARTIFACT_KIND = """
CASE
  WHEN role = 'trace' THEN 'trace'
  WHEN media_type LIKE 'image/%' THEN 'image'
  ELSE 'file'
END
"""

_STEP_KIND = """
CASE operation
  WHEN 'generate' THEN 'image'
  WHEN 'join' THEN 'image'
  WHEN 'evaluate' THEN 'critique'
  WHEN 'review_shot' THEN 'critique'
  WHEN 'refine' THEN 'prompt'
  WHEN 'write_shot' THEN 'prompt'
  WHEN 'score' THEN 'scores'
  WHEN 'compare' THEN 'similarity'
  ELSE 'data'
END
"""

_ITERATIONS = """
CREATE VIEW iterations AS
SELECT
  s.job_id,
  s.scope,
  CAST(substr(s.scope, instr(s.scope, 'iteration-') + 10) AS INTEGER) AS number,
  min(s.started_at) AS started_at,
  max(s.finished_at) AS finished_at,
  sum(s.cost) AS cost,
  sum(s.state = 'done') AS steps_done,
  (SELECT a.hash FROM artifacts a JOIN steps t ON t.id = a.step_id
    WHERE t.job_id = s.job_id AND t.scope = s.scope AND t.superseded_at IS NULL
      AND a.kind NOT IN ('trace', 'file', 'text', 'data') ORDER BY a.id LIMIT 1) AS artifact,
  (SELECT v.value FROM scores v JOIN steps t ON t.id = v.step_id
    WHERE t.job_id = s.job_id AND t.scope = s.scope AND t.superseded_at IS NULL
    ORDER BY v.id LIMIT 1) AS score
FROM steps s
WHERE s.superseded_at IS NULL AND s.scope LIKE '%iteration-%'
GROUP BY s.job_id, s.scope
"""

_STATEMENTS = (
    "ALTER TABLE artifacts ADD COLUMN kind TEXT NOT NULL DEFAULT 'file'",
    "ALTER TABLE artifacts ADD COLUMN facts TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE steps ADD COLUMN kind TEXT NOT NULL DEFAULT 'data'",
    f"UPDATE artifacts SET kind = {_ARTIFACT_KIND}",  # noqa: S608 - our own text
    f"UPDATE steps SET kind = {_STEP_KIND}",  # noqa: S608 - our own text
    "DROP VIEW iterations",
    _ITERATIONS,
)


def apply(db: "Database") -> None:
    """Add the columns and fill them from what stores of earlier versions could hold.

    Earlier versions distinguished only images and traces; anything else had no known type.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
