"""Check that fetched files hold what their names say: a login page may have replaced them."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

MAX_JSON_BYTES = 64 << 20
"""Larger files are not parsed: a tokenizer has a few megabytes."""


def is_safetensors(path: Path) -> bool:
    """Return whether a file has a header of the safetensors format that fits its size.

    Format: https://github.com/huggingface/safetensors#format
    """
    with path.open("rb") as stream:
        prefix = stream.read(8)
        length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else 0
        if not 2 <= length <= path.stat().st_size - 8:
            return False
        return stream.read(1) == b"{"


def is_json(path: Path) -> bool:
    """Return whether a file is JSON, as far as its size lets it be parsed."""
    if path.stat().st_size > MAX_JSON_BYTES:
        return True
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


_CHECKS: dict[str, Callable[[Path], bool]] = {".safetensors": is_safetensors, ".json": is_json}


def remove_others(path: Path) -> Path | None:
    """Remove the first file that is not what its name says, so that it is fetched again.

    Args:
        path: A file or a folder in the hub's cache.

    Returns:
        The file that was removed; None if all of them are right.
    """
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        check = _CHECKS.get(file.suffix)
        if check is not None and file.is_file() and not check(file):
            file.resolve().unlink()  # the hub's cache links to the content
            file.unlink(missing_ok=True)
            return file
    return None
