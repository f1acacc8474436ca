"""Counts, sizes and lists as words for sentences."""

from collections.abc import Sequence


def pluralize(number: float, one: str, many: str = "", *, shown: str = "") -> str:
    """Return a number with its noun: `1 job`, `0 jobs`, `2 entries`.

    Args:
        number: The count.
        one: The noun in the singular, with any words that agree with it: `file is`.
        many: The same for any number but 1; by default `one` with an s.
        shown: The number in another notation, such as `1,234`; by default its digits.
    """
    noun = one if number == 1 else many or f"{one}s"
    return f"{shown or number} {noun}"


def enumerate_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def byte_count(count: int) -> str:
    """Return a number of bytes in gigabytes, or below one in megabytes: `340 MB`, `6.5 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1_000_000_000 else f"{count / 1e6:.0f} MB"
