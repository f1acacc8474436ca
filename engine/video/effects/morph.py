"""Morphs: both images bend towards each other along the optical flow while they dissolve.

Flow by dense inverse search (Kroeger et al. 2016) at a quarter of the size, smoothed and bounded,
because two images of other things have no true flow.
"""

from typing import TYPE_CHECKING

from engine.video.effects.dissolve import dissolve
from engine.video.effects.noise import smooth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Flow = NDArray[np.float32]

MAX_REACH = 0.08
"""Distance that a pixel moves at most, as a share of the width."""


def flow_between(first: "Frame", second: "Frame") -> "Flow":
    """Return the flow from one frame to another, in pixels of a quarter of the size.

    Args:
        first: BGRA pixels.
        second: BGRA pixels of the same shape.
    """
    import cv2
    import numpy as np

    size = max(first.shape[1] // 4, 16), max(first.shape[0] // 4, 16)
    grey = [
        cv2.cvtColor(cv2.resize(one, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGRA2GRAY)
        for one in (first, second)
    ]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    raw = search.calc(grey[0], grey[1], np.zeros((*size[::-1], 2), np.float32))
    flow = np.asarray(cv2.GaussianBlur(raw, (0, 0), size[0] / 60), np.float32)
    length = np.maximum(np.linalg.norm(flow, axis=2, keepdims=True), 1e-6)
    limit = MAX_REACH * size[0]
    return np.asarray(flow * np.tanh(length / limit) * limit / length, np.float32)


def morph(first: "Frame", second: "Frame", flow: "Flow", part: float) -> "Frame":
    """Return a frame between two.

    Args:
        first: BGRA pixels.
        second: BGRA pixels of the same shape.
        flow: Flow from the first to the second, from `flow_between`.
        part: Place between them, 0 to 1.
    """
    moved = smooth(part)
    bent = _bent(first, flow, -moved), _bent(second, flow, 1 - moved)
    return dissolve(*bent, smooth((part - 0.15) / 0.7))


def _bent(frame: "Frame", flow: "Flow", share: float) -> "Frame":
    """Return a frame whose pixels are taken from a share of the flow away."""
    import cv2
    import numpy as np

    height, width = frame.shape[:2]
    wide = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    scale = np.float32(share * width / flow.shape[1])
    x = wide[..., 0] * scale + np.arange(width, dtype=np.float32)
    y = wide[..., 1] * scale + np.arange(height, dtype=np.float32)[:, None]
    bent = cv2.remap(frame, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(bent, np.uint8)
