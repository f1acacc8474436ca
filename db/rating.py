"""Ratings as words and as numbers: `reject`, `1` to `5`, `keep`, in this order."""

REJECT, KEEP = 0, 6
"""Ranks of a rejected and of a kept result; stars lie between them."""

WORDS = {"reject": REJECT, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "keep": KEEP}
"""Rank of each rating, the lowest first."""

_BY_RANK = {rank: word for word, rank in WORDS.items()}

NOTE_LIMIT = 4000
"""Maximum characters of a note on a rating or on a batch."""


def rating_word(rank: int | None) -> str | None:
    """Return the word of a rank; None for no rating, or a rank that is unknown here."""
    return None if rank is None else _BY_RANK.get(rank)


def ranks_of(condition: str) -> frozenset[int] | None:
    """Return the ranks that a condition accepts: `4`, `keep`, `>=4`, `<3`, `2,3`.

    A comparison is in the order reject, 1 to 5, keep: `>=4` accepts `keep` too.

    Returns:
        The ranks; None if the text is not a condition.
    """
    text = condition.strip().lower()
    for sign, accepts in _COMPARISONS.items():
        if text.startswith(sign):
            limit = WORDS.get(text[len(sign) :].strip())
            if limit is None:
                return None
            return frozenset(rank for rank in WORDS.values() if accepts(rank, limit))
    named = [WORDS.get(part.strip()) for part in text.split(",") if part.strip()]
    ranks = frozenset(rank for rank in named if rank is not None)
    return ranks if named and None not in named else None


_COMPARISONS = {
    ">=": int.__ge__,
    "<=": int.__le__,
    ">": int.__gt__,
    "<": int.__lt__,
    "=": int.__eq__,
}
