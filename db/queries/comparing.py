"""Queries for whole jobs side by side: what was seen in the best result, and its settings."""

import sqlite3
from dataclasses import dataclass

from db.queries.inspect import ScoreLine
from db.rows import Row

MAX_STEPS, MAX_SCORES = 500, 200


@dataclass(frozen=True, slots=True)
class BestPart:
    """The part of a job that its best file is a result of: its scope, and its current steps."""

    scope: str
    steps: tuple[int, ...]


def best_part(connection: sqlite3.Connection, job_id: int, file_id: int | None) -> BestPart:
    """Return the part of a job that left a file; the job's outermost steps for None.

    A part that nobody has judged, such as the cut of a film, stands for the job as a whole.

    Args:
        connection: A reader.
        job_id: The job.
        file_id: The file, an artifact of the job.
    """
    sql = """SELECT substr(t.scope, 1, 500) FROM artifacts a JOIN steps t ON t.id = a.step_id
             WHERE a.id = ? AND EXISTS (SELECT 1 FROM steps u WHERE u.job_id = t.job_id
               AND u.scope = t.scope AND u.superseded_at IS NULL AND (
                 EXISTS (SELECT 1 FROM scores WHERE step_id = u.id)
                 OR EXISTS (SELECT 1 FROM critiques WHERE step_id = u.id)))"""
    row = connection.execute(sql, (file_id,)).fetchone()
    scope = str(row[0]) if row else ""
    sql = """SELECT id FROM steps WHERE job_id = ? AND scope = ? AND superseded_at IS NULL
             ORDER BY id DESC LIMIT ?"""
    rows = connection.execute(sql, (job_id, scope, MAX_STEPS)).fetchall()[::-1]
    return BestPart(scope, tuple(row[0] for row in rows))


def scores_of_part(
    connection: sqlite3.Connection, job_id: int, scope: str, image: str
) -> list[ScoreLine]:
    """Return the scores of a part of a job and of one of its images, oldest first.

    Args:
        connection: A reader.
        job_id: The job.
        scope: The part.
        image: Hash of the image, scored in any part; empty for none.
    """
    sql = """SELECT s.step_id, substr(s.metric, 1, 100) AS metric, s.value, s.image
             FROM scores s JOIN steps t ON t.id = s.step_id
             WHERE s.job_id = :job AND t.superseded_at IS NULL
               AND CASE WHEN s.image IS NULL THEN t.scope = :scope ELSE s.image = :image END
             ORDER BY s.id DESC LIMIT :most"""
    values = {"job": job_id, "scope": scope, "image": image, "most": MAX_SCORES}
    return [ScoreLine.of(row) for row in connection.execute(sql, values)][::-1]


@dataclass(frozen=True, slots=True)
class JobSettings(Row):
    """Settings of a job as JSON, empty if they are too long, and its seed."""

    settings: str
    seed: int


def job_settings(connection: sqlite3.Connection, job_id: int, limit: int = 100_000) -> JobSettings:
    """Return the settings that a job runs with: its variant's, or its batch's."""
    sql = """SELECT CASE WHEN length(settings) <= ? THEN settings ELSE '' END AS settings, seed
             FROM (SELECT coalesce(v.settings, b.settings) AS settings, j.seed FROM jobs j
                   JOIN batches b ON b.id = j.batch_id LEFT JOIN variants v ON v.id = j.variant
                   WHERE j.id = ?)"""
    row = connection.execute(sql, (limit, job_id)).fetchone()
    return JobSettings.of(row) if row else JobSettings("", 0)
