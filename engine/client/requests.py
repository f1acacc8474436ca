"""Requests to queue a batch, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """A batch to be queued.

    Attributes:
        recipe: Name of the recipe.
        source: The input file; None if the recipe's options give an entry.
        settings: The recipe's settings.
        flags: The recipe's own options.
        name: Name of the batch; the file's if it is empty.
        seed: Seed of the batch; None for a random one.
        priority: The highest runs first.
        in_flight: Maximum number of its jobs at the same time.
        budget: Maximum cost in micro-dollars; None for no maximum.
        entries: Entries in place of an input file.
        own_settings: True if entries may have settings of backends: they come from this store.
        axes: Axes of a grid, such as `seed=1..4`.
        dynamic: True to expand choices in prompts, such as `{red|blue}`.
    """

    recipe: str
    source: Path | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    flags: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seed: int | None = None
    priority: int = 0
    in_flight: int | None = None
    budget: int | None = None
    entries: Sequence[Mapping[str, Any]] = ()
    own_settings: bool = False
    axes: Sequence[str] = ()
    dynamic: bool = False

    @property
    def all_settings(self) -> dict[str, Any]:
        """The recipe's settings, with the seed if there is one."""
        return {**self.settings, **({} if self.seed is None else {"seed": self.seed})}
