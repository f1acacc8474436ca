"""The file of a part of a job, and opening it."""

import os
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.client.ids import UnknownId, job_name
from engine.client.input_files import input_files
from engine.client.opening.copies import OpenedFile, copy_of
from engine.client.opening.errors import CannotOpen
from engine.client.opening.programs import program_for
from engine.client.opening.running import RunningProgram
from engine.client.sending import part_of, split_source
from engine.config.open_settings import OpenSettings
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from engine.plugins.catalog import EntryPointCatalog
    from engine.runtime.artifacts import ArtifactStore


def file_of(
    connection: sqlite3.Connection, catalog: "EntryPointCatalog", source: str, part: str = ""
) -> OpenedFile:
    """Return the file of a part of a job, or its text if it left no file.

    Args:
        connection: A connection to the store.
        catalog: The recipes that are installed.
        source: The job, `JOB` or `JOB:PART`.
        part: The part, if `source` names none: as for `send`, or a field of the job's input that
            holds a file; empty for the job's best result.

    Raises:
        UnknownId: There is no such job.
        UnknownPart: The job has no such part.
    """
    named, behind = split_source(connection, source)
    if named.job is None:
        raise UnknownId(f"{quoted(source)} is a batch; name one of its jobs, as j1 or BATCH/KEY.")
    name = part or behind
    if input_file := input_files(named.job.input).get(name):
        label = (job_name(named.job.id), name)
        return OpenedFile(label, input_file.kind, input_file.media_type, input_file.hash)
    located = part_of(connection, catalog, named, name)
    step = located.step.key if located.step else ""
    label = (job_name(named.job.id), step)
    if located.artifact is None:
        return OpenedFile(label, "text", "text/plain", text=located.text)
    artifact = located.artifact
    return OpenedFile(label, artifact.kind, artifact.media_type, artifact.hash)


def open_file(
    file: OpenedFile,
    artifacts: "ArtifactStore",
    settings: OpenSettings,
    environment: Mapping[str, str] | None = None,
    *,
    start: float = 0.0,
) -> RunningProgram:
    """Copy a file and open the copy in a viewer or a player.

    Args:
        file: The file.
        artifacts: The stored files.
        settings: Programs to use.
        environment: The environment; by default that of this process.
        start: Seconds at which a player starts, if it can; others start at the beginning.

    Raises:
        CannotOpen: There is no program for it here, it cannot be started, or the file is gone.
    """
    path = copy_of(file, artifacts)
    choice = program_for(file.kind, file.media_type, settings, environment or os.environ)
    if choice.program is None:
        raise CannotOpen.with_copy(choice.reason, path)
    return RunningProgram(choice.program, path, start)
