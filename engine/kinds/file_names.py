"""Names of files for other programs: a safe stem, and the suffix that their kind gives them."""

import re

from engine.kinds.registry import kinds

UNKNOWN_SUFFIX = ".bin"
"""Suffix of a file whose kind names none for its media type."""

MAX_STEM = 80
"""Characters of a name without its suffix, at most."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_RUN = re.compile(
    r"\.(app|bat|cmd|com|command|desktop|exe|html?|jar|js|lnk|msi|ps1|py|scr|sh|url|vbs|xhtml)"
)
"""Suffixes that a desktop runs or a browser executes; no kind gives them to a file."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


def suffix_of(kind: str, media_type: str) -> str:
    """Return the suffix of a file, for example `.wav`; `.bin` if its kind names none.

    A media type that the kind itself does not list has the suffix of another kind that does, so
    that JSON of a kind of its own is `.json`.
    """
    known = kinds()
    for one in (known.of(kind), *known.order):
        suffix = str(one.suffixes.get(media_type, ""))
        if _SUFFIX.fullmatch(suffix) and not _RUN.fullmatch(suffix):
            return suffix
    return UNKNOWN_SUFFIX


def safe_name(*parts: str, suffix: str) -> str:
    """Return a name of ASCII letters, digits, `-` and `_` that is neither hidden nor an option.

    Args:
        parts: Texts from anywhere; what is not safe in them becomes `-`.
        suffix: The suffix, as `suffix_of` returns it.
    """
    stem = "-".join(found for part in parts if (found := _UNSAFE.sub("-", part).strip("-")))
    return (stem[:MAX_STEM].strip("-") or "file") + suffix
