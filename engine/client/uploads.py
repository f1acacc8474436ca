"""Files that callers upload: recognised, stored by content, named by a row."""

import json
from pathlib import Path

from db.rows import FileRow
from db.writes.callers import add_upload
from engine.client.opened import OpenedWorkspace


def keep_upload(workspace: OpenedWorkspace, path: Path, caller: str) -> tuple[FileRow, bool]:
    """Store a file and name it, so that entries can name it and nothing sweeps it away.

    Args:
        workspace: The workspace.
        path: The file, which stays where it is.
        caller: The principal that has sent it.

    Returns:
        The stored file, and False if it was named before.

    Raises:
        OSError: It cannot be stored.
        Blocked: The object store does not take it.
    """
    from engine.kinds.registry import content_of_file, kinds
    from engine.runtime.intake_lock import taking_in

    kind, recognition = kinds().recognise(content_of_file(path))
    with taking_in(workspace.paths.intake_lock):
        with path.open("rb") as stream:
            hash_, size = workspace.artifacts.put_stream(stream)
        workspace.artifacts.settle()
        file = FileRow(
            hash_,
            kind,
            recognition.media_type,
            size,
            recognition.width,
            recognition.height,
            json.dumps(recognition.facts),
        )
        with workspace.store.intake() as write:
            is_new = write(lambda connection: add_upload(connection, file, caller))
    return file, is_new


def media_type_of(path: Path) -> str:
    """Return the media type of a file, recognised by its bytes."""
    from engine.kinds.registry import content_of_file, kinds

    return kinds().recognise(content_of_file(path))[1].media_type
