"""One result of the doctor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check.

    Attributes:
        name: Name of the check.
        ok: True if nothing has to be done.
        found: Result in a sentence.
        remedy: Remedy, empty if `ok`.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
