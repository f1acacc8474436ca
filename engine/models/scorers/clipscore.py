"""CLIPScore: the fit of a caption to an image.

    2.5 * max(cos("A photo depicts " + text, image), 0)

J. Hessel et al., "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", EMNLP 2021,
with OpenAI's ViT-B/32. The number of torchmetrics under the same name is another one (100 times
the cosine, ViT-L/14, no prefix). Captions that fit have 0.86 and others 0.72 on average, so that a
small difference means much.
"""

from collections.abc import Sequence

from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.scorer import Reads

PREFIX = "A photo depicts "
WEIGHT = 2.5


class ClipScore:
    """CLIPScore on a tower."""

    metric = "clipscore"
    reads: Reads = "brief"

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.identity = tower.identity

    def device_modules(self) -> Sequence[DeviceModule]:
        """The tower."""
        return (self.tower.device_module,)

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return 2.5 times the cosine of each image with its text, 0 to 2.5."""
        prefixed = [PREFIX + text for text in texts]
        alike = self.tower.of_images(images) * self.tower.of_texts(prefixed)
        # Python's `max` would turn NaN into 0; `clamp` keeps it.
        return [WEIGHT * float(cosine.clamp(min=0)) for cosine in alike.sum(dim=-1)]

    def cuts(self, text: str) -> bool:
        """Return whether a text has more than 77 tokens with the prefix."""
        return self.tower.cuts(PREFIX + text)
