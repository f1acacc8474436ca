"""Public ids in addresses: `b3`, `j12`, `s90`, `c7`; names stay with the command line."""

import sqlite3

from db.queries import batches as batch_queries
from db.queries import jobs as job_queries
from db.rows import BatchRow, CommandRow, JobRow
from engine.api.problems import Problem

MAX_DIGITS = 18


def number_of(text: str, letter: str) -> int:
    """Return the number in an id.

    Raises:
        Problem: 404: it is not an id of that kind.
    """
    digits = text[1:]
    if not (text[:1] == letter and digits.isascii() and digits.isdecimal()):
        raise missing(text)
    if digits.startswith("0") or len(digits) > MAX_DIGITS:
        raise missing(text)
    return int(digits)


def missing(text: str) -> Problem:
    """Return the refusal of an id that nothing has."""
    from engine.text.terminal import quoted

    return Problem(404, "not-found", f"Nothing has the id {quoted(text)}.")


def batch_of(connection: sqlite3.Connection, text: str) -> BatchRow:
    """Return the batch of an id; one that is being deleted is not there any more.

    Raises:
        Problem: 404: there is none.
    """
    row = batch_queries.batch(connection, number_of(text, "b"))
    if row is None or row.deleting:
        raise missing(text)
    return row


def job_of(connection: sqlite3.Connection, text: str) -> tuple[BatchRow, JobRow]:
    """Return the job of an id, with its batch.

    Raises:
        Problem: 404: there is none.
    """
    job = job_queries.job(connection, number_of(text, "j"))
    batch = batch_queries.batch(connection, job.batch_id) if job else None
    if job is None or batch is None or batch.deleting:
        raise missing(text)
    return batch, job


def command_of(connection: sqlite3.Connection, text: str) -> CommandRow:
    """Return the command of an id.

    Raises:
        Problem: 404: there is none.
    """
    row = batch_queries.command(connection, number_of(text, "c"))
    if row is None:
        raise missing(text)
    return row
