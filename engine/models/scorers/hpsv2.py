"""HPSv2 and v2.1: human preference, on CLIP ViT-H/14 trained further on rankings.

    cos(text embedding, image embedding)

X. Wu et al., "Human Preference Score v2", 2023, and their code: the image is brought to the size
by its longer side and padded with black to a square, not cropped. Only numbers of one prompt
compare.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.models.scorers.device_modules import Precision
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.open_clip_tower import OpenClipTower
from engine.models.scorers.preprocessing import ImagePreprocessing, ResizeOptions
from engine.models.scorers.tower_scorer import TowerScorer
from engine.models.weights.safe_load import fill, load_tensors


class HpsV2(TowerScorer):
    """HPSv2 on its tower."""

    metric = "hpsv2"

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return the cosine of each image with its text, about 0.2 to 0.35 for the real weights."""
        return [float(cosine) for cosine in self.cosines(images, texts)]


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
