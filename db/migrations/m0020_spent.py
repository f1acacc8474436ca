"""Migration 20: totals of steps by batch, model and purpose, and of each batch over time."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

BUCKETS = 1024
"""Maximum buckets of time that a batch is counted in; beyond, two neighbours become one."""

MAX_SCORE = 1e12
"""Scores beyond this are left out of sums: a sum of them loses the others."""

_TABLES = (
    """
    CREATE TABLE purpose_totals (
      batch_id INTEGER NOT NULL,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      purpose TEXT NOT NULL,
      steps INTEGER NOT NULL,
      calls INTEGER NOT NULL,
      cost INTEGER NOT NULL,
      tokens_in INTEGER,
      tokens_out INTEGER,
      PRIMARY KEY (batch_id, backend, model, purpose)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE time_totals (
      batch_id INTEGER NOT NULL,
      shift INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      jobs INTEGER NOT NULL,
      scored INTEGER NOT NULL,
      score REAL NOT NULL,
      cost INTEGER NOT NULL,
      PRIMARY KEY (batch_id, shift, bucket)
    ) WITHOUT ROWID
    """,
)


def _calls(row: str) -> str:
    """Return an expression for the calls of a step that are in no row of `api_calls`."""
    return f"""CASE WHEN {row}.kept_calls > 0 THEN {row}.kept_calls
      WHEN {row}.reused_from IS NULL AND NOT EXISTS
        (SELECT 1 FROM api_calls WHERE step_id = {row}.id) THEN {row}.attempts ELSE 0 END"""  # noqa: S608


def _free(row: str) -> str:
    return f"CASE WHEN {row}.reused_from IS NULL THEN {row}.attempts ELSE 0 END"


def _of(row: str, purpose: str) -> str:
    return f"""batch_id = {row}.batch_id AND backend = {row}.backend AND model = {row}.model
      AND purpose = {row}.{purpose}"""


def _more(column: str, change: str) -> str:
    return f"{column} = coalesce({column} + {change}, {column}, {change})"


_PURPOSES = (
    f"""
    CREATE TRIGGER steps_begun AFTER INSERT ON steps
    BEGIN
      INSERT INTO purpose_totals VALUES (NEW.batch_id, NEW.backend, NEW.model, NEW.name, 1,
        {_free("NEW")}, NEW.cost, NULL, NULL)
      ON CONFLICT DO UPDATE SET steps = steps + 1, calls = calls + excluded.calls,
        cost = cost + excluded.cost;
    END
    """,  # noqa: S608 - our own names
    f"""
    CREATE TRIGGER steps_tried AFTER UPDATE OF attempts, reused_from ON steps
    WHEN NEW.kept_calls = 0 AND {_free("NEW")} <> {_free("OLD")}
      AND NOT EXISTS (SELECT 1 FROM api_calls WHERE step_id = NEW.id)
    BEGIN
      UPDATE purpose_totals SET calls = calls + {_free("NEW")} - {_free("OLD")}
      WHERE {_of("NEW", "name")};
    END
    """,  # noqa: S608 - our own names
    f"""
    CREATE TRIGGER steps_paid AFTER UPDATE OF cost ON steps WHEN NEW.cost <> OLD.cost
    BEGIN
      UPDATE purpose_totals SET cost = cost + NEW.cost - OLD.cost WHERE {_of("NEW", "name")};
    END
    """,  # noqa: S608 - our own names
    f"""
    CREATE TRIGGER steps_kept AFTER UPDATE OF kept_calls ON steps
    BEGIN
      UPDATE purpose_totals SET calls = calls + NEW.kept_calls - OLD.kept_calls,
        {_more("tokens_in", "(coalesce(NEW.kept_in, 0) - coalesce(OLD.kept_in, 0))")},
        {_more("tokens_out", "(coalesce(NEW.kept_out, 0) - coalesce(OLD.kept_out, 0))")}
      WHERE {_of("NEW", "name")};
    END
    """,  # noqa: S608 - our own names
    f"""
    CREATE TRIGGER steps_removed BEFORE DELETE ON steps
    BEGIN
      UPDATE purpose_totals SET steps = steps - 1, calls = calls - {_calls("OLD")},
        cost = cost - OLD.cost, tokens_in = tokens_in - coalesce(OLD.kept_in, 0),
        tokens_out = tokens_out - coalesce(OLD.kept_out, 0)
      WHERE {_of("OLD", "name")};
    END
    """,  # noqa: S608 - our own names
    f"""
    CREATE TRIGGER calls_begun AFTER INSERT ON api_calls
    BEGIN
      UPDATE purpose_totals SET {_more("tokens_in", "NEW.tokens_in")},
        {_more("tokens_out", "NEW.tokens_out")},
        calls = calls + 1 - coalesce((SELECT {_free("s")} FROM steps s
          WHERE s.id = NEW.step_id AND s.kept_calls = 0 AND NOT EXISTS
            (SELECT 1 FROM api_calls WHERE step_id = NEW.step_id AND id <> NEW.id)), 0)
      WHERE {_of("NEW", "purpose")};
    END
    """,  # noqa: S608 - our own names
    f"""
    CREATE TRIGGER calls_removed AFTER DELETE ON api_calls
    BEGIN
      UPDATE purpose_totals SET calls = calls - 1 + coalesce((SELECT {_free("s")} FROM steps s
          WHERE s.id = OLD.step_id AND s.kept_calls = 0 AND NOT EXISTS
            (SELECT 1 FROM api_calls WHERE step_id = OLD.step_id)), 0),
        tokens_in = tokens_in - coalesce(OLD.tokens_in, 0),
        tokens_out = tokens_out - coalesce(OLD.tokens_out, 0)
      WHERE {_of("OLD", "purpose")};
    END
    """,  # noqa: S608 - our own names
    """
    CREATE TRIGGER purposes_over AFTER UPDATE OF steps ON purpose_totals WHEN NEW.steps = 0
    BEGIN
      DELETE FROM purpose_totals WHERE batch_id = NEW.batch_id AND backend = NEW.backend
        AND model = NEW.model AND purpose = NEW.purpose;
    END
    """,
)


def _second(row: str) -> str:
    return f"CAST(strftime('%s', {row}.finished_at) AS INTEGER)"


def _scored(row: str) -> str:
    return f"coalesce(abs({row}.score) < {MAX_SCORE:.0f}, 0)"


def ended(row: str, sign: int) -> str:
    """Return a statement that counts a job in its batch and in the whole workspace, 0."""
    score = f"CASE WHEN {_scored(row)} THEN {row}.score ELSE 0.0 END"
    return _counted(row, f"{sign}, {sign} * {_scored(row)}, {sign} * {score}, 0")


def _charged(row: str, sign: int) -> str:
    """Return a statement that counts the cost of a step in its batch and in the workspace."""
    return _counted(row, f"0, 0, 0.0, {sign} * {row}.cost", f"AND {row}.cost <> 0")


def _counted(row: str, values: str, more: str = "") -> str:
    return f"""
    INSERT INTO time_totals
    SELECT batch, shift, {_second(row)} >> shift, {values} FROM (
      SELECT batch, coalesce((SELECT shift FROM time_totals WHERE batch_id = batch LIMIT 1), 0)
        AS shift FROM (SELECT {row}.batch_id AS batch UNION ALL SELECT 0) LIMIT -1)
    WHERE {_second(row)} IS NOT NULL {more}
    ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs, scored = scored + excluded.scored,
      score = score + excluded.score, cost = cost + excluded.cost;
    """  # noqa: S608 - our own names and numbers


_TIMES = (
    f"""
    CREATE TRIGGER jobs_ended AFTER UPDATE OF finished_at, score ON jobs
    WHEN OLD.finished_at IS NOT NEW.finished_at
      OR (NEW.finished_at IS NOT NULL AND OLD.score IS NOT NEW.score)
    BEGIN {ended("OLD", -1)} {ended("NEW", 1)} END
    """,
    f"""
    CREATE TRIGGER jobs_uncounted AFTER DELETE ON jobs WHEN OLD.finished_at IS NOT NULL
    BEGIN {ended("OLD", -1)} END
    """,
    f"""
    CREATE TRIGGER steps_timed AFTER UPDATE OF finished_at, cost ON steps
    WHEN (OLD.cost <> 0 OR NEW.cost <> 0)
      AND (OLD.cost <> NEW.cost OR OLD.finished_at IS NOT NEW.finished_at)
    BEGIN {_charged("OLD", -1)} {_charged("NEW", 1)} END
    """,
    f"""
    CREATE TRIGGER steps_imported AFTER INSERT ON steps
    WHEN NEW.cost <> 0 AND NEW.finished_at IS NOT NULL
    BEGIN {_charged("NEW", 1)} END
    """,
    f"""
    CREATE TRIGGER steps_uncounted AFTER DELETE ON steps
    WHEN OLD.cost <> 0 AND OLD.finished_at IS NOT NULL
    BEGIN {_charged("OLD", -1)} END
    """,
    f"""
    CREATE TRIGGER times_widened AFTER INSERT ON time_totals
    WHEN (SELECT bucket FROM time_totals WHERE batch_id = NEW.batch_id AND shift = NEW.shift
            ORDER BY bucket DESC LIMIT 1)
       - (SELECT bucket FROM time_totals WHERE batch_id = NEW.batch_id AND shift = NEW.shift
            ORDER BY bucket LIMIT 1) >= {BUCKETS}
    BEGIN
      INSERT INTO time_totals
      SELECT batch_id, shift + 1, bucket >> 1, sum(jobs), sum(scored), sum(score), sum(cost)
      FROM time_totals WHERE batch_id = NEW.batch_id AND shift = NEW.shift GROUP BY bucket >> 1;
      DELETE FROM time_totals WHERE batch_id = NEW.batch_id AND shift = NEW.shift;
    END
    """,  # noqa: S608 - our own names and numbers
    """
    CREATE TRIGGER times_over AFTER UPDATE ON time_totals WHEN NEW.jobs = 0 AND NEW.cost = 0
    BEGIN
      DELETE FROM time_totals
      WHERE batch_id = NEW.batch_id AND shift = NEW.shift AND bucket = NEW.bucket;
    END
    """,
)

_FILL = (
    f"""
    INSERT INTO purpose_totals
    SELECT batch_id, backend, model, purpose, sum(steps), sum(calls), sum(cost), sum(tokens_in),
      sum(tokens_out) FROM (
      SELECT batch_id, backend, model, name AS purpose, count(*) AS steps,
        sum({_calls("steps")}) AS calls, sum(cost) AS cost, sum(kept_in) AS tokens_in,
        sum(kept_out) AS tokens_out FROM steps GROUP BY 1, 2, 3, 4
      UNION ALL SELECT batch_id, backend, model, purpose, 0, count(*), 0, sum(tokens_in),
        sum(tokens_out) FROM api_calls GROUP BY 1, 2, 3, 4)
    GROUP BY 1, 2, 3, 4 HAVING sum(steps) > 0
    """,  # noqa: S608 - our own names
    "DROP TABLE IF EXISTS temp.seconds",
    f"""
    CREATE TEMP TABLE seconds AS
    SELECT batch_id, second, sum(jobs) AS jobs, sum(scored) AS scored, sum(score) AS score,
      sum(cost) AS cost FROM (
      SELECT batch_id, {_second("jobs")} AS second, count(*) AS jobs,
        sum({_scored("jobs")}) AS scored,
        coalesce(sum(CASE WHEN {_scored("jobs")} THEN score END), 0.0) AS score, 0 AS cost
        FROM jobs WHERE finished_at IS NOT NULL GROUP BY 1, 2
      UNION ALL SELECT batch_id, {_second("steps")}, 0, 0, 0.0, sum(cost)
        FROM steps WHERE cost <> 0 AND finished_at IS NOT NULL GROUP BY 1, 2)
    WHERE second IS NOT NULL GROUP BY 1, 2
    """,  # noqa: S608 - our own names
    """
    INSERT INTO temp.seconds
    SELECT 0, second, sum(jobs), sum(scored), sum(score), sum(cost) FROM temp.seconds GROUP BY 2
    """,
    f"""
    WITH RECURSIVE
      ends AS (SELECT batch_id, min(second) AS first, max(second) AS last
               FROM temp.seconds GROUP BY 1),
      shifts AS (SELECT batch_id, first, last, 0 AS shift FROM ends
                 UNION ALL SELECT batch_id, first, last, shift + 1 FROM shifts
                 WHERE (last >> shift) - (first >> shift) >= {BUCKETS})
    INSERT INTO time_totals
    SELECT batch_id, shift, second >> shift, sum(jobs), sum(scored), sum(score), sum(cost)
    FROM temp.seconds JOIN (SELECT batch_id, max(shift) AS shift FROM shifts GROUP BY 1)
      USING (batch_id) GROUP BY 1, 2, 3
    """,  # noqa: S608 - our own number
    "DROP TABLE temp.seconds",
)


def apply(db: "Database") -> None:
    """Add the tables, fill them from the rows, and keep them by triggers from now on.

    Both are at any time what counting the rows of `jobs`, `steps` and `api_calls` would give; what
    was deleted is in neither. `purpose_totals.calls` are rows of `api_calls`, those that were
    removed, and attempts of steps without any. `time_totals` has the ends of jobs and the costs of
    steps that have an end, in buckets of 2^`shift` seconds since 1970; a batch has one `shift`, and
    batch 0 is the whole workspace. `scored` is the number of jobs in the sum `score`.
    """
    for statement in (*_TABLES, *_FILL, *_PURPOSES, *_TIMES):
        db.execute(statement)
