"""Base of the scorers that compare an image with its text by one tower."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.scorer import Reads

if TYPE_CHECKING:
    from torch import Tensor


class TowerScorer:
    """A scorer on a tower.

    Args:
        tower: Encoder of images and texts.

    Attributes:
        prefix: Put before each text.
    """

    reads: Reads = "brief"
    prefix = ""

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.identity = tower.identity

    def device_modules(self) -> Sequence[DeviceModule]:
        """The tower."""
        return (self.tower.device_module,)

    def cosines(self, images: ImageBatch, texts: Sequence[str]) -> "Tensor":
        """Return the cosine of each image with its text, shape (images,)."""
        prefixed = [self.prefix + text for text in texts]
        alike = self.tower.of_images(images) * self.tower.of_texts(prefixed)
        return alike.sum(dim=-1)

    def cuts(self, text: str) -> bool:
        """Return whether a text has more than 77 tokens with the prefix."""
        return self.tower.cuts(self.prefix + text)
