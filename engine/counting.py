"""Counts as sentences say them."""


def counted(number: float, one: str, many: str = "", *, shown: str = "") -> str:
    """A number with its noun: `1 job`, `0 jobs`, `2 entries`.

    Args:
        number: How many there are.
        one: The noun, with whatever follows that goes with the number: `file is`.
        many: The same for any number but 1; by default `one` with an s.
        shown: The number as it is written, such as `1,234`; by default its digits.
    """
    noun = one if number == 1 else many or f"{one}s"
    return f"{shown or number} {noun}"
