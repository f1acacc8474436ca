"""Pulling an image towards a palette as far as it stays the same image, and a report of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.imaging.measure.colour import Array, from_hex, oklab
from engine.imaging.palette.distance import (
    least_share,
    nearest_distance,
    sampled,
    some_blocks,
    spread_distance,
    structural_similarity,
)
from engine.imaging.palette.table import as_filter, pull_table
from engine.imaging.srgb import to_srgb

STRENGTH = 0.9
"""Strength that grades an image visibly and leaves its hues apart from each other."""

LEAST_SIMILARITY = 0.94
"""Structural similarity below which an image is changed too much."""

MAX_COLOURS = 16
"""Maximum number of colours of a palette."""

_MARGIN = 0.002
_ROUNDS = 5
_STEPS_DOWN = 0.8


@dataclass(frozen=True, slots=True)
class PaletteReport:
    """Change of an image by a palette; distances in OKLab, times 100.

    Attributes:
        before: Mean distance to the nearest colour of the palette before.
        after: The same after; never greater.
        spread_before: Sliced Wasserstein distance to the palette with equal shares, before.
        spread_after: The same after.
        least_share_before: Share of the image nearest to the rarest colour before, 0 to 1.
        least_share_after: The same after.
        similarity: Structural similarity in luma of the image after to that before, up to 1.
        strength: Strength of the pull of hues, 0 if the image was left as it was.
        lightness_strength: Part of it with which lightness was pulled, 0 to 1.
    """

    before: float
    after: float
    spread_before: float
    spread_after: float
    least_share_before: float
    least_share_after: float
    similarity: float
    strength: float
    lightness_strength: float


def enforce(
    image: Image.Image,
    palette: Sequence[str],
    strength: float = STRENGTH,
    least_similarity: float = LEAST_SIMILARITY,
) -> tuple[Image.Image, PaletteReport]:
    """Pull an image's colours towards a palette.

    Hues are pulled with the strength. Lightness follows as far as the structural similarity stays
    high enough; if even that is too much, hues are pulled less. If the image would be farther from
    the palette than before, it is returned as it was.

    Args:
        image: Any image; its transparency is kept.
        palette: Colours as `#rrggbb`, 1 to 16 of them.
        strength: 0 to 1.
        least_similarity: Structural similarity that the image keeps, up to 1.

    Returns:
        The image in sRGB, and the report.

    Raises:
        ValueError: A colour cannot be read, there are none or too many, or the strength is out of
            range.
    """
    colours = _read(palette)
    if not 0 <= strength <= 1:
        raise ValueError(f"a palette's strength is 0 to 1, not {strength:g}")
    whole = to_srgb(image)
    plain = whole.convert("RGB")
    pixels = sampled(plain)
    graded, similarity, pull = _graded(plain, pixels, colours, strength, least_similarity)
    after = sampled(graded)
    if nearest_distance(after, colours) > nearest_distance(pixels, colours):
        graded, similarity, pull, after = plain, 1.0, _Pull(0.0, 0.0), pixels
    report = PaletteReport(
        before=nearest_distance(pixels, colours),
        after=nearest_distance(after, colours),
        spread_before=spread_distance(pixels, colours),
        spread_after=spread_distance(after, colours),
        least_share_before=least_share(pixels, colours),
        least_share_after=least_share(after, colours),
        similarity=similarity,
        strength=pull.strength,
        lightness_strength=pull.lightness,
    )
    if whole.mode == "RGBA":
        graded = graded.copy()
        graded.putalpha(whole.getchannel("A"))
    return graded, report


@dataclass(frozen=True, slots=True)
class _Pull:
    """Strengths of a pull."""

    strength: float
    lightness: float


def _read(palette: Sequence[str]) -> Array:
    """Return the colours of a palette in OKLab, of shape (colours, 3)."""
    if not 1 <= len(palette) <= MAX_COLOURS:
        raise ValueError(f"a palette has 1 to {MAX_COLOURS} colours, not {len(palette)}")
    return oklab(np.array([from_hex(colour) for colour in palette]))


def _graded(
    image: Image.Image, pixels: Array, palette: Array, strength: float, least: float
) -> tuple[Image.Image, float, _Pull]:
    """Return the image pulled as far as it stays similar, how similar it is, and the pull."""
    small = some_blocks(image)

    def pulled(target: Image.Image, pull: _Pull) -> tuple[Image.Image, float]:
        table = pull_table(pixels[:, 0], palette, pull.strength, pull.lightness)
        result = target.filter(as_filter(table))
        return result, structural_similarity(target, result)

    def is_similar(pull: _Pull) -> bool:
        return pulled(small, pull)[1] >= least + _MARGIN

    pull = _strongest(strength, is_similar)
    graded, similarity = pulled(image, pull)
    while similarity < least and pull.strength > 0.01:
        pull = _Pull(pull.strength * _STEPS_DOWN, pull.lightness * _STEPS_DOWN)
        graded, similarity = pulled(image, pull)
    return graded, similarity, pull


def _strongest(strength: float, is_similar: Callable[[_Pull], bool]) -> _Pull:
    """Return the strongest pull that is allowed: first of hues, then of lightness."""
    if is_similar(_Pull(strength, 1.0)):
        return _Pull(strength, 1.0)
    if not is_similar(_Pull(strength, 0.0)):
        return _Pull(_bisected(lambda part: is_similar(_Pull(part * strength, 0.0))) * strength, 0)
    return _Pull(strength, _bisected(lambda part: is_similar(_Pull(strength, part))))


def _bisected(is_allowed: Callable[[float], bool]) -> float:
    """Return nearly the greatest part, 0 to 1, that is allowed; greater ones are not."""
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_allowed(middle) else (low, middle)
    return low
