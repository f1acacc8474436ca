"""The clip of an animation: the frames between the diffused ones, encoded as H.264."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from engine.video.effects.colour import Finish, planes_of
from engine.video.encode import encode
from engine.video.motion.animation import Animation
from engine.video.motion.images import Pixels, between, pixels_of
from engine.video.quality import ENCODINGS


def clip_of(animation: dict[str, Any], rate: float, *diffused: bytes) -> bytes:
    """Return an animation as an MP4 without sound; for the process pool.

    Args:
        animation: An `Animation` as plain data.
        rate: Frames per second.
        diffused: Its diffused frames in order, as image files.
    """
    plan = Animation.model_validate(animation)
    return encoded(_frames(plan, diffused), (plan.width, plan.height), rate)


def encoded(frames: Iterable[Pixels], size: tuple[int, int], rate: float) -> bytes:
    """Return frames as an MP4 without sound.

    Args:
        frames: RGB pixels of shape (height, width, 3).
        size: Width and height in pixels; an odd row or column is cut off.
        rate: Frames per second.
    """
    even = size[0] // 2 * 2, size[1] // 2 * 2
    planes = (_planes(pixels, even) for pixels in frames)
    return encode(planes, even, Fraction(rate).limit_denominator(1001), ENCODINGS["final"])


def _frames(plan: Animation, diffused: tuple[bytes, ...]) -> Iterator[Pixels]:
    """Yield all frames; two diffused ones are in memory at a time."""
    earlier = pixels_of(diffused[0])
    yield earlier
    for one, other, data in zip(plan.keys, plan.keys[1:], diffused[1:], strict=False):
        later = pixels_of(data)
        yield from between(plan, one, other, (earlier, later))
        earlier = later


def _planes(pixels: Pixels, size: tuple[int, int]) -> Any:
    frame = np.full((size[1], size[0], 4), 255, np.uint8)
    frame[..., :3] = pixels[: size[1], : size[0], ::-1]
    return planes_of(frame, Finish())
