"""Outputs of a recipe for people to read, and the data to write them from."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

import db.rows
from db.queries.jobs import first_ended
from engine.contract.data import Artifact, Material
from engine.contract.folder import Folder


@dataclass(frozen=True, slots=True)
class Draft:
    """A stored file on its way into a folder.

    Attributes:
        artifact: The stored file.
        media_type: Media type of what is written.
        content: Returns what is written, if that is not the stored file as it is.
        variant: Text that is equal for equal content of the same stored file.
    """

    artifact: Artifact
    media_type: str
    content: Callable[[], bytes] | None = None
    variant: str = ""


class Publisher(Protocol):
    """Signs files that leave the store, if the workspace's settings ask for it."""

    def publish(self, folder: Folder, name: str, draft: Draft) -> bool:
        """Write a signed copy of a stored file, unless it is there.

        Returns:
            False if it is not to be signed; nothing was done.

        Raises:
            Blocked: It cannot be signed now.
            OSError: The stored file is gone, or the copy cannot be written.
        """
        ...

    def has_made(self, sha256: str) -> bool:
        """Return whether bytes of this hash are a signed copy of a stored file."""
        ...

    def materials(self, artifact: Artifact) -> Sequence[Material]:
        """Return weights, LoRAs and songs behind a stored file."""
        ...


class _Plain:
    """Signs nothing and knows nothing."""

    def publish(self, folder: Folder, name: str, draft: Draft) -> bool:
        """Return False."""
        return False

    def has_made(self, sha256: str) -> bool:
        """Return False."""
        return False

    def materials(self, artifact: Artifact) -> Sequence[Material]:
        """Return nothing."""
        return ()


UNSIGNED: Publisher = _Plain()
"""Leaves every file as it is."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Data that a recipe gets to write its output folders.

    Attributes:
        connection: A read-only connection to the store.
        batch: The batch.
        job: The job, None for a whole batch.
        folder: Where to write: the job's folder, or the batch's.
        root: The workspace.
        artifact: Returns where the stored file of a hash is.
        preview: Returns a stored file as an image to look at, of at most 480 pixels if its kind
            has thumbnails; otherwise the file itself.
        formats: Formats of documents that operators want: `json`, `yaml`.
        ended: For a progress output, how many jobs it is about: the first that ended; 0 otherwise.
            Its folder is that of the batch's summary.
        publisher: Signs the files that are written, if the settings ask for it.
    """

    connection: sqlite3.Connection
    batch: db.rows.BatchRow
    job: db.rows.JobRow | None
    folder: Path
    root: Path
    artifact: Callable[[str], Path]
    preview: Callable[[Artifact], bytes]
    formats: Sequence[str]
    ended: int = 0
    publisher: Publisher = UNSIGNED

    @property
    def checkpoint(self) -> str:
        """Name of a progress output after `ended` jobs: `checkpoint_010`."""
        return f"checkpoint_{self.ended:03d}"

    def ended_jobs(self) -> "list[db.rows.JobRow]":
        """Return the jobs that a progress output is about, in the order in which they ended."""
        return first_ended(self.connection, self.batch.id, self.ended)


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """A fact about a batch that has ended.

    Attributes:
        name: Name of the fact, one or two words: `tempo`.
        text: The fact for people, in a sentence or a few words.
        data: The same as plain data, for programs.
    """

    name: str
    text: str
    data: Any


Write = Callable[[Projection], None]
Summary = Callable[
    [sqlite3.Connection, db.rows.BatchRow, Callable[[str], Path]], Iterable[SummaryLine]
]
Report = Callable[[sqlite3.Connection, db.rows.BatchRow, db.rows.JobRow], BaseModel]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Results of a recipe's jobs, as objects and as folders.

    The folders are a projection of the store: each writer may be called again at any time, and
    writes the same for the same store.

    Attributes:
        folder: Name of the folder below `outputs/` that the jobs write to.
        report: Returns the report of one job that `Workspace.results` yields.
        write_job: Writes a job's folder.
        write_batch: Writes what concerns a whole batch, after its last job.
        write_progress: Writes what there is after every `progress_every` jobs that have ended.
        progress_every: Jobs between two progress outputs, at least 1.
        is_output_dir: True if `--output-dir` names that folder itself, not one that has it inside.
        flat: Whether every job has a folder right below `folder`, even if an earlier job has the
            same id.
        summary: Returns the facts that `safelight run` ends with, from the store, a batch, and a
            function that returns where the stored file of a hash is.
    """

    folder: str = "results"
    report: Report | None = None
    write_job: Write | None = None
    write_batch: Write | None = None
    write_progress: Write | None = None
    progress_every: int = 10
    flat: bool = False
    is_output_dir: bool = False
    summary: Summary | None = None

    def __post_init__(self) -> None:
        if self.progress_every < 1:
            raise ValueError("progress_every is at least 1")
