"""Weights, LoRAs and songs behind a job's files, with their licences, for `show` and the API."""

import sqlite3
from typing import TYPE_CHECKING, Any

from db.queries.jobs import artifacts
from engine.contract import Artifact
from engine.contract.files import TEMPORARY

if TYPE_CHECKING:
    from engine.client.workspace import Workspace

MAX_FILES = 500
"""Files of a job whose origin is looked up, at most: the newest."""

_MEDIA = ("image/", "audio/", "video/")


def materials_of_job(
    workspace: "Workspace", connection: sqlite3.Connection, job_id: int
) -> list[dict[str, str]]:
    """Return weights, LoRAs and songs behind a job's files, each once.

    Args:
        workspace: The workspace.
        connection: A reader.
        job_id: The job.
    """
    publisher = workspace.signing.publisher(connection)
    rows = [
        row
        for row in artifacts(connection, job_id)
        if row.media_type.startswith(_MEDIA) and row.role != TEMPORARY
    ]
    materials = {
        (one.role, one.name): one.model_dump()
        for row in rows[-MAX_FILES:]
        for one in publisher.materials(
            Artifact(hash=row.hash, media_type=row.media_type, size=row.size)
        )
    }
    return [materials[key] for key in sorted(materials)]


def materials_of_file(workspace: "Workspace", file: Artifact | None) -> dict[str, Any]:
    """Return the entry `materials` of a document about a stored file; empty if it has none."""
    if file is None:
        return {}
    with workspace.reading() as connection:
        listed = workspace.signing.publisher(connection).materials(file)
    return {"materials": [one.model_dump() for one in listed]} if listed else {}
