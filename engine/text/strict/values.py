"""Values of strict documents, and those that are refused."""

import math
from dataclasses import dataclass

from engine.text.terminal import quoted

MAX_DEPTH = 32
"""Maximum nesting depth of lists and objects."""
MAX_DIGITS = 400
"""Maximum digits of a whole number; longer ones take Python quadratic time to parse."""
TOO_DEEP = f"holds lists and objects more than {MAX_DEPTH} deep in each other"
LIST_NAMES = ("prompts", "items", "entries")
"""Names of the one list that an object around the entries may have."""


class UnreadableInput(ValueError):
    """Text is not in the expected format.

    Attributes:
        line: The line in the text, from 1, if known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class RefusedValue:
    """Placeholder in parsed data for a value that must not be used, to report it with its field.

    Attributes:
        reason: The sentence about it, without its subject.
    """

    reason: str


def whole_number(digits: str) -> int | RefusedValue:
    """Return a whole number from its decimal digits; refuse it if it is absurdly long."""
    if len(digits) > MAX_DIGITS:
        return RefusedValue(f"is a number of {len(digits)} digits; write at most {MAX_DIGITS}")
    return int(digits)


def real_number(digits: str) -> float | RefusedValue:
    """Return a real number from its decimal digits; refuse it beyond the range of floats."""
    value = float(digits)
    if not math.isfinite(value):
        return RefusedValue(f"is a number beyond the range of numbers ({quoted(digits)})")
    return value
