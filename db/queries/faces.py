"""Queries for the files that represent jobs and steps."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from db.rows import Row


class Faces(NamedTuple):
    """Kinds of files that never represent a job, and those that only stand in for others."""

    hidden: Sequence[str] = ("data", "file", "text", "trace")
    supporting: Sequence[str] = ()

    @property
    def values(self) -> dict[str, str]:
        """Both as JSON, for a query."""
        return {"hidden": json.dumps(self.hidden), "supporting": json.dumps(self.supporting)}


@dataclass(frozen=True, slots=True)
class FileLine(Row):
    """A stored file that represents a job or a step; `facts` is JSON."""

    id: int
    step_id: int | None
    role: str
    hash: str
    kind: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    facts: str


_FILE = """id, step_id, substr(role, 1, 60) AS role, hash, substr(kind, 1, 40) AS kind,
  substr(media_type, 1, 100) AS media_type, size, width, height,
  CASE WHEN length(facts) < 20000 THEN facts ELSE '{}' END AS facts"""

FACE = """(SELECT a.id FROM artifacts a JOIN steps t ON t.id = a.step_id
    WHERE a.job_id = j.id AND a.kind NOT IN (SELECT value FROM json_each(:hidden))
      AND t.superseded_at IS NULL
    ORDER BY a.kind IN (SELECT value FROM json_each(:supporting)),
      :sign * (SELECT max(s.value) FROM steps u JOIN scores s ON s.step_id = u.id
               WHERE u.job_id = a.job_id AND s.metric = :metric AND u.superseded_at IS NULL
                 AND CASE WHEN s.image IS NULL THEN u.scope = t.scope ELSE s.image = a.hash END
               ) DESC NULLS LAST, a.id DESC LIMIT 1)"""
"""The file that represents a job `j`: its best by a metric, the newest if none is scored."""


def faces_of_jobs(
    connection: sqlite3.Connection,
    job_ids: Sequence[int],
    metric: str,
    *,
    higher_is_better: bool = True,
    faces: Faces | None = None,
) -> dict[int, FileLine]:
    """Return the file that represents each of some jobs, as in `glance`; none for some.

    Args:
        connection: A reader.
        job_ids: The jobs; some 60 microseconds each.
        metric: Name of the score that the best file is chosen by.
        higher_is_better: False if the lowest score is the best.
        faces: Kinds that are left out or only stand in.
    """
    sign = 1 if higher_is_better else -1
    sql = f"""WITH best AS (SELECT j.id AS job, {FACE} AS artifact FROM jobs j
                WHERE j.id IN (SELECT value FROM json_each(:jobs)))
              SELECT best.job, {_FILE} FROM best JOIN artifacts ON id = best.artifact"""  # noqa: S608
    values = {"sign": sign, "metric": metric, "jobs": json.dumps(list(job_ids))}
    rows = connection.execute(sql, {**values, **(faces or Faces()).values})
    return {row["job"]: FileLine.of(row) for row in rows}


def newest_previews(connection: sqlite3.Connection, job_ids: Sequence[int]) -> dict[int, bytes]:
    """Return the newest preview of each of some running jobs: small files."""
    sql = """SELECT job_id, preview FROM progress
             WHERE job_id IN (SELECT value FROM json_each(?)) AND preview IS NOT NULL
               AND length(preview) <= 300000 ORDER BY step_id"""
    rows = connection.execute(sql, (json.dumps(list(job_ids)),))
    return {row[0]: bytes(row[1]) for row in rows}


def previews(connection: sqlite3.Connection, job_id: int, limit: int = 16) -> dict[int, bytes]:
    """Return previews of unfinished images by step: small files, at most 16."""
    sql = """SELECT step_id, preview FROM progress WHERE job_id = ? AND preview IS NOT NULL
             AND length(preview) <= 300000 ORDER BY step_id DESC LIMIT ?"""
    return {row[0]: bytes(row[1]) for row in connection.execute(sql, (job_id, limit))}


def first_files(
    connection: sqlite3.Connection, job_id: int, faces: Faces | None = None
) -> dict[int, FileLine]:
    """Return the first file to show of each step that left one, by step."""
    sql = f"""SELECT {_FILE} FROM artifacts WHERE job_id = :job AND step_id IS NOT NULL
              AND kind NOT IN (SELECT value FROM json_each(:hidden))
              ORDER BY kind IN (SELECT value FROM json_each(:supporting)) DESC, id DESC"""  # noqa: S608
    values = {"job": job_id, **(faces or Faces()).values}
    return {row["step_id"]: FileLine.of(row) for row in connection.execute(sql, values)}


def file_line(connection: sqlite3.Connection, artifact_id: int) -> FileLine | None:
    """Return one stored file."""
    sql = f"SELECT {_FILE} FROM artifacts WHERE id = ?"  # noqa: S608 - our own columns
    row = connection.execute(sql, (artifact_id,)).fetchone()
    return FileLine.of(row) if row else None


def files_of_hashes(
    connection: sqlite3.Connection, batch_id: int, hashes: Sequence[str]
) -> list[FileLine]:
    """Return the stored files of a batch that have some hashes, one each; at most 100."""
    marks = ", ".join("?" * len(hashes))
    sql = f"""SELECT {_FILE} FROM artifacts WHERE id IN (
                SELECT max(id) FROM artifacts WHERE hash IN ({marks}) AND batch_id = ?
                GROUP BY hash) LIMIT 100"""  # noqa: S608 - our own columns
    return [FileLine.of(row) for row in connection.execute(sql, (*hashes, batch_id))]
