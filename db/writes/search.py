"""Words of finished jobs, put into the index of the search in small pieces.

No step pays for it: the engine does it between its other duties, `safelight search` if none runs.
"""

import json
import sqlite3
from collections.abc import Iterable

from db.text import spaced, storable

TEXT_LIMIT = 20_000
"""Maximum characters of a job's prompts, critiques or reasons that are indexed."""

_TO_INDEX = """
SELECT j.id, j.key, j.batch_id, b.recipe,
  CASE WHEN json_valid(j.input) THEN json_extract(j.input, '$.title') END AS title
FROM jobs j JOIN batches b ON b.id = j.batch_id
WHERE j.indexed = 0 AND j.state IN ('done', 'failed', 'cancelled') ORDER BY j.id DESC LIMIT ?
"""


def index_jobs(connection: sqlite3.Connection, at_most: int = 25) -> int:
    """Index the words of some finished jobs that changed since they were indexed, the newest first.

    Args:
        connection: The writing connection.
        at_most: Maximum number of jobs; each takes some tenths of a millisecond.

    Returns:
        Number of jobs; fewer than `at_most` means that none is left.
    """
    jobs = connection.execute(_TO_INDEX, (at_most,)).fetchall()
    for job_id, key, batch_id, recipe, title in reversed(jobs):  # FTS5 is quick in rising order
        words = _words_of(connection, job_id)
        prompt = "\n".join(filter(None, [title if isinstance(title, str) else "", words["prompt"]]))
        tags = f"b{batch_id} recipe {recipe}"
        connection.execute("DELETE FROM job_texts WHERE rowid = ?", (job_id,))
        connection.execute(
            """INSERT INTO job_texts (rowid, key, prompt, critique, reason, note, model, tags)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                job_id,
                *map(spaced, (key, prompt)),
                *(spaced(words[name]) for name in ("critique", "reason", "note", "model")),
                tags,
            ),
        )
    done = json.dumps([row[0] for row in jobs])
    connection.execute(
        "UPDATE jobs SET indexed = 1 WHERE id IN (SELECT value FROM json_each(?))", (done,)
    )
    return len(jobs)


def _words_of(connection: sqlite3.Connection, job_id: int) -> dict[str, str]:
    """Return the texts of a job by column, the newest first, each of them once."""
    prompts = connection.execute(
        f"""SELECT substr(text, 1, {TEXT_LIMIT}), substr(reason, 1, {TEXT_LIMIT}) FROM prompts
            WHERE job_id = ? ORDER BY id DESC LIMIT 100""",  # noqa: S608 - our own number
        (job_id,),
    ).fetchall()
    critiques = connection.execute(
        f"""SELECT substr(text, 1, {TEXT_LIMIT}), substr(missing, 1, {TEXT_LIMIT}) FROM critiques
            WHERE job_id = ? ORDER BY id DESC LIMIT 100""",  # noqa: S608 - our own number
        (job_id,),
    ).fetchall()
    notes = connection.execute(
        """SELECT note FROM ratings WHERE id IN
           (SELECT max(id) FROM ratings WHERE job_id = ? GROUP BY part)
           ORDER BY id DESC LIMIT 100""",
        (job_id,),
    )
    models = connection.execute(
        "SELECT DISTINCT backend || ' ' || model FROM steps WHERE job_id = ? LIMIT 100", (job_id,)
    )
    return {
        "prompt": _joined(row[0] for row in prompts),
        "reason": _joined(row[1] for row in prompts),
        "critique": _joined(part for row in critiques for part in (row[0], *_listed(row[1]))),
        "note": _joined(row[0] for row in notes),
        "model": _joined(row[0] for row in models),
    }


def _listed(text: str) -> list[str]:
    try:
        parts = json.loads(text)
    except ValueError:  # cut, or not ours
        return [text]
    return [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []


def _joined(parts: Iterable[str]) -> str:
    once = dict.fromkeys(part for part in parts if part)
    return storable("\n".join(once))[:TEXT_LIMIT]
