"""CLIPScore: how well a caption fits a picture.

    2.5 * max(cos("A photo depicts " + text, picture), 0)

J. Hessel et al., "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", EMNLP 2021,
with OpenAI's ViT-B/32. The number of torchmetrics under the same name is another one (100 times
the cosine, ViT-L/14, no prefix). Captions that fit have 0.86 and others 0.72 on average, so that a
small difference means much.
"""

from collections.abc import Sequence

from engine.models.scorers.pictures import Pictures
from engine.models.scorers.residents import Resident
from engine.models.scorers.scorer import Reads
from engine.models.scorers.towers import Tower

PREFIX = "A photo depicts "
WEIGHT = 2.5


class ClipScore:
    """CLIPScore on a tower."""

    metric = "clipscore"
    reads: Reads = "brief"

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.identity = tower.identity

    def residents(self) -> Sequence[Resident]:
        """The tower."""
        return (self.tower.resident,)

    def raws(self, pictures: Pictures, texts: Sequence[str]) -> list[float]:
        """2.5 times the cosine of each picture with its text, 0 to 2.5."""
        prefixed = [PREFIX + text for text in texts]
        alike = self.tower.of_pictures(pictures) * self.tower.of_texts(prefixed)
        # Python's `max` would make a 0 of what is not a number; `clamp` keeps it.
        return [WEIGHT * float(cosine.clamp(min=0)) for cosine in alike.sum(dim=-1)]

    def cuts(self, text: str) -> bool:
        """Whether a text has more than 77 tokens with the prefix."""
        return self.tower.cuts(PREFIX + text)
