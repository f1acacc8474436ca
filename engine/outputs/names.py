"""Names of folders made of ids that may be any text, and which folder a job has.

Pure functions: what exists is asked through callables.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable

MAX_NAME_BYTES = 80
"""Longest name in UTF-8, without the suffix."""

BATCH_SUMMARY = "batch_summary.json"
"""The file that lies beside the folders of jobs, so that no folder may be called so."""

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/gif": ".gif",
    "image/tiff": ".tif",
}
"""Endings of signed images that are no PNG, by media type."""

_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"]
    + [f"{port}{number}" for port in ("com", "lpt") for number in range(10)]
)
# Letters by category, and yet nothing to see.
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"
_SUFFIX = re.compile(r"-x[a-z2-7]{7}")


def safe_name(id: str) -> str:  # noqa: A002 - it is an id, and the field is called so
    """A name of a folder for any id, safe on every common file system.

    Kept are letters and digits of any script, `.`, `_` and `-`; anything else becomes `-`. The
    result never begins with a dot or a dash, never ends with a dot, is never a device's name on
    Windows, and has at most 80 bytes in UTF-8. Where that took anything away, `-x` and seven
    characters of the id's SHA-256 follow (35 bits; `claim` settles what even that leaves equal).

    Args:
        id: Any text, empty too.

    Returns:
        The id itself where it is already such a name; otherwise at most 89 bytes.
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
    # An id that looks as if it had a suffix gets one as well, or it could be another's name.
    if name == id and not _SUFFIX.fullmatch(name[-9:]):
        return name
    return f"{name}-x{_digest(id)}"


def fold(name: str) -> str:
    """What two names have in common that are one file where case or Unicode form do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def claim(name: str, taken: Callable[[str], bool]) -> str:
    """The name, or the first of `NAME-2`, `NAME-3`, ... that is not taken.

    Args:
        name: A safe name or path.
        taken: Whether a name is in use; it compares names by `fold`.
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
    """Where a job's files go, relative to the folder of all results, with `/`.

    That is `ID` where nothing has that place, and otherwise `BATCH/ID`.

    Args:
        id: The job's id, any text.
        batch: The batch's name, any text.
        taken: Whether a path is a job's place or the folder of a batch, or exists on disk (a
            link counts) without being ours. Paths are compared by `fold`.
        holds_job: Whether a path is a job's place itself, so that no batch may have its folder
            there.
    """
    name = safe_name(id)
    if not taken(name):
        return name
    return claim(f"{batch_folder(batch, holds_job)}/{name}", taken)


def place_summary(
    batch: str, taken: Callable[[str], bool], holds_job: Callable[[str], bool]
) -> str:
    """Where a batch's summary goes: beside the jobs' folders, or in the batch's folder.

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
    """The folder of the places that a batch's jobs could not have directly."""
    return claim(safe_name(batch), holds_job)


def _is_kept(character: str) -> bool:
    return character in "._-" or (character.isalnum() and character not in _BLANK_LETTERS)


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode("ascii").lower()[:7]
