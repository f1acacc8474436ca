"""Scores images by measuring them; each scorer has a name of its own and a documented map.

None of these is a learned model, and none says how beautiful an image is. Each returns its raw
number and the same mapped to 0..100, higher is better.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from engine.imaging.measure.colour import Array
from engine.imaging.measure.image import Measures, measure
from engine.imaging.vocabulary.expectations import Brief, measured, understand

POINTS = np.array([(x, y) for x in (1 / 3, 0.5, 2 / 3) for y in (1 / 3, 0.5, 2 / 3)])
"""Good positions of a subject: the thirds, their crossings with the middle, and the centre."""

OFF_POINT = 0.15
"""Distance from the nearest of the points, in parts of the diagonal, that halves `composition`."""

FULL_RANGE = 0.8
"""Span of OKLab lightness between the 2nd and the 98th percentile that is worth 100."""

SHARP = 0.9
"""Sharpness that is worth 100."""

TEMPLATES: dict[str, tuple[tuple[float, float], ...]] = {
    "i": ((0, 18),),
    "V": ((0, 93.6),),
    "L": ((0, 18), (90, 79.2)),
    "I": ((0, 18), (180, 18)),
    "Y": ((0, 93.6), (180, 18)),
    "X": ((0, 93.6), (180, 93.6)),
}
"""Hue templates as centre and width of their sectors in degrees (Y. Matsuda, 1995, as given by
D. Cohen-Or et al., "Color harmonization", ACM TOG 25, 2006), less the half circle of template T,
in which nearly any image fits."""

DISCORD = 4.0
"""Mean distance to the best template, in degrees of hue, that halves `colour_harmony`."""


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """An image as the scorers see it."""

    measures: Measures
    brief: Brief


@dataclass(frozen=True, slots=True)
class BuiltinScorer:
    """One scorer.

    Attributes:
        name: Name of the metric.
        method: What is measured and how, with its version.
        text: Which text it is given: `prompt`, or `none`.
        score: From an image to the raw number and its value, 0..100.
    """

    name: str
    method: str
    text: str
    score: Callable[[ImageFeatures], tuple[float, float]]


def marks(
    images: list[bytes], prompt: str, metrics: list[str], strictness: float = 1.0
) -> list[list[tuple[float | None, float | None, str]]]:
    """Score images.

    Args:
        images: Encoded images.
        prompt: Prompt of the images.
        metrics: Names of scorers.
        strictness: Divides the tolerances of `brief_match`.

    Returns:
        For each metric, for each image, the raw number, the value of 0..100 and a note; where
        an image cannot be read, no numbers and the reason.
    """
    brief = understand(prompt, strictness)
    seen = [_seen(image, brief) for image in images]
    return [[_mark(SCORERS[name], one) for one in seen] for name in metrics]


def _seen(image: bytes, brief: Brief) -> ImageFeatures | str:
    try:
        return ImageFeatures(measure(image), brief)
    except ValueError as error:
        return f"Not scored: {error}"


def _mark(
    scorer: BuiltinScorer, seen: ImageFeatures | str
) -> tuple[float | None, float | None, str]:
    if isinstance(seen, str):
        return None, None, seen
    raw, value = scorer.score(seen)
    return round(raw, 6), round(min(100.0, max(0.0, value)), 2), ""


def _brief_match(seen: ImageFeatures) -> tuple[float, float]:
    """Weighted mean of how well each expectation of the text is met, 0..1; times 100."""
    wanted = seen.brief.expectations
    values = measured(seen.measures, wanted)
    met = sum(one.weight * one.met(values[one.measure]) for one in wanted)
    raw = met / sum(one.weight for one in wanted)
    return raw, 100 * raw


def _composition(seen: ImageFeatures) -> tuple[float, float]:
    """Distance of what stands out most from the nearest good place, in parts of the diagonal.

    The map is 100 / (1 + (distance / OFF_POINT)^2).
    """
    x, y = _focus(seen.measures.lab)
    high, wide = seen.measures.lab.shape[:2]
    gaps = (POINTS - (x, y)) * np.array([wide, high]) / np.hypot(wide, high)
    raw = float(np.sqrt((gaps**2).sum(axis=1)).min())
    return raw, 100 / (1 + (raw / OFF_POINT) ** 2)


def _focus(lab: Array) -> tuple[float, float]:
    """Position where an image stands out most, each 0..1: the peak of the blurred visual weight."""
    weight = ((lab - lab.mean(axis=(0, 1))) ** 2).sum(axis=-1) ** 0.5
    peak = float(weight.max())
    if peak < 1e-3:
        return 0.5, 0.5
    sheet = Image.fromarray((255 * weight / peak).astype(np.uint8))
    soft = np.asarray(sheet.filter(ImageFilter.GaussianBlur(max(sheet.size) / 14)), dtype=float)
    strong = np.clip(soft - 0.8 * soft.max(), 0, None) + 1e-9
    rows, columns = strong.sum(axis=1), strong.sum(axis=0)
    return _centre(columns), _centre(rows)


def _centre(weights: Array) -> float:
    return float((weights * (np.arange(len(weights)) + 0.5)).sum() / weights.sum() / len(weights))


def _tonal_range(seen: ImageFeatures) -> tuple[float, float]:
    """Span of lightness from the 2nd to the 98th percentile, 0..1, linear up to `FULL_RANGE`."""
    low, high = np.quantile(seen.measures.lab[..., 0], [0.02, 0.98])
    raw = float(high - low)
    return raw, 100 * raw / FULL_RANGE


def _sharpness(seen: ImageFeatures) -> tuple[float, float]:
    """`Measures.sharpness`, 0..1, linear up to `SHARP`."""
    return seen.measures.sharpness, 100 * seen.measures.sharpness / SHARP


def _colour_harmony(seen: ImageFeatures) -> tuple[float, float]:
    """Mean distance of the hues from the nearest sector of the best template, in degrees.

    Weighed by chroma, over all rotations in steps of 5 degrees; grey images are in harmony. The
    map is 100 / (1 + (distance / DISCORD)^2).
    """
    lab = seen.measures.lab.reshape(-1, 3)
    hues = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    weights = np.hypot(lab[:, 1], lab[:, 2])
    shares, edges = np.histogram(hues, bins=72, range=(0, 360), weights=weights)
    if float(weights.mean()) < 0.005:
        return 0.0, 100.0
    bins, turns = (edges[:-1] + edges[1:]) / 2, np.arange(0.0, 360.0, 5.0)
    best = min(
        float((_aside(bins, turns, sectors) @ (shares / shares.sum())).min())
        for sectors in TEMPLATES.values()
    )
    return best, 100 / (1 + (best / DISCORD) ** 2)


def _aside(bins: Array, turns: Array, sectors: tuple[tuple[float, float], ...]) -> Array:
    """Degrees from each hue to the nearest sector of a template, shape (turns, hues)."""
    gaps = []
    for centre, width in sectors:
        away = np.abs((bins[None] - turns[:, None] - centre + 180) % 360 - 180)
        gaps.append(np.clip(away - width / 2, 0, None))
    return np.asarray(np.min(gaps, axis=0))


SCORERS: dict[str, BuiltinScorer] = {
    one.name: one
    for one in (
        BuiltinScorer(
            "brief_match", "expectations of the words, measured; v1", "prompt", _brief_match
        ),
        BuiltinScorer(
            "composition", "distance of the focus from good places; v1", "none", _composition
        ),
        BuiltinScorer(
            "tonal_range", "lightness between percentiles 2 and 98; v1", "none", _tonal_range
        ),
        BuiltinScorer("sharpness", "relative variance of the Laplacian; v1", "none", _sharpness),
        BuiltinScorer(
            "colour_harmony", "distance from Matsuda's templates; v1", "none", _colour_harmony
        ),
    )
}
"""Every scorer by its metric, in the order in which they are shown."""
