"""Light of a frame in its tones: glow, and the way to the size of the film."""

import cv2
import numpy as np

from engine.video.procedural.fields import Floats
from engine.video.procedural.inks import Bytes
from engine.video.procedural.kernels import to_bytes

_GLOW_FROM = 0.55
"""Tone above which a place glows."""


def glow(tone: Floats, strength: float) -> Floats:
    """Return tones with a soft light around bright places; none exceeds 1.

    Args:
        tone: Tones from 0 to 1, shape (height, width).
        strength: Weight of the light, 0 for none.
    """
    height, width = tone.shape
    small = cv2.resize(
        tone, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA
    )
    bright = np.maximum(small - np.float32(_GLOW_FROM), 0)
    soft = cv2.GaussianBlur(bright, (0, 0), max(1.0, min(width, height) / 90))
    light = cv2.resize(soft * np.float32(strength), (width, height))
    return np.asarray(tone + light * (1 - tone), np.float32)


def spread(tone: Floats, hue: Floats, size: tuple[int, int]) -> tuple[Bytes, Bytes]:
    """Return tone and hue as bytes at the size of the film.

    Args:
        tone: Tones from 0 to 1; what is outside is clipped.
        hue: Hues from 0 to 1; what is outside is clipped.
        size: Width and height in pixels.
    """
    return _bytes(tone, size), _bytes(hue, size)


def _bytes(plane: Floats, size: tuple[int, int]) -> Bytes:
    small = np.empty(plane.shape, np.uint8)
    to_bytes(np.ascontiguousarray(plane).reshape(-1), small.reshape(-1))
    if (plane.shape[1], plane.shape[0]) == size:
        return small
    way = cv2.INTER_CUBIC if plane.shape[1] < size[0] else cv2.INTER_AREA
    return np.asarray(cv2.resize(small, size, interpolation=way), np.uint8)
