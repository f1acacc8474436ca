"""The files of all steps of a job, as rows of a list."""

import sqlite3
from dataclasses import dataclass

from db.queries import inspect
from engine.client.views.detail import StepOutputs
from engine.client.views.files import OpenableFile, line_of, openable
from engine.text.terminal import clean

MAX_FILES = 1000
"""Maximum files that are listed, the newest of more."""


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a job.

    Attributes:
        id: Its number in the store.
        step: Key of the step that left it, cleaned.
        node: The step.
        file: The file, to be opened.
    """

    id: int
    step: str
    node: int
    file: OpenableFile


def job_files(connection: sqlite3.Connection, left: StepOutputs) -> tuple[JobFile, ...]:
    """Return the files of a job's steps, in the order in which they were kept."""
    rows = inspect.artifacts_of(connection, tuple(left.lines), MAX_FILES)
    return tuple(
        JobFile(
            id=row.id,
            step=clean(left.lines[row.step_id].key, 80),
            node=row.step_id,
            file=openable(row.role, line_of(row), left.lines[row.step_id].key),
        )
        for row in rows
        if row.step_id is not None and row.step_id in left.lines
    )
