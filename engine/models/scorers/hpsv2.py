"""HPSv2 and v2.1: human preference, on CLIP ViT-H/14 trained further on rankings.

    cos(text embedding, image embedding)

X. Wu et al., "Human Preference Score v2", 2023, and their code: the image is brought to the size
by its longer side and padded with black to a square, not cropped. Only numbers of one prompt
compare.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.models.scorers.device_modules import DeviceModule, Precision
from engine.models.scorers.encoders import Tower
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.open_clip_tower import OpenClipTower
from engine.models.scorers.preprocessing import ImagePreprocessing, ResizeOptions
from engine.models.scorers.scorer import Reads
from engine.models.weights.safe_load import fill, load_tensors


class HpsV2:
    """HPSv2 on its tower."""

    metric = "hpsv2"
    reads: Reads = "brief"

    def __init__(self, tower: Tower) -> None:
        self.tower = tower
        self.identity = tower.identity

    def device_modules(self) -> Sequence[DeviceModule]:
        """The tower."""
        return (self.tower.device_module,)

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return the cosine of each image with its text, about 0.2 to 0.35 for the real weights."""
        alike = self.tower.of_images(images) * self.tower.of_texts(texts)
        return [float(cosine) for cosine in alike.sum(dim=-1)]

    def cuts(self, text: str) -> bool:
        """Return whether a text has more than 77 tokens."""
        return self.tower.cuts(text)


def load_hps_tower(
    file: Path,
    architecture: str,
    *,
    precision: Precision,
    identity: str,
    device: str,
    batch: int,
) -> OpenClipTower:
    """Load the published checkpoint, tensors only, into an architecture of open_clip."""
    import open_clip

    model = open_clip.create_model(architecture, precision=precision)
    fill(model, load_tensors(file), file.name)
    side = int(model.visual.image_size[0])
    return OpenClipTower(
        model,
        open_clip.get_tokenizer(architecture),
        precision=precision,
        identity=identity,
        device=device,
        batch=batch,
        recipe=ImagePreprocessing(ResizeOptions(side, "longest"), side),
    )
