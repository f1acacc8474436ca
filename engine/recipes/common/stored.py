"""Stored files, checked before they are copied into a folder for people."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.contract.backend import Artifact
from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import UNSIGNED, Draft, Publisher


def stored_bytes(artifact: Artifact, stored: Callable[[str], Path]) -> bytes:
    """Return the bytes of a stored file.

    Args:
        artifact: The file.
        stored: Path of the stored file of a hash.

    Raises:
        ExportError: Its bytes have another hash.
        OSError: It is gone or cannot be read.
    """
    data = stored(artifact.hash).read_bytes()
    if hashlib.sha256(data).hexdigest() != artifact.hash:
        raise ExportError("the stored file is damaged: its bytes have another hash")
    return data


def put_stored(
    folder: Folder,
    name: str,
    artifact: Artifact,
    stored: Callable[[str], Path],
    publisher: Publisher = UNSIGNED,
) -> None:
    """Write a stored file of any size into a folder: linked if possible, else copied in pieces.

    Nothing is done if it is there already.

    Args:
        folder: Destination.
        name: Name of the file.
        artifact: The file.
        stored: Path of the stored file of a hash.
        publisher: Signs it, if the settings ask for it.

    Raises:
        Blocked: It cannot be signed now.
        ExportError: Its bytes have another hash.
        OSError: It is gone, cannot be read, or the copy cannot be written.
    """
    if publisher.publish(folder, name, Draft(artifact, artifact.media_type)):
        return
    source = stored(artifact.hash)
    if folder.is_linked(name, source) or folder.holds(name, artifact.hash):
        return
    _check(source, artifact)
    folder.put_file(name, source)


def materials_entry(publisher: Publisher, artifact: Artifact | None) -> dict[str, Any]:
    """Return the entry `materials` of a document about a stored file; empty if it has none.

    Args:
        publisher: Knows weights, LoRAs and songs behind files.
        artifact: The file; None if there is none yet.
    """
    listed = publisher.materials(artifact) if artifact is not None else ()
    return {"materials": [one.model_dump() for one in listed]} if listed else {}


def put_changed(
    folder: Folder,
    name: str,
    artifact: Artifact,
    content: Callable[[], bytes],
    publisher: Publisher,
    variant: str = "",
) -> None:
    """Write a file that is a stored one with something added, such as its origin.

    Args:
        folder: Destination.
        name: Name of the file.
        artifact: The stored file.
        content: Returns what is written.
        publisher: Signs it, if the settings ask for it.
        variant: Text that is equal for equal content of the same stored file.

    Raises:
        Blocked: It cannot be signed now.
        OSError: It cannot be written.
    """
    if not publisher.publish(folder, name, Draft(artifact, artifact.media_type, content, variant)):
        folder.put(name, content())


def _check(source: Path, artifact: Artifact) -> None:
    with source.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != artifact.hash:
            raise ExportError("the stored file is damaged: its bytes have another hash")
