"""Migration 6: steps of a whole batch, before its first job and after its last, and checkpoints."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATE = """
CASE
  WHEN preparing THEN 'preparing'
  WHEN held AND running + queued + parked > 0 THEN 'paused'
  WHEN paused > 0 AND running + queued + parked = 0 THEN 'paused'
  WHEN running > 0 OR (start = 'running' AND queued > 0) THEN 'running'
  WHEN parked > 0 AND queued = 0 THEN 'parked'
  WHEN queued > 0 THEN 'queued'
  WHEN finish IN ('pending', 'running') THEN 'running'
  WHEN finish = 'parked' THEN 'parked'
  WHEN failed > 0 OR finish = 'failed' THEN 'done_with_failures'
  WHEN cancelled > 0 THEN 'cancelled'
  ELSE 'done'
END
"""

_STATEMENTS = (
    "ALTER TABLE batches ADD COLUMN start TEXT NOT NULL DEFAULT 'done'",
    "ALTER TABLE batches ADD COLUMN before_result TEXT",
    "ALTER TABLE batches ADD COLUMN after_result TEXT",
    "ALTER TABLE batches ADD COLUMN checkpoints INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE batches DROP COLUMN state",
    f"ALTER TABLE batches ADD COLUMN state TEXT GENERATED ALWAYS AS ({_STATE}) VIRTUAL",
    "CREATE INDEX batches_to_start ON batches(id) WHERE start = 'pending'",
)


def apply(db: "Database") -> None:
    """Add the columns; batches that are there have no such steps.

    `start` is `pending`, `running` or `done`; `finish` may be `parked` from now on.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
