"""Glow around highlights, blurred at an eighth of the size."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

THRESHOLD = 140
"""Value from which on a pixel glows."""

STRENGTH = 1.6
"""Factor of the glow at full amount."""

RADIUS = 24 / 1080
"""Standard deviation of the glow as a share of the height."""


def add_bloom(frame: "Frame", amount: float) -> None:
    """Add the glow of the highlights to a frame, in place; less of it where it is bright anyway.

    Args:
        frame: BGRA pixels.
        amount: Share of the glow, 0 to 1.
    """
    import cv2
    import numpy as np

    height, width = frame.shape[:2]
    size = max(width // 8, 1), max(height // 8, 1)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    bright = cv2.subtract(small, np.full(4, THRESHOLD, np.float64))
    glow = cv2.GaussianBlur(bright, (0, 0), max(RADIUS * size[1], 0.5))
    glow = cv2.multiply(glow, cv2.bitwise_not(small), scale=STRENGTH * amount / 255)
    glow = cv2.resize(glow, (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.add(frame, np.asarray(glow, np.uint8), dst=frame)
