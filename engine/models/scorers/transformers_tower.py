"""Towers that transformers loads: CLIP models with a `config.json`, and their processor."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.models.scorers.device_modules import DeviceModule, Precision, dtype_of
from engine.models.scorers.encoders import Tower
from engine.models.scorers.preprocessing import of_transformers
from engine.models.scorers.pretrained import pretrained

if TYPE_CHECKING:
    from torch import Tensor


class TransformersTower(Tower):
    """A CLIP model of transformers.

    Args:
        model: The model with its weights.
        processor: Its image processor and tokenizer.
        precision: A resolved precision.
        identity: Identity of its weights.
        device: Device for torch.
        batch: Number of images to process at once.
        scale: The factor of its similarities, in full precision.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        precision: Precision,
        identity: str,
        device: str,
        batch: int,
        scale: float,
    ) -> None:
        super().__init__(
            f"transformers:{identity}:{precision}",
            identity,
            of_transformers(processor.image_processor),
            DeviceModule(model, device, batch),
            max_tokens=int(model.config.text_config.max_position_embeddings),
            scale=scale,
        )
        self._model = model
        self._tokenizer = processor.tokenizer
        self._input = dtype_of(precision)

    def _encode_images(self, pixels: "Tensor") -> "Tensor":
        there = pixels.to(self.device_module.device, self._input)
        return projected(self._model.get_image_features(pixel_values=there))

    def _encode_texts(self, texts: list[str]) -> "Tensor":
        tokens = self._tokenizer(
            texts, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        )
        return projected(
            self._model.get_text_features(
                input_ids=tokens["input_ids"].to(self.device_module.device),
                attention_mask=tokens["attention_mask"].to(self.device_module.device),
            )
        )

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer(text, verbose=False)["input_ids"])


def load_transformers_clip(
    folder: Path,
    processor_folder: Path,
    *,
    precision: Precision,
    identity: str,
    device: str,
    batch: int,
) -> TransformersTower:
    """Load a tower from a folder, with the processor of another or the same."""
    model = pretrained("CLIPModel", folder, dtype=dtype_of("fp32"))
    scale = float(model.logit_scale.detach().exp())  # bf16 would turn 100 into 98.9 or 102
    return TransformersTower(
        model.to(dtype_of(precision)),
        pretrained("AutoProcessor", processor_folder),
        precision=precision,
        identity=identity,
        device=device,
        batch=batch,
        scale=scale,
    )


def projected(features: Any) -> "Tensor":
    """Return the projected embeddings: transformers 5 returns an object, older ones a tensor."""
    import torch

    if isinstance(features, torch.Tensor):
        return features
    pooled: Tensor = features.pooler_output
    return pooled
