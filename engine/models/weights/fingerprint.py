"""Cheap identity of weights for a fingerprint: hashing gigabytes would take too long."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from engine.models.weights.requirements import SAFE_FILES
from engine.models.weights.sources import parse_source


def marked(source: str) -> str:
    """Return a source as part of a fingerprint.

    An id of the hub is used as it is; pin it (`org/name@commit`) if a changed default branch should
    change the fingerprint. A path is represented by its last name and a mark of its files' sizes
    and times, so that weights changed in place get another one.
    """
    parsed = parse_source(source)
    if parsed.path is None:
        return str(parsed)
    digest = hashlib.sha256(str(parsed.path).encode())
    for line in _files(parsed.path):
        digest.update(line.encode())
    return f"{parsed.path.name}#{digest.hexdigest()[:12]}"


def _files(path: Path) -> Iterator[str]:
    files = [path] if path.is_file() else [f for p in SAFE_FILES for f in path.rglob(p)]
    for file in sorted(files):
        try:
            stat = file.stat()
        except OSError:  # a broken link, or a file that is just being replaced
            continue
        yield f"\n{file.name}:{stat.st_size}:{stat.st_mtime_ns}"
