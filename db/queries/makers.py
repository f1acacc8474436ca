"""Makers: the step that created a stored file, whatever asked for it later."""

import sqlite3
from dataclasses import dataclass

from db.rows import Row


@dataclass(frozen=True, slots=True)
class Maker(Row):
    """A step that created a file, and the batch that it belongs to.

    Attributes:
        role: What the file is to the step.
        request: The request as JSON.
        seed: The result's seed; None if it has none.
        result_kind: Kind of the result.
        snapshot: The batch's backends as JSON.
        materials: Weights and the like of its backend, as JSON; None if not known.
    """

    hash: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    file_kind: str
    role: str
    batch_id: int
    key: str
    operation: str
    fingerprint: str
    backend: str
    model: str
    request: str
    seed: int | None
    result_kind: str
    finished_at: str | None
    recipe: str
    recipe_version: str
    snapshot: str
    materials: str | None


_MAKER = """
SELECT a.hash, a.media_type, a.size, a.width, a.height, a.kind AS file_kind, a.role,
  s.batch_id, s.key, s.operation, s.fingerprint, s.backend, s.model, s.request,
  json_extract(s.result, '$.seed') AS seed, s.kind AS result_kind, s.finished_at,
  b.recipe, b.recipe_version, b.snapshot, m.document AS materials
FROM artifacts a
JOIN steps s ON s.id = a.step_id
JOIN batches b ON b.id = s.batch_id
LEFT JOIN jobs j ON j.id = s.job_id
LEFT JOIN steps f ON f.id = s.reused_from
LEFT JOIN materials m
  ON m.batch_id = coalesce(f.batch_id, s.batch_id) AND (m.backend, m.model) = (s.backend, s.model)
WHERE a.hash = :hash AND a.role <> 'trace'
  AND instr(s.request, :hash) = 0 AND instr(coalesce(j.input, ''), :hash) = 0
ORDER BY s.state = 'done' DESC, a.id LIMIT 1
"""


def maker_of(connection: sqlite3.Connection, hash_: str) -> Maker | None:
    """Return the step that first created a file; None if it came from outside.

    A step that leaves a file as it got it, from its request or the job's input, has not created it.
    """
    row = connection.execute(_MAKER, {"hash": hash_}).fetchone()
    return Maker.of(row) if row else None


def has_materials(connection: sqlite3.Connection) -> bool:
    """Return whether weights or the like are known of any batch."""
    return connection.execute("SELECT 1 FROM materials LIMIT 1").fetchone() is not None
