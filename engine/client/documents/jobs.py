"""Documents of the jobs of a batch, one line each."""

import sqlite3
from pathlib import Path
from typing import Any

from db.queries import jobs as queries
from db.rating import rating_word
from db.rows import JobRow
from engine.client.documents.files import output_files
from engine.client.ids import job_name
from engine.text.amounts import dollars


def job_document(connection: sqlite3.Connection, job: JobRow, root: Path) -> dict[str, Any]:
    """Return a job as `jobs --json` prints it; its fields are in `docs/cli.md`."""
    return {
        "id": job_name(job.id),
        "key": job.key,
        "status": job.state,
        "iterations": job.iterations,
        "best_score": job.score,
        "rating": rating_word(job.rating),
        "axes": job.cell,
        "cost_usd": dollars(job.cost),
        "error": trouble_of(connection, job),
        "outputs": output_files(root, job.output),
    }


def trouble_of(connection: sqlite3.Connection, job: JobRow) -> str | None:
    """Return the reason why a job failed or is parked."""
    if job.state == "parked":
        return job.message
    error = queries.error(connection, job.error_id) if job.error_id else None
    return error.message if error else None
