"""Conversion of frames to the planes of a video (BT.709, limited range), and effects in it.

Brightness, colour, fades and flashes are part of the conversion's weights, so they cost nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.video.effects.noise import hash_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in the luma of BT.709."""

GRAIN_DEVIATION = 147.8
"""Standard deviation of the hash that `fill_luma` adds."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Last changes of a frame.

    Attributes:
        gain: Factors of red, green and blue.
        lift: Value added to all three afterwards, 0 to 255.
        grain: Standard deviation of the film grain in values of luma.
        seed: Seed of the grain of this frame.
        spread: Difference in size of the two chroma planes as a share (chromatic aberration).
    """

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lift: float = 0.0
    grain: float = 0.0
    seed: int = 0
    spread: float = 0.0


def planes_of(frame: "Frame", finish: Finish) -> "Frame":
    """Return a frame as I420: luma, then the two chroma planes at half size.

    Chroma is sited at the centre of each square of four pixels.

    Args:
        frame: BGRA pixels of shape (height, width, 4), both sides even.
        finish: Last changes.

    Returns:
        Bytes of shape (1.5 * height, width).
    """
    import numpy as np

    from engine.video.effects.kernels import fill_chroma, fill_luma

    height, width = frame.shape[:2]
    pixels = frame.view(np.uint32)[..., 0]
    planes = np.empty((height * 3 // 2, width), np.uint8)
    grain = round(finish.grain / GRAIN_DEVIATION * 65536)
    luma_grain = np.array([hash_of(finish.seed) & 0xFFFFFFFF, grain], np.uint32)
    fill_luma(pixels, planes[:height], _luma_weights(finish), luma_grain)
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    fill_chroma(pixels, chroma[0], chroma[1], _chroma_weights(finish))
    if finish.spread:
        _spread(chroma, finish.spread)
    return planes


def _luma_weights(finish: Finish) -> "NDArray[np.int32]":
    import numpy as np

    scale = 219 / 255 * 65536
    weights = [scale * part * gain for part, gain in zip(LUMA, finish.gain, strict=True)]
    offset = 16 * 65536 + 32768 + scale * finish.lift
    return np.rint([*weights, offset]).astype(np.int32)


def _chroma_weights(finish: Finish) -> "NDArray[np.int32]":
    import numpy as np

    scale = 224 / 255 * 65536
    luma = np.array(LUMA)
    blue = (np.array([0.0, 0.0, 1.0]) - luma) / (2 * (1 - LUMA[2]))
    red = (np.array([1.0, 0.0, 0.0]) - luma) / (2 * (1 - LUMA[0]))
    return np.rint(scale * np.array([blue, red]) * finish.gain).astype(np.int32).reshape(-1)


def _spread(chroma: "Frame", spread: float) -> None:
    """Scale the two chroma planes apart, about their centres, in place."""
    import cv2
    import numpy as np

    height, width = chroma.shape[1:]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for index, scale in enumerate((1 / (1 + spread), 1 + spread)):
        x, y = (1 - scale) * (width - 1) / 2, (1 - scale) * (height - 1) / 2
        matrix = np.array([[scale, 0.0, x], [0.0, scale, y]])
        chroma[index] = cv2.warpAffine(
            chroma[index], matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
