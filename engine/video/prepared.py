"""Prepared images, kept in a process from one segment of a film to the next."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from engine.video.effects.depth import Layers, split
from engine.video.effects.picture import prepare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Image = Frame | bytes

MAX_BYTES = 80 * 1024 * 1024
"""Bytes of prepared images that are kept; the one in use is kept in any case."""

_kept: "dict[tuple[bytes, tuple[int, int]], PreparedImage]" = {}


@dataclass(eq=False)
class PreparedImage:
    """An image in the size at which it is drawn.

    Attributes:
        picture: BGRA pixels, opaque.
    """

    picture: "Frame"
    _layers: list[Layers | None] = field(default_factory=list)

    @property
    def layers(self) -> Layers | None:
        """Its near and far layers; None if it has no clear near object."""
        if not self._layers:
            self._layers.append(split(self.picture))
        return self._layers[0]

    @property
    def size(self) -> int:
        """Bytes of it and of its layers."""
        return self.picture.nbytes * (3 if any(self._layers) else 1)


def prepared(image: "Image", film: tuple[int, int]) -> PreparedImage:
    """Return an image as it is drawn, from the last segment of this process if it was in it.

    Args:
        image: BGRA or BGR pixels of any size, or the bytes of a file, which is decoded only if it
            is not kept.
        film: Width and height of the film.

    Raises:
        ValueError: The file is not an image that can be read safely.
    """
    key = _digest(image), film
    entry = _kept.pop(key, None)
    if entry is None:
        entry = PreparedImage(
            prepare(pixels_of(image) if isinstance(image, bytes) else image, film)
        )
    _kept[key] = entry
    while len(_kept) > 1 and sum(one.size for one in _kept.values()) > MAX_BYTES:
        del _kept[next(iter(_kept))]
    return entry


def _digest(image: "Image") -> bytes:
    import numpy as np

    if isinstance(image, bytes):
        return blake2b(image, person=b"file").digest()
    shape = repr((image.shape, image.dtype.str)).encode()
    return blake2b(np.ascontiguousarray(image).data, person=blake2b(shape).digest()[:16]).digest()


def pixels_of(data: bytes) -> "Frame":
    """Return the BGRA pixels of an image file, of shape (height, width, 4).

    Raises:
        ValueError: It is not an image that can be read safely.
    """
    import numpy as np

    from engine.imaging.decode import decoded

    rgb = np.asarray(decoded(data))
    pixels = np.empty((*rgb.shape[:2], 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = rgb[..., ::-1], 255
    return pixels
