"""Filters typed after `/`: words, `~letters`, `state:failed`, `rating:>=4`, `rated:no`, `!word`."""

from dataclasses import dataclass

from db.rating import WORDS, ranks_of
from engine.text.state_symbols import WORST_FIRST

ORDERS = {
    "position": "input order",
    "worst": "worst first",
    "lowest": "worst score first",
    "best": "best first",
    "state": "by state",
    "time": "longest first",
    "cost": "dearest first",
    "rating": "best rated first",
}
"""Orders of a list of jobs, with their names."""


FUZZY = "~"
"""Begins a word whose letters a name has in their order."""

MAX_CHARS = 500
"""Characters of a filter that count: of a long text that is pasted, SQLite refuses the query."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of a list.

    Attributes:
        words: Texts that a name has, in lower case.
        without: Texts that a name does not have.
        states: Accepted states, None for any; in the order of `WORST_FIRST`.
        unknown: An unknown term, for a message.
        ratings: Accepted ranks of ratings, None among them for no rating; None for any.
        fuzzy: Texts whose letters a name has in this order, perhaps with others between them; in
            lower case.
    """

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    states: tuple[str, ...] | None = None
    unknown: str = ""
    ratings: frozenset[int | None] | None = None
    fuzzy: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Parse a filter, its beginning if it is long; an invalid term is kept as `unknown`."""
        words: list[str] = []
        without: list[str] = []
        fuzzy: list[str] = []
        states = set(WORST_FIRST)
        ratings = _ANY_RATING
        unknown = ""
        for term in text[:MAX_CHARS].lower().split():
            inverse, body = term.startswith("!"), term.lstrip("!")
            name, colon, value = body.partition(":")
            if colon and name in {"state", "s"}:
                chosen = _states(value)
                unknown = unknown or ("" if chosen else body)
                states = states - chosen if inverse else states & chosen if chosen else states
            elif colon and name in {"rating", "rated"}:
                ranks = _ratings(name, value)
                unknown = unknown or ("" if ranks else body)
                ratings = ratings - ranks if inverse else ratings & ranks if ranks else ratings
            elif body.startswith(FUZZY) and not inverse:
                fuzzy += [body[1:]] if body[1:] else []
            elif body:
                (without if inverse else words).append(body)
        narrowed = tuple(state for state in WORST_FIRST if state in states)
        whole = len(narrowed) == len(WORST_FIRST)
        rated = None if ratings == _ANY_RATING else ratings
        return cls(
            tuple(words), tuple(without), None if whole else narrowed, unknown, rated, tuple(fuzzy)
        )

    @property
    def by_name(self) -> bool:
        """True if names or ratings have to be searched."""
        return bool(self.words or self.without or self.fuzzy or self.ratings is not None)

    def matches(self, text: str) -> bool:
        """Return True if a name, in lower case, has the words and letters, and nothing excluded."""
        return (
            all(word in text for word in self.words)
            and not any(word in text for word in self.without)
            and all(_has_letters(text, letters) for letters in self.fuzzy)
        )


def _has_letters(text: str, letters: str) -> bool:
    """Return True if a text has some letters in their order."""
    rest = iter(text)
    return all(letter in rest for letter in letters)


_ANY_RATING: frozenset[int | None] = frozenset([*WORDS.values(), None])


def _ratings(name: str, value: str) -> frozenset[int | None]:
    """Return the ranks of `rating:>=4` or `rated:no`; empty if it is neither."""
    if name == "rated":
        no = frozenset[int | None]([None])
        return {"no": no, "yes": _ANY_RATING - no}.get(value, frozenset())
    return frozenset[int | None](ranks_of(value) or ())


def _states(value: str) -> set[str]:
    """Return the states named by a comma-separated list of prefixes."""
    parts = [part for part in value.split(",") if part]
    return {state for state in WORST_FIRST if any(state.startswith(part) for part in parts)}
