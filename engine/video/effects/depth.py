"""A near and a far layer of an image, for parallax.

The near object is cut out by its colours (Rother et al. 2004, "GrabCut") and its edge refined by
those of the image (He et al. 2010, "Guided image filtering"): a soft edge would show details twice.
Behind it the far layer is filled in (Telea 2004).
"""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Mask = NDArray[np.float32]

CUT_WIDTH, EDGE_WIDTH = 240, 768
"""Widths in pixels at which the object is cut out, and at which its edge is refined."""

MIN_SHARE, MAX_SHARE = 0.02, 0.6
"""Share of the image that a near object takes; others are not used."""

MIN_OUTLINE = 0.96
"""Share of the object's outline that has to be an edge of the image: a quarter of it has stronger
changes of colour. Where the outline crosses a surface, the surface would tear."""

RING = 0.02
"""Width of the ring around the near object that is filled in, as a share of the image's width."""

BAND = 64
"""Rows that are computed at once."""


class Layers(NamedTuple):
    """Layers of an image.

    Attributes:
        far: The image without the near object, BGRA, opaque.
        near: The near object, BGRA, its colours multiplied by its alpha.
        rows: First row of the near object and the row after its last, as shares of the height.
    """

    far: "Frame"
    near: "Frame"
    rows: tuple[float, float]


def split(picture: "Frame") -> Layers | None:
    """Return the layers of an image; None if it has no clear near object.

    Args:
        picture: BGRA pixels, opaque.
    """
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    small = _shrunk(picture, CUT_WIDTH)
    cut = _cut_out(small)
    if not MIN_SHARE <= cut.mean() <= MAX_SHARE or _outline(cut, small) < MIN_OUTLINE:
        return None
    soft = _refined(cut, _shrunk(picture, EDGE_WIDTH))
    wide = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    sharpness = max(1.0, 0.25 * width / soft.shape[1]) * 8  # an edge of about two pixels
    near, seen = np.empty_like(picture), np.empty(height, np.float32)
    for band in _bands(height):
        alpha = np.clip((wide[band] - 0.5) * sharpness + 0.5, 0, 1)[..., None].astype(np.float32)
        near[band, :, :3] = np.rint(picture[band, :, :3] * alpha)
        near[band, :, 3:] = np.rint(255 * alpha)
        seen[band] = alpha.max(axis=(1, 2))
    used = np.flatnonzero(seen)
    if not used.size:
        return None
    rows = float(used[0]) / height, float(used[-1] + 1) / height
    return Layers(_filled(picture, cut), near, rows)


def _bands(height: int) -> "Iterator[slice]":
    """Yield the rows of an image in bands: numbers of 32 bits for all of it take much memory."""
    for row in range(0, height, BAND):
        yield slice(row, row + BAND)


def _shrunk(picture: "Frame", width: int) -> "Frame":
    import cv2
    import numpy as np

    height = max(8, round(width * picture.shape[0] / picture.shape[1]))
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., :3], np.uint8)


def _cut_out(small: "Frame") -> "Mask":
    """Return 1 where the near object is: what differs in colour from the edge of the image."""
    import cv2
    import numpy as np

    height, width = small.shape[:2]
    guess = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    inside = ((x / width - 0.5) / 0.3) ** 2 + ((y / height - 0.6) / 0.36) ** 2 < 1
    guess[inside] = cv2.GC_PR_FGD
    edge, half = width // 20, height // 2
    guess[: height // 8] = guess[:half, :edge] = guess[:half, -edge:] = cv2.GC_BGD
    cv2.setRNGSeed(15)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(small, guess, (0, 0, 0, 0), *models, 3, cv2.GC_INIT_WITH_MASK)
    near = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    near = np.asarray(cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    return _largest(near)


def _largest(near: "Frame") -> "Mask":
    """Return the largest connected part of a mask, without holes in it."""
    import cv2
    import numpy as np

    mask = np.zeros(near.shape, np.uint8)
    outlines, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if outlines:
        cv2.drawContours(mask, [max(outlines, key=cv2.contourArea)], 0, (1,), cv2.FILLED)
    return mask.astype(np.float32)


def _outline(cut: "Mask", small: "Frame") -> float:
    """Return the share of an object's outline that is an edge of the image."""
    import cv2
    import numpy as np

    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    slopes = [cv2.Sobel(lab, -1, *order) for order in ((1, 0), (0, 1))]
    change = np.sqrt(np.square(slopes).sum(axis=(0, 3))).astype(np.float32)
    change = cv2.dilate(change, np.ones((3, 3), np.uint8))
    outline = cv2.morphologyEx(cut, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    outline[-2:] = outline[:, :2] = outline[:, -2:] = False
    return float((change[outline] > np.percentile(change, 75)).mean()) if outline.any() else 0.0


def _refined(mask: "Mask", guide: "Frame") -> "Mask":
    """Return a mask in the size of a guide whose edges follow those of the guide."""
    import cv2
    import numpy as np

    size = guide.shape[1], guide.shape[0]
    p = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.float32)
    i = np.asarray(cv2.cvtColor(guide, cv2.COLOR_BGR2GRAY) / 255, np.float32)
    window = (2 * max(2, size[0] // 96) + 1,) * 2

    def mean(values: "NDArray[np.floating[Any]]") -> "Mask":
        return np.asarray(cv2.boxFilter(values, cv2.CV_32F, window), np.float32)

    mean_i, mean_p = mean(i), mean(p)
    slope = (mean(i * p) - mean_i * mean_p) / (mean(i * i) - mean_i * mean_i + 1e-3)
    return np.asarray(mean(slope) * i + mean(mean_p - slope * mean_i), np.float32)


def _filled(picture: "Frame", cut: "Mask") -> "Frame":
    """Return an image whose near object is replaced by its surroundings."""
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    small = _shrunk(picture, cut.shape[1])
    reach = max(2, round(RING * cut.shape[1]))
    ring = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    hole = np.asarray(cv2.dilate(cut.astype(np.uint8), ring[::1]), np.uint8)
    fill = cv2.inpaint(small, hole, 3, cv2.INPAINT_TELEA)
    fill = cv2.resize(fill, (width, height), interpolation=cv2.INTER_CUBIC)
    weight = cv2.resize(cut, (width, height), interpolation=cv2.INTER_LINEAR)
    edge = 2 * max(1, round(0.004 * width)) + 1
    weight = cv2.dilate((weight > 0.2).astype(np.float32), np.ones((edge, edge), np.uint8))
    weight = np.asarray(cv2.blur(weight, (edge, edge)), np.float32)[..., None]
    far = picture.copy()
    for band in _bands(height):
        share = weight[band]
        far[band, :, :3] = np.rint(picture[band, :, :3] * (1 - share) + fill[band] * share)
    return far
