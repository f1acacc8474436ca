"""Suffixes of files for other programs, as their kinds give them."""

import re

from engine.kinds.registry import kinds

UNKNOWN_SUFFIX = ".bin"
"""Suffix of a file whose kind names none for its media type."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_RUN = re.compile(
    r"\.(app|bat|cmd|com|command|desktop|exe|html?|jar|js|lnk|msi|ps1|py|scr|sh|url|vbs|xhtml)"
)
"""Suffixes that a desktop runs or a browser executes; no kind gives them to a file."""


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
