"""Filters typed after `/`: words, `state:failed,parked`, and `!` before any of them."""

from dataclasses import dataclass

from tui.states import WORST_FIRST

ORDERS = {
    "position": "input order",
    "worst": "worst first",
    "best": "best first",
    "state": "by state",
    "time": "longest first",
    "cost": "dearest first",
    "rating": "best rated first",
}
"""Orders of a list of jobs, with their names."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Filter of a list.

    Attributes:
        words: Texts that a name has, in lower case.
        without: Texts that a name does not have.
        states: Accepted states, None for any; in the order of `WORST_FIRST`.
        unknown: An unknown term, for a message.
    """

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    states: tuple[str, ...] | None = None
    unknown: str = ""

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Parse a filter; an invalid term is left out and kept as `unknown`."""
        words: list[str] = []
        without: list[str] = []
        states = set(WORST_FIRST)
        unknown = ""
        for term in text.lower().split():
            inverse, body = term.startswith("!"), term.lstrip("!")
            name, colon, value = body.partition(":")
            if colon and name in {"state", "s"}:
                chosen = _states(value)
                unknown = unknown or ("" if chosen else body)
                states = states - chosen if inverse else states & chosen if chosen else states
            elif body:
                (without if inverse else words).append(body)
        narrowed = tuple(state for state in WORST_FIRST if state in states)
        whole = len(narrowed) == len(WORST_FIRST)
        return cls(tuple(words), tuple(without), None if whole else narrowed, unknown)

    @property
    def by_name(self) -> bool:
        """True if names have to be searched."""
        return bool(self.words or self.without)


def _states(value: str) -> set[str]:
    """Return the states named by a comma-separated list of prefixes."""
    parts = [part for part in value.split(",") if part]
    return {state for state in WORST_FIRST if any(state.startswith(part) for part in parts)}
