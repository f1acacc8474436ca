"""Part of an image that is shown, and its scale."""

from typing import NamedTuple

MAX_SCALE = 16.0
"""Largest scale, in pixels of the terminal for one of the image."""


class Zoom(NamedTuple):
    """Scale and centre of the part of an image that is shown.

    Attributes:
        scale: Pixels of the terminal for one of the image; 0 for an image that fits as a whole.
        x: Centre from the left, 0..1.
        y: Centre from the top, 0..1.
    """

    scale: float = 0.0
    x: float = 0.5
    y: float = 0.5


WHOLE = Zoom()

Size = tuple[int, int]


def fitting_scale(image: Size, box: Size) -> float:
    """Return the scale at which an image fits a box."""
    return min(box[0] / max(1, image[0]), box[1] / max(1, image[1]))


def region_of(zoom: Zoom, image: Size, box: Size) -> tuple[int, int, int, int]:
    """Return the part of an image that fills a box: left, top, right and bottom in pixels."""
    spans = []
    for side, room, centre in zip(image, box, (zoom.x, zoom.y), strict=True):
        seen = min(side, max(1, round(room / zoom.scale)))
        start = min(max(0, round(centre * side - seen / 2)), side - seen)
        spans.append((start, start + seen))
    (left, right), (top, bottom) = spans
    return left, top, right, bottom


def moved(zoom: Zoom, image: Size, box: Size, steps: tuple[float, float]) -> Zoom:
    """Return a zoom moved by steps of the box to the right and down, within the image."""
    centres = []
    for side, room, centre, step in zip(image, box, (zoom.x, zoom.y), steps, strict=True):
        half = min(0.5, room / zoom.scale / side / 2) if zoom.scale else 0.5
        centres.append(min(max(centre + 2 * half * step, half), 1 - half))
    return zoom._replace(x=centres[0], y=centres[1])


def scaled(zoom: Zoom, image: Size, box: Size, factor: float) -> Zoom:
    """Return a zoom at another scale; the whole image if it fits at that."""
    whole = fitting_scale(image, box)
    scale = min((zoom.scale or whole) * factor, max(MAX_SCALE, whole))
    if factor < 1 and scale <= whole * 1.001:
        return WHOLE
    return moved(zoom._replace(scale=scale), image, box, (0, 0))
