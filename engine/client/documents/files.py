"""Documents of files: those that steps stored, and those in the folder of a job's results."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.rows import ArtifactRow
from engine.config.paths import WorkspacePaths
from engine.runtime.artifacts import ArtifactStore

_DIGITS = re.compile("([0-9]+)")


def stored_file(row: ArtifactRow, paths: WorkspacePaths, keys: Mapping[int, str]) -> dict[str, Any]:
    """Return a file of a step with the facts of its kind."""
    return {
        "step": keys.get(row.step_id or 0),
        "role": row.role,
        "kind": row.kind,
        "media_type": row.media_type,
        "bytes": row.size,
        "width": row.width,
        "height": row.height,
        "facts": json.loads(row.facts),
        "artifact": row.hash,
        "file": stored_path(paths, row.hash),
    }


def stored_path(paths: WorkspacePaths, hash_: str) -> str:
    """Return the path of a stored file, relative to the workspace."""
    return str(ArtifactStore(paths.artifacts).path(hash_).relative_to(paths.root))


def output_files(root: Path, output: str) -> list[str]:
    """Return the files in a job's folder, relative to the workspace, in natural order.

    Links are not followed, and hidden files (those being written) are left out. Paths are absolute
    if the folder is outside the workspace.
    """
    files: list[str] = []
    for folder, folders, names in os.walk(root / output):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(output, Path(folder).relative_to(root / output))
        files += [str(below / name) for name in names if not name.startswith(".")]
    return sorted(files, key=_by_number)


def _by_number(path: str) -> list[tuple[bool, int, str]]:
    parts = (part for part in _DIGITS.split(path) if part)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
