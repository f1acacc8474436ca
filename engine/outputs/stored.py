"""Stored files, checked before they are copied into a folder for people."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from engine.contract.backend import Artifact
from engine.outputs.folder import ExportError


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
