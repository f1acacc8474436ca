"""Names of folders, derived from ids that may be any text, and the folder of each job.

Pure functions: callables report what exists.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable

MAX_NAME_BYTES = 80
"""Longest name in UTF-8, without the suffix."""

BATCH_SUMMARY = "batch_summary.json"
"""File beside the folders of jobs; no folder may have this name."""

_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]
)
# Letters by category, but invisible.
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"
_SUFFIX = re.compile(r"-x[a-z2-7]{7}")


def safe_name(id: str) -> str:  # noqa: A002 - it is an id, and the field is called so
    """Return a folder name for any id, safe on every common file system.

    Letters and digits of any script, `.`, `_` and `-` are kept; anything else becomes `-`. The
    result never starts with a dot or a dash, never ends with a dot, is never a device's name on
    Windows, and has at most 80 bytes in UTF-8. If that removed anything, `-x` and seven
    characters of the id's SHA-256 follow (35 bits; `claim` resolves remaining collisions).

    Args:
        id: Any text, empty too.

    Returns:
        The id itself if it is already such a name; otherwise at most 89 bytes.
    """
    name = "".join(
        character if _is_kept(character) else "-" for character in unicodedata.normalize("NFKC", id)
    )
    name = name.lstrip(".-").rstrip(".") or "unnamed"
    # A device's name counts on Windows with any ending too: `con.txt` is `con`.
    if name.split(".")[0].lower() in _DEVICES or name.casefold() == BATCH_SUMMARY:
        name = "_" + name
    # Cutting by bytes may leave half a character, which is dropped.
    name = name.encode()[:MAX_NAME_BYTES].decode(errors="ignore").rstrip(".")
    # An id that looks as if it had a suffix gets one too, or it could collide with another name.
    if name == id and not _SUFFIX.fullmatch(name[-9:]):
        return name
    return f"{name}-x{_digest(id)}"


def fold(name: str) -> str:
    """Return a key that is equal for names that differ only in case or Unicode form."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def claim(name: str, taken: Callable[[str], bool]) -> str:
    """Return the name, or the first of `NAME-2`, `NAME-3`, ... that is not taken.

    Args:
        name: A safe name or path.
        taken: Returns whether a name is in use; it compares names by `fold`.
    """
    free, number = name, 1
    while taken(free):
        number += 1
        free = f"{name}-{number}"
    return free


def place(
    id: str,  # noqa: A002
    batch: str,
    taken: Callable[[str], bool],
    holds_job: Callable[[str], bool],
) -> str:
    """Return the folder of a job's files, relative to the folder of all results, with `/`.

    That is `ID` if it is free, otherwise `BATCH/ID`.

    Args:
        id: The job's id, any text.
        batch: The batch's name, any text.
        taken: Returns True for a path of a job or of a batch's folder, or that exists on disk (a
            link counts) without being ours. Paths are compared by `fold`.
        holds_job: Returns whether a path is itself a job's place, so that no batch may have its
            folder there.
    """
    name = safe_name(id)
    if not taken(name):
        return name
    return claim(f"{batch_folder(batch, holds_job)}/{name}", taken)


def place_summary(
    batch: str, taken: Callable[[str], bool], holds_job: Callable[[str], bool]
) -> str:
    """Return the folder of a batch's summary: beside the jobs' folders, or in the batch's own.

    Arguments are those of `place`.
    """
    if not taken(BATCH_SUMMARY):
        return BATCH_SUMMARY
    folder = batch_folder(batch, holds_job)
    number = 1
    path = f"{folder}/{BATCH_SUMMARY}"
    while taken(path):
        number += 1
        path = f"{folder}-{number}/{BATCH_SUMMARY}"
    return path


def batch_folder(batch: str, holds_job: Callable[[str], bool]) -> str:
    """Return the folder for a batch's jobs that could not have their places directly."""
    return claim(safe_name(batch), holds_job)


def _is_kept(character: str) -> bool:
    return character in "._-" or (character.isalnum() and character not in _BLANK_LETTERS)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:7]
