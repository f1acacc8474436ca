"""PickScore: which of several pictures of one prompt people prefer.

    s(text, picture) = exp(logit_scale) * cos(text embedding, picture embedding)

Y. Kirstain et al., "Pick-a-Pic", NeurIPS 2023, and the model card of yuvalkirstain/PickScore_v1:
CLIP ViT-H/14 trained further on preferences, texts cut to 77 tokens. The scale is read from the
checkpoint (it is near 100), for the value in its configuration is that of before the training. Only
numbers of one prompt compare.
"""

from collections.abc import Sequence

from engine.models.scorers.pictures import Pictures
from engine.models.scorers.residents import Resident
from engine.models.scorers.scorer import Reads
from engine.models.scorers.towers import Tower


class PickScore:
    """PickScore on a tower."""

    metric = "pickscore"
    reads: Reads = "brief"

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.identity = tower.identity

    def residents(self) -> Sequence[Resident]:
        """The tower."""
        return (self.tower.resident,)

    def raws(self, pictures: Pictures, texts: Sequence[str]) -> list[float]:
        """The scaled cosine of each picture with its text, about 15 to 27 for the real weights."""
        alike = self.tower.of_pictures(pictures) * self.tower.of_texts(texts)
        return [self.tower.scale * float(cosine) for cosine in alike.sum(dim=-1)]

    def cuts(self, text: str) -> bool:
        """Whether a text has more than 77 tokens."""
        return self.tower.cuts(text)
