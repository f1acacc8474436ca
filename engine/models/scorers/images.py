"""Images of a batch: decoded once, prepared once per recipe, embedded once per tower."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.models.scorers.preprocessing import ImagePreprocessing, ResizeOptions
from engine.text.terminal import clean

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor


class ImageBatch:
    """Images of a batch, with everything computed from them so far.

    Attributes:
        images: Those that could be read, as RGB, in order.
        places: Index of each of `images` among all images.
        notes: Reasons why images could not be read, by index among all.
    """

    def __init__(self, encoded: Sequence[bytes]) -> None:
        self.images: list[Image.Image] = []
        self.places: list[int] = []
        self.notes: dict[int, str] = {}
        for place, data in enumerate(encoded):
            try:
                self.images.append(decoded(data))
                self.places.append(place)
            except ValueError as error:
                self.notes[place] = str(error)
        self._resized: dict[ResizeOptions, list[Image.Image]] = {}
        self._pixels: dict[ImagePreprocessing, Tensor] = {}
        self._embeddings: dict[str, Tensor] = {}

    def __len__(self) -> int:
        return len(self.images)

    def pixels(self, recipe: ImagePreprocessing) -> "Tensor":
        """Return all readable images prepared by a recipe, shape (n, 3, crop, crop), float32."""
        import torch

        if recipe not in self._pixels:
            prepared = [recipe.pixels(image) for image in self._by(recipe.resizing)]
            self._pixels[recipe] = torch.stack(prepared)
        return self._pixels[recipe]

    def embeddings(self, tower: str, embed: Callable[[], "Tensor"]) -> "Tensor":
        """Return a tower's embeddings of them, shape (n, d); computed on first use."""
        if tower not in self._embeddings:
            self._embeddings[tower] = embed()
        return self._embeddings[tower]

    def _by(self, resizing: ResizeOptions) -> "list[Image.Image]":
        if resizing not in self._resized:
            self._resized[resizing] = [resizing(image) for image in self.images]
        return self._resized[resizing]


def decoded(data: bytes) -> "Image.Image":
    """Return an image as RGB; see `engine.imaging.decode`.

    Raises:
        ValueError: The bytes are not an image that can be read safely; the message has the reason.
    """
    from engine.imaging import decode

    try:
        return decode.decoded(data)
    except ValueError as error:
        raise ValueError(f"The image cannot be read: {clean(str(error), 120)}.") from error
