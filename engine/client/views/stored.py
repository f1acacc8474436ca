"""Paths of stored files, which may have to be fetched from an object store first."""

import contextlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.paths import WorkspacePaths

if TYPE_CHECKING:
    from engine.runtime.artifacts import ArtifactStore

_HASH = re.compile("[0-9a-f]{64}")


def stored_file(paths: WorkspacePaths, hash_: str) -> Path | None:
    """Return where the file of a hash is or would be; None if it is not a hash.

    Text from outside is never a path. The file may live in an object store: see `here`.
    """
    if not _HASH.fullmatch(hash_):
        return None
    path = paths.artifacts / hash_[:2] / hash_[2:]
    if path.is_file():
        return path
    return artifacts_at(paths).path(hash_)


def here(paths: WorkspacePaths, hash_: str) -> Path | None:
    """Return where a stored file is, fetched from an object store first if it lives there.

    It may wait for the network: call it in a thread.

    Returns:
        None if the text is not a hash, the file is gone, or the object store cannot be reached.
    """
    from engine.contract import StepError

    path = stored_file(paths, hash_)
    if path is None or path.is_file():
        return path
    with contextlib.suppress(OSError, StepError):
        return artifacts_at(paths).stored(hash_)
    return None


def artifacts_at(paths: WorkspacePaths) -> "ArtifactStore":
    """Return the stored files of a workspace; its settings are read once, until they change."""
    try:
        changed = paths.settings.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _artifacts_at(paths, changed)


@lru_cache(maxsize=8)
def _artifacts_at(paths: WorkspacePaths, _changed: int) -> "ArtifactStore":
    from engine.config.settings import SettingsError
    from engine.contract import StepError
    from engine.runtime.artifacts import ArtifactStore
    from engine.runtime.objects import opening

    try:
        return opening.artifacts_at(paths)
    except (SettingsError, StepError):  # reported by whatever needs the settings
        return ArtifactStore(paths.artifacts)
