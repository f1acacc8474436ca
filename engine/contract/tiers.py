"""Tiers of a recipe: groups of its steps whose costs are shown together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Tier:
    """A group of steps.

    Attributes:
        title: Its name.
        steps: Keys of its steps, with `*` for parts that vary, as `section-*/clip-*/generate`.
    """

    title: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """Costs of a tier so far.

    Attributes:
        title: Its name.
        steps: Number of its finished steps.
        seconds: Time that they took, one after the other.
        cost: Their cost in micro-dollars.
    """

    title: str
    steps: int = 0
    seconds: float = 0.0
    cost: int = 0


def spent_by_tier(
    tiers: Sequence[Tier], steps: Iterable[tuple[str, float, int]]
) -> tuple[Spent, ...]:
    """Return the costs of the tiers that have steps, in the tiers' order.

    Args:
        tiers: The tiers; a step is in the first that fits.
        steps: Key, seconds and micro-dollars of each finished step.
    """
    sums: dict[str, Spent] = {}
    for key, seconds, cost in steps:
        title = next((t.title for t in tiers if any(fits(key, p) for p in t.steps)), None)
        if title is not None:
            one = sums.get(title, Spent(title))
            sums[title] = Spent(title, one.steps + 1, one.seconds + seconds, one.cost + cost)
    return tuple(sums[tier.title] for tier in tiers if tier.title in sums)


def fits(key: str, pattern: str) -> bool:
    """Return True for a key that a pattern means; a `*` does not match a `/`."""
    parts, wanted = key.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
