"""Safe names of files for other programs."""

import re

MAX_STEM = 80
"""Characters of a name without its suffix, at most."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


def safe_name(*parts: str, suffix: str) -> str:
    """Return a name of ASCII letters, digits, `-` and `_` that is neither hidden nor an option.

    Args:
        parts: Texts from anywhere; what is not safe in them becomes `-`.
        suffix: The suffix, with its dot.
    """
    stem = "-".join(kept for part in parts if (kept := _UNSAFE.sub("-", part).strip("-")))
    return (stem[:MAX_STEM].strip("-") or "file") + suffix
