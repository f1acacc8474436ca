"""PickScore: human preference among several images of one prompt.

    s(text, image) = exp(logit_scale) * cos(text embedding, image embedding)

Y. Kirstain et al., "Pick-a-Pic", NeurIPS 2023, and the model card of yuvalkirstain/PickScore_v1:
CLIP ViT-H/14 trained further on preferences, texts cut to 77 tokens. The scale is read from the
checkpoint (it is near 100), for the value in its configuration is that of before the training. Only
numbers of one prompt compare.
"""

from collections.abc import Sequence

from engine.models.scorers.images import ImageBatch
from engine.models.scorers.tower_scorer import TowerScorer


class PickScore(TowerScorer):
    """PickScore on a tower."""

    metric = "pickscore"

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return the scaled cosine of each image with its text, about 15 to 27 in practice."""
        return [self.tower.scale * float(cosine) for cosine in self.cosines(images, texts)]
