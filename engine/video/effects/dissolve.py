"""Dissolves in linear light: bright parts of both images add up as light does."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]


def dissolve(first: "Frame", second: "Frame", weight: float) -> "Frame":
    """Mix two frames in linear light.

    Args:
        first: BGRA pixels, which are changed.
        second: BGRA pixels of the same shape.
        weight: Share of the second, 0 to 1.

    Returns:
        The first.
    """
    from engine.video.effects.kernels import map_pairs

    map_pairs(first.reshape(-1), second.reshape(-1), _table(round(weight * 4096)))
    return first


@lru_cache(maxsize=64)
def _table(weight: int) -> "NDArray[np.uint8]":
    """Return the mix of each pair of sRGB values; 64 KiB, which stay in the processor's cache."""
    import numpy as np

    values = np.arange(256) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    share = weight / 4096
    mixed = linear[:, None] * (1 - share) + linear[None, :] * share
    encoded = np.where(
        mixed <= 0.0031308, mixed * 12.92, 1.055 * np.maximum(mixed, 0) ** (1 / 2.4) - 0.055
    )
    return np.asarray(np.rint(encoded * 255), np.uint8).reshape(-1)
