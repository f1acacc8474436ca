"""CLIPScore: the fit of a caption to an image.

    2.5 * max(cos("A photo depicts " + text, image), 0)

J. Hessel et al., "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", EMNLP 2021,
with OpenAI's ViT-B/32. The number of torchmetrics under the same name is another one (100 times
the cosine, ViT-L/14, no prefix). Captions that fit have 0.86 and others 0.72 on average, so that a
small difference means much.
"""

from collections.abc import Sequence

from engine.models.scorers.images import ImageBatch
from engine.models.scorers.tower_scorer import TowerScorer

PREFIX = "A photo depicts "
WEIGHT = 2.5


class ClipScore(TowerScorer):
    """CLIPScore on a tower."""

    metric = "clipscore"
    prefix = PREFIX

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return 2.5 times the cosine of each image with its text, 0 to 2.5."""
        # Python's `max` would turn NaN into 0; `clamp` keeps it.
        return [WEIGHT * float(cosine.clamp(min=0)) for cosine in self.cosines(images, texts)]
