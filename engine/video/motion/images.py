"""Images between two diffusions: moved, in the colours of the first one, with fresh noise.

All of it is computed on the processor and depends on its arguments only, so that an animation that
is continued after a crash has the same frames.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.imaging.decode import decoded
from engine.imaging.measure.colour import oklab, srgb
from engine.video.motion.animation import Animation, Matrix
from engine.video.motion.options import Border

Pixels = NDArray[np.uint8]
"""RGB of shape (height, width, 3)."""

_LEAST_DEVIATION = 1e-3


def opening(data: bytes, animation: Animation) -> bytes:
    """Return the first frame from an image: filled to the size of the animation, as a PNG."""
    from PIL import ImageOps

    size = animation.width, animation.height
    return png_of(np.asarray(ImageOps.fit(decoded(data), size, Image.Resampling.LANCZOS)))


def start_of(frame: int, last: int, image: bytes, first: bytes, animation: Animation) -> bytes:
    """Return the image that a frame is diffused from, as a PNG.

    Args:
        frame: Number of the frame.
        last: Number of the last diffused frame.
        image: That frame.
        first: The first frame of the animation.
        animation: The animation.
    """
    pixels = moved(pixels_of(image), animation.movement(last, frame), animation.border)
    if animation.coherent:
        pixels = in_colours_of(pixels_of(first), pixels)
    return png_of(noisy(pixels, animation.noise[frame], (animation.seed, frame)))


def between(animation: Animation, one: int, other: int, images: tuple[Pixels, Pixels]) -> Any:
    """Yield the frames after one diffused frame, up to the next one.

    Each is the earlier image moved forwards and the later one moved backwards, blended.

    Args:
        animation: The animation.
        one: Number of the earlier diffused frame.
        other: Number of the later one.
        images: Both frames.
    """
    for frame in range(one + 1, other):
        share = (frame - one) / (other - one)
        ahead = moved(images[0], animation.movement(one, frame), animation.border)
        behind = moved(images[1], animation.movement(other, frame), animation.border)
        blend = ahead * (1 - share) + behind * share
        yield np.asarray(np.rint(blend), np.uint8)
    yield images[1]


def moved(pixels: Pixels, matrix: Matrix, border: Border) -> Pixels:
    """Return an image after a movement, by cubic interpolation."""
    import cv2

    borders = {
        "replicate": cv2.BORDER_REPLICATE,
        "reflect": cv2.BORDER_REFLECT_101,
        "wrap": cv2.BORDER_WRAP,
    }
    height, width = pixels.shape[:2]
    warped = cv2.warpAffine(
        pixels, matrix[:2], (width, height), flags=cv2.INTER_CUBIC, borderMode=borders[border]
    )
    return np.asarray(warped, np.uint8)


def in_colours_of(model: Pixels, pixels: Pixels) -> Pixels:
    """Return an image with the mean and the deviation of another one's colours.

    Without it, an animation drifts to grey or to one colour within seconds. Reinhard et al., *Color
    Transfer between Images*, 2001, in OKLab.
    """
    wanted, lab = oklab(model / 255), oklab(pixels / 255)
    mean, goal = lab.mean((0, 1)), wanted.mean((0, 1))
    gain = wanted.std((0, 1)) / np.maximum(lab.std((0, 1)), _LEAST_DEVIATION)
    matched = srgb((lab - mean) * np.clip(gain, 0.5, 2.0) + goal)
    return np.asarray(np.rint(np.clip(matched, 0, 1) * 255), np.uint8)


def noisy(pixels: Pixels, amount: float, seed: tuple[int, int]) -> Pixels:
    """Return an image with normal noise, which gives a diffusion something to draw from.

    Args:
        pixels: The image.
        amount: Deviation as a share of white.
        seed: Seed of the animation, and the number of the frame.
    """
    noise = np.random.default_rng(seed).standard_normal(pixels.shape, np.float32)
    loud = pixels + noise * np.float32(255 * amount)
    return np.asarray(np.rint(np.clip(loud, 0, 255)), np.uint8)


def pixels_of(data: bytes) -> Pixels:
    """Return the pixels of an image file."""
    return np.asarray(decoded(data).convert("RGB"), np.uint8)


def png_of(pixels: Pixels) -> bytes:
    """Return pixels as a PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=2)
    return stream.getvalue()


def from_bytes(rgb: bytes, width: int, height: int) -> bytes:
    """Return pixels, three bytes each, row by row, as a PNG."""
    return png_of(np.frombuffer(rgb, np.uint8).reshape(height, width, 3))
