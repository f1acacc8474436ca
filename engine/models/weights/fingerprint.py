"""What tells weights from others in a fingerprint, cheaply: hashing gigabytes takes too long."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from engine.models.weights.requirements import SAFE_FILES
from engine.models.weights.sources import parse_source


def marked(source: str) -> str:
    """A source as it stands in a fingerprint.

    An id of the hub is itself; pin it (`org/name@commit`) where a changed default branch is to be
    a new fingerprint. A path is its last name, and a mark of its files' sizes and times, so that
    weights that were changed in place are others.
    """
    found = parse_source(source)
    if found.path is None:
        return str(found)
    digest = hashlib.sha256(str(found.path).encode())
    for line in _files(found.path):
        digest.update(line.encode())
    return f"{found.path.name}#{digest.hexdigest()[:12]}"


def _files(path: Path) -> Iterator[str]:
    files = [path] if path.is_file() else [f for p in SAFE_FILES for f in path.rglob(p)]
    for file in sorted(files):
        try:
            stat = file.stat()
        except OSError:  # a link into nowhere, or a file that is just being replaced
            continue
        yield f"\n{file.name}:{stat.st_size}:{stat.st_mtime_ns}"
