"""Small versions of a film: a preview of all of it, and single frames as images."""

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.video.plan import MIN_SIDE, FilmPlan, Shot
from engine.video.render import FilmRenderer
from engine.video.sources import Clips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.video.sources import Images

PREVIEW_SIDE = 270
"""Shorter side of a preview in pixels."""

PREVIEW_RATE = 15
"""Maximum frames per second of a preview, about: the film's rate is divided by a whole number."""


def preview_plan(plan: FilmPlan, side: int = PREVIEW_SIDE) -> FilmPlan:
    """Return a plan of the same film, small, with fewer frames and without grain.

    It is rendered and joined like the film, with the quality `preview`.

    Args:
        plan: The film.
        side: Shorter side in pixels.
    """
    divisor = max(1, round(plan.rate / PREVIEW_RATE))
    shots = tuple(_without_grain(shot) for shot in plan.shots)
    return replace(resized(plan, side), frame_rate=_written(plan.rate / divisor), shots=shots)


def resized(plan: FilmPlan, side: int) -> FilmPlan:
    """Return a plan with another shorter side, of about the same shape; never a larger one.

    Args:
        plan: The film.
        side: Shorter side in pixels.
    """
    scale = min(1.0, side / min(plan.width, plan.height))
    width, height = (max(MIN_SIDE, 2 * round(one * scale / 2)) for one in (plan.width, plan.height))
    return replace(plan, width=width, height=height)


def still(plan: FilmPlan, images: "Images", clips: Clips, frame: int) -> "NDArray[np.uint8]":
    """Return a frame of a film as an image, with the colours that a player shows.

    Args:
        plan: The film, or an excerpt of it; see `resized` for a smaller image.
        images: Images by the index that shots name them with: BGRA pixels, or bytes of files.
        clips: Clips by the index that shots name them with.
        frame: Number of the frame.

    Returns:
        RGB pixels of shape (height, width, 3).

    Raises:
        PlanError: An image or a clip is missing.
        ClipError: A clip cannot be decoded.
    """
    import av
    import numpy as np

    renderer = FilmRenderer(plan, images, clips)
    try:
        planes = renderer.planes(frame)
    finally:
        renderer.close()
    shown = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    rgb = shown.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG", threads=1)
    return np.asarray(rgb.to_ndarray(), np.uint8)


def _without_grain(shot: Shot) -> Shot:
    return replace(shot, effects=replace(shot.effects, grain=0.0))


def _written(rate: Fraction) -> int | str:
    return int(rate) if rate.denominator == 1 else str(rate)
