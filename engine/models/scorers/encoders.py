"""CLIP's two towers: images and texts as unit vectors that can be compared.

A tower is loaded once per host, however many scorers use it, and embeds every image and every
text of a batch once.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.preprocessing import ImagePreprocessing

if TYPE_CHECKING:
    from torch import Tensor


class Tower(ABC):
    """A CLIP model on a device.

    Attributes:
        key: Its unique key; also the key of its embeddings.
        identity: Identity of its weights, for the record.
        recipe: Preprocessing of its images.
        device_module: Its weights.
        max_tokens: Maximum number of tokens that it reads of a text.
        scale: The factor of its similarities, `logit_scale.exp()` of the checkpoint.
    """

    def __init__(
        self,
        key: str,
        identity: str,
        recipe: ImagePreprocessing,
        device_module: DeviceModule,
        *,
        max_tokens: int,
        scale: float,
    ) -> None:
        self.key = key
        self.identity = identity
        self.recipe = recipe
        self.device_module = device_module
        self.max_tokens = max_tokens
        self.scale = scale

    def of_images(self, images: ImageBatch) -> "Tensor":
        """Return unit vectors of the readable images, shape (n, d), float32 on the processor."""
        return images.embeddings(self.key, lambda: self._embedded(images.pixels(self.recipe)))

    def of_texts(self, texts: Sequence[str]) -> "Tensor":
        """Return unit vectors of texts, shape (n, d), float32 on the CPU; equal ones once."""
        import torch

        different, step = list(dict.fromkeys(texts)), self.device_module.batch
        with self.device_module.at_work():
            parts = [
                self._encode_texts(different[start : start + step]).float().cpu()
                for start in range(0, len(different), step)
            ]
        vectors = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
        return vectors[[different.index(text) for text in texts]]

    def cuts(self, text: str) -> bool:
        """Return whether a text is longer than the tower reads."""
        return self._tokens(text) > self.max_tokens

    def _embedded(self, pixels: "Tensor") -> "Tensor":
        import torch

        step = self.device_module.batch
        with self.device_module.at_work():
            parts = [
                self._encode_images(pixels[start : start + step]).float().cpu()
                for start in range(0, len(pixels), step)
            ]
        return torch.nn.functional.normalize(torch.cat(parts), dim=-1)

    @abstractmethod
    def _encode_images(self, pixels: "Tensor") -> "Tensor":
        """Return embeddings of prepared images, not normalised, in any precision on any device."""

    @abstractmethod
    def _encode_texts(self, texts: list[str]) -> "Tensor":
        """Return embeddings of texts, cut to the length that it reads."""

    @abstractmethod
    def _tokens(self, text: str) -> int:
        """Return the number of tokens of a text, including the start and end tokens."""
