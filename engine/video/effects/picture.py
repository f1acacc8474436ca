"""Images as the renderer uses them: in one size, opaque, drawn through a moving window."""

from typing import TYPE_CHECKING, Any

from engine.video.effects.depth import Layers
from engine.video.effects.motion import Pose, window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

OVERSAMPLING = 1.2
"""Size of an image at which it is drawn, relative to the size that covers the film: sharp up to
this zoom, and without aliasing below it."""


def prepare(image: "NDArray[np.uint8]", film: tuple[int, int]) -> "Frame":
    """Return an image in the size at which it is drawn, with an opaque fourth channel.

    Args:
        image: BGRA or BGR pixels of any size. What is transparent becomes black.
        film: Width and height of the film.
    """
    import cv2
    import numpy as np

    opaque = _opaque(image)
    height, width = opaque.shape[:2]
    scale = OVERSAMPLING * max(film[0] / width, film[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how: Any = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(opaque, size, interpolation=how) if size != (width, height) else opaque
    scaled[..., 3] = 255
    return np.ascontiguousarray(scaled, np.uint8)


def _opaque(image: "NDArray[np.uint8]") -> "Frame":
    import cv2
    import numpy as np

    if image.ndim != 3 or image.shape[2] not in {3, 4} or image.dtype != np.uint8:
        raise ValueError(
            f"an image has shape {image.shape} and type {image.dtype}; it needs bytes of shape "
            "(height, width, 4)"
        )
    if image.shape[2] == 3:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), np.uint8)
    alpha = image[..., 3:]
    if alpha.min() == 255:
        return image.copy()
    mixed = (image.astype(np.uint16) * alpha + 127) // 255
    return mixed.astype(np.uint8)


def draw(picture: "Frame", pose: Pose, film: tuple[int, int]) -> "Frame":
    """Return the pixels of a picture that the camera sees.

    Args:
        picture: An image from `prepare`.
        pose: Place of the camera.
        film: Width and height of the film.
    """
    import cv2

    matrix = window(pose, (picture.shape[1], picture.shape[0]), film)
    return _warped(picture, matrix, film, cv2.BORDER_REFLECT_101)


def draw_layers(layers: Layers, pose: Pose, apart: Pose, film: tuple[int, int]) -> "Frame":
    """Return the pixels of a picture whose near layer moves apart from the far one.

    Args:
        layers: Layers of an image from `prepare`.
        pose: Place of the camera for the far layer.
        apart: Place of the camera for the near layer.
        film: Width and height of the film.
    """
    import cv2
    import numpy as np

    from engine.video.effects.kernels import draw_over

    frame = draw(layers.far, pose, film)
    height, width = layers.near.shape[:2]
    matrix = window(apart, (width, height), film)
    top, bottom = _rows(matrix, layers, film)
    if top < bottom:
        matrix[:, 2] += top * matrix[:, 1]
        near = _warped(layers.near, matrix, (film[0], bottom - top), cv2.BORDER_CONSTANT)
        below = frame[top:bottom].reshape(-1).view(np.uint32)
        draw_over(below, near.reshape(-1).view(np.uint32))
    return frame


def _rows(matrix: "NDArray[np.float64]", layers: Layers, film: tuple[int, int]) -> tuple[int, int]:
    """Return the rows of the film that the near layer reaches."""
    import cv2
    import numpy as np

    height, width = layers.near.shape[:2]
    corners = [(x, y * height, 1.0) for x in (0, width) for y in layers.rows]
    rows = np.asarray(cv2.invertAffineTransform(matrix))[1] @ np.array(corners).T
    return max(0, int(rows.min()) - 1), min(film[1], int(rows.max()) + 2)


def _warped(
    picture: "Frame", matrix: "NDArray[np.float64]", size: tuple[int, int], border: int
) -> "Frame":
    import cv2
    import numpy as np

    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=border), np.uint8
    )
