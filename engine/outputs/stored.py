"""Stored files, checked before they are copied into a folder for people."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from engine.contract.backend import Artifact
from engine.outputs.folder import ExportError, Folder

_CHUNK = 1 << 20


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
    folder: Folder, name: str, artifact: Artifact, stored: Callable[[str], Path]
) -> None:
    """Write a stored file of any size into a folder: linked if possible, else copied in pieces.

    Nothing is done if it is linked already.

    Args:
        folder: Destination.
        name: Name of the file.
        artifact: The file.
        stored: Path of the stored file of a hash.

    Raises:
        ExportError: Its bytes have another hash.
        OSError: It is gone, cannot be read, or the copy cannot be written.
    """
    source = stored(artifact.hash)
    if folder.is_linked(name, source):
        return
    _check(source, artifact)
    if folder.link(name, source):
        return
    with source.open("rb") as original, folder.replacing(name, tidy=True) as copy:
        while chunk := original.read(_CHUNK):
            copy.write(chunk)


def _check(source: Path, artifact: Artifact) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != artifact.hash:
        raise ExportError("the stored file is damaged: its bytes have another hash")
