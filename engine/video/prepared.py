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

MAX_BYTES = 300 * 1024 * 1024
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


def prepared(image: "NDArray[np.uint8]", film: tuple[int, int]) -> PreparedImage:
    """Return an image as it is drawn, from the last segment of this process if it was in it.

    Args:
        image: BGRA or BGR pixels of any size.
        film: Width and height of the film.
    """
    import numpy as np

    shape = repr((image.shape, image.dtype.str)).encode()
    digest = blake2b(np.ascontiguousarray(image).data, person=blake2b(shape).digest()[:16])
    key = digest.digest(), film
    entry = _kept.pop(key, None) or PreparedImage(prepare(image, film))
    _kept[key] = entry
    while len(_kept) > 1 and sum(one.size for one in _kept.values()) > MAX_BYTES:
        del _kept[next(iter(_kept))]
    return entry
