"""Looks for things in one image: their presence, number, place and colour."""

from functools import cached_property

import numpy as np

from engine.imaging.measure.colour import from_hex
from engine.imaging.measure.image import colour_share
from engine.imaging.silhouettes.edges import Edges, edges
from engine.imaging.silhouettes.finding import Sighting, can_look, find, find_all
from engine.imaging.silhouettes.forms import FORMS
from engine.imaging.silhouettes.templates import shrunk

_LEAST_PIXELS = 24
"""Pixels of a thing's coloured part from which its colour is judged."""


class Sight:
    """Things seen in an image; each is looked for once.

    Args:
        image: PNG, JPEG or WebP.
    """

    def __init__(self, image: bytes) -> None:
        self.image = image
        self._best: dict[str, Sighting | None] = {}

    @cached_property
    def edges(self) -> Edges:
        """Edges of the image."""
        return edges(self.image)

    def knows(self, name: str) -> bool:
        """Return True if a thing has a known silhouette and the image is large enough."""
        return name in FORMS and can_look(self.edges)

    def likelihood(self, name: str) -> float:
        """Return how likely it is that a thing is there, 0 to 1."""
        best = self._of(name)
        return best.likelihood if best else 0.0

    def across(self, name: str) -> float:
        """Return the place of a thing's middle from the left, 0 to 1; 0.5 if it is not there."""
        best = self._of(name)
        if best is None:
            return 0.5
        columns = np.nonzero(best.mask(self.edges.shape).any(axis=0))[0]
        return float((columns[0] + columns[-1] + 1) / 2 / self.edges.shape[1])

    def where(self, name: str) -> str:
        """Return the place of a thing in words."""
        return f"at {self.across(name):.2f} of the width"

    def count(self, name: str, sure: float, unlikely: float) -> tuple[int, int]:
        """Return how many of a thing are there for sure, and how many there may be."""
        sightings = find_all(self.edges, name, unlikely)
        return sum(one.likelihood >= sure for one in sightings), len(sightings)

    def share_in(self, name: str, colour: str, sure: float) -> float | None:
        """Return the share of a thing that has a colour, 0 to 1.

        None if it is not there for sure, or too little of its coloured part is seen.
        """
        best = self._of(name)
        if best is None or best.likelihood < sure:
            return None
        part = best.mask(self.edges.shape, coloured=True)
        inner = shrunk(part)
        part = inner if inner.sum() >= _LEAST_PIXELS else part
        if part.sum() < _LEAST_PIXELS:
            return None
        return colour_share(self.edges.lab[part], from_hex(colour))

    def share_of_all(self, colour: str) -> float:
        """Return the share of the image that has a colour, 0 to 1."""
        return colour_share(self.edges.lab, from_hex(colour))

    def _of(self, name: str) -> Sighting | None:
        if name not in self._best:
            self._best[name] = find(self.edges, name) if self.knows(name) else None
        return self._best[name]
