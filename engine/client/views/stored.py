"""Paths of stored files."""

import re
from pathlib import Path

from engine.config.paths import WorkspacePaths

_HASH = re.compile("[0-9a-f]{64}")


def stored_file(paths: WorkspacePaths, hash_: str) -> Path | None:
    """Return the file of a hash, None if it is not a hash; text from outside is never a path."""
    if not _HASH.fullmatch(hash_):
        return None
    return paths.artifacts / hash_[:2] / hash_[2:]
