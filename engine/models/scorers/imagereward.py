"""ImageReward: human preference, on BLIP with a head.

    (head(first state of the text, read with the image before its eyes) - mean) / std

J. Xu et al., "ImageReward", NeurIPS 2023, and their code: BLIP-large's vision and text encoders,
texts of 35 tokens at most. Their package is no longer kept up; here its checkpoint is loaded into
the same parts of transformers. Only numbers of one prompt compare.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.models.scorers.blip_checkpoint import text_encoder, vision_encoder
from engine.models.scorers.device_modules import DeviceModule, Precision, dtype_of
from engine.models.scorers.images import ImageBatch
from engine.models.scorers.preprocessing import ImagePreprocessing, ResizeOptions
from engine.models.scorers.pretrained import pretrained
from engine.models.scorers.regression_head import RegressionHead
from engine.models.scorers.scorer import Reads
from engine.models.weights import load_tensors

if TYPE_CHECKING:
    from torch import Tensor

MEAN = 0.16717362830052426
STD = 1.0333394966054072
"""Mean and deviation of the reward on the training set, as they are in the authors' code."""

MAX_TOKENS = 35


class ImageReward:
    """ImageReward on its two encoders.

    Args:
        vision: `BlipVisionModel`.
        text: `BlipTextModel`.
        head: The head.
        tokenizer: BERT's.
        identity: Identity of its weights.
        precision: A resolved precision.
        device: Device for torch.
        batch: Number of images to process at once.
    """

    metric = "imagereward"
    reads: Reads = "brief"

    def __init__(
        self,
        vision: Any,
        text: Any,
        head: RegressionHead,
        tokenizer: Any,
        *,
        identity: str,
        precision: Precision,
        device: str,
        batch: int,
    ) -> None:
        self.vision = DeviceModule(vision, device, batch)
        self.text = DeviceModule(text, device, batch)
        self.head = head
        self.tokenizer = tokenizer
        self.identity = identity
        side = int(vision.config.image_size)
        self.recipe = ImagePreprocessing(ResizeOptions(side), side)
        self._dtype = dtype_of(precision)

    def device_modules(self) -> Sequence[DeviceModule]:
        """Both encoders."""
        return self.vision, self.text

    def raws(self, images: ImageBatch, texts: Sequence[str]) -> list[float]:
        """Return the reward of each image for its text, in deviations from the mean."""
        pixels = images.pixels(self.recipe)
        rewards: list[float] = []
        step = self.vision.batch
        with self.vision.at_work(), self.text.at_work():
            for start in range(0, len(pixels), step):
                end = start + step
                rewards += self._rewards(pixels[start:end], list(texts[start:end])).tolist()
        return rewards

    def cuts(self, text: str) -> bool:
        """Return whether a text has more than 35 tokens."""
        return len(self.tokenizer(text, verbose=False)["input_ids"]) > MAX_TOKENS

    def _rewards(self, pixels: "Tensor", texts: list[str]) -> "Tensor":
        import torch

        device = self.vision.device
        tokens = self.tokenizer(
            texts,
            padding="max_length",
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        seen = self.vision.module(pixel_values=pixels.to(device, self._dtype)).last_hidden_state
        read = self.text.module(
            input_ids=tokens["input_ids"].to(device),
            attention_mask=tokens["attention_mask"].to(device),
            encoder_hidden_states=seen,
            encoder_attention_mask=torch.ones(seen.shape[:-1], dtype=torch.long, device=device),
        ).last_hidden_state
        rewards: Tensor = (self.head(read[:, 0].float().cpu()) - MEAN) / STD
        return rewards


def load_imagereward(
    file: Path,
    tokenizer_folder: Path,
    *,
    precision: Precision,
    identity: str,
    device: str,
    batch: int,
) -> ImageReward:
    """Load the published checkpoint, tensors only."""
    tensors = load_tensors(file)
    dtype = dtype_of(precision)
    layers = {
        name.removeprefix("mlp."): value for name, value in tensors.items() if name[:4] == "mlp."
    }
    return ImageReward(
        vision_encoder(tensors, file.name).to(dtype),
        text_encoder(tensors, file.name).to(dtype),
        RegressionHead(layers, file.name),
        pretrained("AutoTokenizer", tokenizer_folder),
        identity=identity,
        precision=precision,
        device=device,
        batch=batch,
    )
