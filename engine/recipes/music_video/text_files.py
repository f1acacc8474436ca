"""Fields of an entry whose text may be written in a file beside it: lyrics, a render spec."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from engine.contract.files import open_regular, path_in
from engine.text.terminal import quoted

MAX_BYTES = 4 << 20
"""Size of such a file, at most."""

LYRICS_SUFFIXES = (".lrc", ".srt", ".txt")
"""Endings by which a text is the name of a file with lyrics."""


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, with or without a byte order mark.

    Raises:
        ValueError: It cannot be read; the end of a sentence.
    """
    try:
        with open_regular(path, MAX_BYTES) as stream:
            return stream.read().decode("utf-8-sig")
    except FileNotFoundError:
        raise ValueError("does not exist; paths are relative to the input file's folder") from None
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8; convert it") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None


def lyrics_of(value: Any, info: ValidationInfo) -> Any:
    """Return lyrics: the text of the file if a value is the path of one."""
    if not isinstance(value, str) or not value.strip().casefold().endswith(LYRICS_SUFFIXES):
        return value
    return value if "\n" in value.strip() else _read(value.strip(), info)


def spec_of(value: Any, info: ValidationInfo) -> Any:
    """Return a render spec as a mapping: that of a file if a value is the path of one."""
    if not isinstance(value, str):
        return value
    text = value if value.lstrip().startswith("{") else _read(value.strip(), info)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{quoted(value)} is not a document in JSON") from None


def _read(name: str, info: ValidationInfo) -> str:
    context = info.context if isinstance(info.context, dict) else {}
    if context.get("folder") is None:
        raise ValueError("is a path, and files are read only when a batch is queued")
    try:
        return read_text(path_in(context, name))
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{quoted(name)} {error}") from None
