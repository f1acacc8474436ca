"""Tiers of a recipe: groups of its steps whose costs are shown together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """A group of steps.

    Attributes:
        title: Its name.
        steps: Keys of its steps, with `*` for parts that vary, as `section-*/clip-*/generate`.
    """

    title: str
    steps: tuple[str, ...]
