"""Sentences about the jobs, files and bytes that deleting batches frees."""

import sqlite3
from collections.abc import Sequence

from db.queries.deletions import what_is_freed
from engine.text import figures
from engine.text.amounts import in_words
from engine.text.plural import pluralize


def freed_by(connection: sqlite3.Connection, ids: Sequence[int]) -> str:
    """Return what deleting batches frees, as sentences."""
    freed = [one for id_ in ids if (one := what_is_freed(connection, id_)) is not None]
    jobs = pluralize(sum(one.jobs for one in freed), "job")
    files = pluralize(sum(one.files for one in freed), "stored file")
    shared, cost = sum(one.shared for one in freed), sum(one.cost for one in freed)
    words = f"This frees {jobs}, {files}, {figures.size(sum(one.size for one in freed))}."
    words += f" {pluralize(shared, 'file')} used by other batches stay." if shared else ""
    return words + (f" {in_words(cost)} stay counted as spent." if cost else "")
