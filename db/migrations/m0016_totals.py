"""Migration 16: totals that outlive their rows: ended steps, calls, tokens, costs and faults."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

SECONDS = (0.01, 0.04, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84,
           327.68, 655.36)  # fmt: skip
"""Upper bounds of the durations of steps that are counted together, in seconds."""

TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304)
"""Upper bounds of the tokens of calls that are counted together."""

COMMITS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 4.096)
"""Upper bounds of the durations of commits that are counted together, in seconds."""

_TABLES = (
    """
    CREATE TABLE step_totals (
      recipe TEXT NOT NULL,
      operation TEXT NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      outcome TEXT NOT NULL,
      bucket INTEGER NOT NULL,
      count INTEGER NOT NULL,
      seconds REAL NOT NULL,
      first_step INTEGER NOT NULL,
      PRIMARY KEY (recipe, operation, backend, model, outcome, bucket)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE cost_totals (
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      cost INTEGER NOT NULL,
      first_step INTEGER NOT NULL,
      PRIMARY KEY (backend, model)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE token_totals (
      operation TEXT NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      type TEXT NOT NULL,
      bucket INTEGER NOT NULL,
      count INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      first_step INTEGER NOT NULL,
      PRIMARY KEY (operation, backend, model, type, bucket)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE fault_totals (
      batch_id INTEGER NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      fault TEXT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      again INTEGER NOT NULL DEFAULT 0,
      cost INTEGER NOT NULL DEFAULT 0,
      presumed INTEGER NOT NULL DEFAULT 0,
      first_step INTEGER NOT NULL,
      PRIMARY KEY (batch_id, backend, model, fault)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE recovery_totals (
      batch_id INTEGER NOT NULL,
      what TEXT NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      tries INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (batch_id, what, backend, model, tries)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE commit_totals (
      bucket INTEGER PRIMARY KEY,
      count INTEGER NOT NULL,
      seconds REAL NOT NULL
    )
    """,
)

_COLUMNS = (
    "ALTER TABLE steps ADD COLUMN faults INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE steps ADD COLUMN kept_calls INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE steps ADD COLUMN kept_in INTEGER",
    "ALTER TABLE steps ADD COLUMN kept_out INTEGER",
    "ALTER TABLE steps ADD COLUMN waited REAL",
    "ALTER TABLE jobs ADD COLUMN faults INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX steps_unknown ON steps(batch_id) WHERE state = 'unknown'",
    "CREATE INDEX artifacts_traces ON artifacts(id) WHERE role = 'trace'",
)


def _bucket(value: str, bounds: Sequence[float]) -> str:
    """Return an expression for the number of the bucket of a value; it may be named only once."""
    return " + ".join(f"({value} > {bound})" for bound in bounds)


def _duration(row: str) -> str:
    """Return an expression for the seconds of a step that was done at its first attempt."""
    return f"""CASE WHEN {row}.state = 'done' AND {row}.attempts = 1
      AND {row}.operation <> 'approve' THEN max(0, (julianday({row}.finished_at)
      - julianday({row}.started_at)) * 86400) END"""


_ENDED = f"""
CREATE TRIGGER steps_ended AFTER UPDATE OF state ON steps
WHEN NEW.state IN ('done', 'failed', 'unknown') AND OLD.state <> NEW.state
BEGIN
  INSERT INTO step_totals
  SELECT (SELECT recipe FROM batches WHERE id = NEW.batch_id), NEW.operation, NEW.backend,
    NEW.model, CASE WHEN NEW.attempts = 0 THEN 'reused' ELSE NEW.state END,
    CASE WHEN s IS NULL THEN -1 ELSE {_bucket("s", SECONDS)} END, 1, coalesce(s, 0), NEW.id
  FROM (SELECT {_duration("NEW")} AS s LIMIT 1) WHERE true
  ON CONFLICT DO UPDATE SET count = count + 1, seconds = seconds + excluded.seconds;
END
"""  # noqa: S608 - our own names and numbers

_RECOVERED = """
CREATE TRIGGER steps_recovered AFTER UPDATE OF state ON steps
WHEN NEW.state = 'done' AND NEW.faults > 0
BEGIN
  INSERT INTO recovery_totals VALUES
    (NEW.batch_id, 'step', NEW.backend, NEW.model, min(NEW.faults + 1, 100), 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
  UPDATE steps SET faults = 0 WHERE id = NEW.id;
END
"""

_JOB_RECOVERED = """
CREATE TRIGGER jobs_recovered AFTER UPDATE OF state ON jobs
WHEN NEW.state = 'done' AND NEW.faults > 0
BEGIN
  INSERT INTO recovery_totals VALUES (NEW.batch_id, 'job', '', '', 0, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
  UPDATE jobs SET faults = 0 WHERE id = NEW.id;
END
"""

_CHARGED = """
CREATE TRIGGER steps_charged AFTER UPDATE OF cost ON steps WHEN NEW.cost > OLD.cost
BEGIN
  INSERT INTO cost_totals VALUES (NEW.backend, NEW.model, NEW.cost - OLD.cost, NEW.id)
  ON CONFLICT DO UPDATE SET cost = cost + excluded.cost;
END
"""


def _tokens(type_: str, column: str) -> str:
    return f"""
    INSERT INTO token_totals
    SELECT s.operation, NEW.backend, NEW.model, '{type_}', {_bucket(f"NEW.{column}", TOKENS)}, 1,
      NEW.{column}, NEW.step_id FROM steps s WHERE s.id = NEW.step_id AND NEW.{column} IS NOT NULL
    ON CONFLICT DO UPDATE SET count = count + 1, tokens = tokens + excluded.tokens;
    """  # noqa: S608 - our own names and numbers


_CALLED = f"""
CREATE TRIGGER calls_counted AFTER INSERT ON api_calls
WHEN NEW.tokens_in IS NOT NULL OR NEW.tokens_out IS NOT NULL
BEGIN {_tokens("input", "tokens_in")} {_tokens("output", "tokens_out")} END
"""

_FILL = (
    f"""
    INSERT INTO step_totals
    SELECT b.recipe, s.operation, s.backend, s.model,
      CASE WHEN s.attempts = 0 THEN 'reused' ELSE s.state END,
      CASE WHEN s.d IS NULL THEN -1 ELSE {_bucket("s.d", SECONDS)} END, count(*),
      coalesce(sum(s.d), 0), min(s.id)
    FROM (SELECT *, {_duration("steps")} AS d FROM steps
      WHERE state IN ('done', 'failed', 'unknown') AND fingerprint <> 'imported' AND NOT inherited
      LIMIT -1) s
    JOIN batches b ON b.id = s.batch_id GROUP BY 1, 2, 3, 4, 5, 6
    """,  # noqa: S608 - our own names and numbers
    """
    INSERT INTO cost_totals
    SELECT backend, model, sum(cost), min(first) FROM (
      SELECT backend, model, cost, id AS first FROM steps
        WHERE cost > 0 AND fingerprint <> 'imported'
      UNION ALL SELECT backend, model, cost, 0 FROM spent_on_deleted WHERE cost > 0)
    GROUP BY 1, 2
    """,
    *(
        f"""
        INSERT INTO token_totals
        SELECT s.operation, c.backend, c.model, '{type_}', {_bucket(f"c.{column}", TOKENS)},
          count(*), sum(c.{column}), min(s.id) FROM api_calls c JOIN steps s ON s.id = c.step_id
        WHERE c.{column} IS NOT NULL GROUP BY 1, 2, 3, 5
        """  # noqa: S608 - our own names and numbers
        for type_, column in (("input", "tokens_in"), ("output", "tokens_out"))
    ),
    """
    INSERT INTO fault_totals (batch_id, backend, model, fault, attempts, cost, first_step)
    SELECT c.batch_id, c.backend, c.model, c.status, count(*), sum(c.cost), min(c.step_id)
    FROM api_calls c WHERE c.status <> 'done' GROUP BY 1, 2, 3, 4
    """,
)


def apply(db: "Database") -> None:
    """Add the tables, their triggers and columns, and fill the totals from the rows.

    `step_totals.bucket` is the number of the bucket of `SECONDS`; -1 for a step without a duration
    of its own, since it was tried several times, was answered from another, or waited for people.
    `first_step` orders what is counted by its first appearance. `fault_totals.batch_id` is 0 for
    batches that were deleted; `failed` counts attempts that ended their step, `again` those of
    unknown outcome that were repeated. `steps.faults` and `jobs.faults` count faults since it
    was last done. `steps.kept_calls`, `kept_in` and `kept_out` are number and tokens of calls whose
    rows were removed; `steps.waited` is the wait for the lane in seconds.
    """
    for statement in (*_TABLES, *_COLUMNS, *_FILL):
        db.execute(statement)
    for trigger in (_ENDED, _RECOVERED, _JOB_RECOVERED, _CHARGED, _CALLED):
        db.execute(trigger)
