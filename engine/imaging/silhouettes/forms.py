"""The whole shapes of things: unions of the rings that the painter lays."""

from dataclasses import dataclass
from functools import cache

from engine.imaging.silhouettes.curves import Ring
from engine.imaging.silhouettes.outlines import envelope, lintel, outline, turned

_CUT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cat": (("rings",), ("rings",)),
    "fox": (("rings",), ("rings",)),
    "wolf": (("rings",), ("rings",)),
    "deer": (("rings", "lines"), ("rings",)),
    "person": (("rings",), ("rings",)),
    "whale": (("rings",), ("rings",)),
    "fish": (("rings",), ("rings",)),
    "bird": (("rings",), ("rings",)),
    "jellyfish": (("rings",), ("rings",)),
    "boat": (("sharp", "sails"), ("sails",)),
    "rowboat": (("rings",), ("rings",)),
    "ship": (("sharp", "funnels"), ("sharp",)),
    "rocket": (("rings",), ()),
    "house": (
        ("sharp_front", "sharp_flank", "sharp_slope", "sharp_eave", "sharp_chimney"),
        ("sharp_front", "sharp_flank"),
    ),
    "tent": (("sharp_front", "sharp_flank"), ("sharp_front", "sharp_flank")),
    "lighthouse": (("sharp_body", "sharp_gallery", "sharp_roof"), ("sharp_body",)),
}
"""Kinds of rings of each silhouette, and of those the ones that take the thing's colour."""

_TURNED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cup": (("cup",), ("cup",)),
    "teapot": (("teapot", "lid"), ("teapot",)),
    "vase": (("vase",), ("vase",)),
    "bottle": (("bottle",), ()),
    "candle": (("candlestick", "candle"), ("candle",)),
    "lantern": (("lantern",), ("lantern",)),
}
"""The same for turned wares, which look the same from both sides."""

BALLOON, TORII = "balloon", "torii"


@dataclass(frozen=True, slots=True)
class Form:
    """Shape of a thing, in local coordinates.

    Attributes:
        name: Name of the thing in the vocabulary.
        rings: Outlines whose union is the thing.
        coloured: Outlines of the part that has the thing's colour; none if no part has.
        mirrors: True if it may look to either side.
    """

    name: str
    rings: tuple[Ring, ...]
    coloured: tuple[Ring, ...]
    mirrors: bool


FORMS = (*_CUT, *_TURNED, BALLOON, TORII)
"""Names of the things whose shapes are known."""


@cache
def form(name: str) -> Form:
    """Return the shape of a thing of `FORMS`."""
    if name == BALLOON:
        half, heights = envelope()
        ring = _mirrored(list(zip(half, heights, strict=True)))
        return Form(name, (ring,), (ring,), mirrors=False)
    if name == TORII:
        low, top = lintel()
        rings = (*outline(name, "sharp_posts", "sharp_beams"), [*low, *top[::-1]])
        return Form(name, rings, rings, mirrors=False)
    if name in _TURNED:
        every, coloured = _TURNED[name]
        parts = {part: _mirrored(turned(part)) for part in every}
        return Form(name, tuple(parts.values()), tuple(parts[c] for c in coloured), mirrors=False)
    kinds, coloured_kinds = _CUT[name]
    return Form(
        name, tuple(outline(name, *kinds)), tuple(outline(name, *coloured_kinds)), mirrors=True
    )


def _mirrored(right: list[tuple[float, float]]) -> Ring:
    return [*right, *[(-x, y) for x, y in right[::-1]]]
