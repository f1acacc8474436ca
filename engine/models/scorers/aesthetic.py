"""LAION's aesthetic predictor: the beauty of an image as people rate it.

    head(embedding / |embedding|), embeddings of OpenAI's ViT-L/14

C. Schuhmann, "improved-aesthetic-predictor", 2022. The head has five layers (to 1024, 128, 64, 16
and 1) and no activation between them, so that it is one affine function, w.x + b; for the published
file |w| is 17.9956 and b is 5.23665. Without the division by the length of the embedding the spread
is that many times too wide.
"""

from collections.abc import Sequence

from engine.models.scorers.device_modules import DeviceModule
from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.regression_head import RegressionHead
from engine.models.scorers.scorer import Reads

SHA256 = "21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0"
"""SHA-256 of `sac+logos+ava1-l14-linearMSE.pth`, 3,714,759 bytes."""


class Aesthetic:
    """The aesthetic predictor: a tower and the head on it."""

    metric = "aesthetic"
    reads: Reads = "none"

    def __init__(self, tower: Tower, head: RegressionHead, identity: str) -> None:
        self.tower = tower
        self.head = head
        self.identity = f"{tower.identity} + {identity}"

    def device_modules(self) -> Sequence[DeviceModule]:
        """The tower; the head is a few numbers and stays on the processor."""
        return (self.tower.device_module,)

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return the score of each image, about 1 to 10; texts are ignored."""
        return [float(score) for score in self.head(self.tower.of_images(images))]

    def cuts(self, text: str) -> bool:
        """Return False: it reads no text."""
        return False
