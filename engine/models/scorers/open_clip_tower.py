"""Towers that open_clip loads, from a folder with `open_clip_config.json` and safetensors."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.contract.errors import Permanent
from engine.models.scorers.device_modules import DeviceModule, Precision
from engine.models.scorers.encoders import Tower
from engine.models.scorers.preprocessing import ImagePreprocessing, of_open_clip

if TYPE_CHECKING:
    from torch import Tensor

CONFIG = "open_clip_config.json"
WEIGHTS = "open_clip_model.safetensors"


class OpenClipTower(Tower):
    """A CLIP model of open_clip.

    Args:
        model: The model as created by open_clip, with its weights.
        tokenizer: Its tokenizer.
        precision: A resolved precision.
        identity: Identity of its weights.
        device: Device for torch.
        batch: Number of images to process at once.
        recipe: Preprocessing of its images, if its configuration has none.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        precision: Precision,
        identity: str,
        device: str,
        batch: int,
        recipe: ImagePreprocessing | None = None,
    ) -> None:
        import open_clip

        super().__init__(
            f"open_clip:{identity}:{precision}",
            identity,
            recipe or of_open_clip(open_clip.get_model_preprocess_cfg(model)),
            DeviceModule(model, device, batch),
            max_tokens=int(model.context_length),
            scale=float(model.logit_scale.detach().exp()),
        )
        self._model = model
        self._tokenizer = tokenizer
        self._input = open_clip.get_input_dtype(precision) or None

    def _encode_images(self, pixels: "Tensor") -> "Tensor":
        there = pixels.to(self.device_module.device, self._input)
        return self._model.encode_image(there)  # type: ignore[no-any-return]

    def _encode_texts(self, texts: list[str]) -> "Tensor":
        tokens = self._tokenizer(texts, context_length=self.max_tokens)
        return self._model.encode_text(tokens.to(self.device_module.device))  # type: ignore[no-any-return]

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text)) + 2  # with the start and end tokens


def load_open_clip(
    folder: Path, *, precision: Precision, identity: str, device: str, batch: int
) -> OpenClipTower:
    """Load a tower from a folder.

    Raises:
        Permanent: It is a model that would need a tokenizer or code of its own.
    """
    import open_clip

    refuse_foreign_text(json.loads((folder / CONFIG).read_bytes()), identity)
    name = f"local-dir:{folder}"
    return OpenClipTower(
        # It prefers safetensors to anything else in a folder, and the folder has one.
        open_clip.create_model(name, precision=precision, weights_only=True),
        open_clip.get_tokenizer(name),
        precision=precision,
        identity=identity,
        device=device,
        batch=batch,
    )


def refuse_foreign_text(config: dict[str, Any], identity: str) -> None:
    """Refuse a model that would be fetched from the network while it is loaded.

    Raises:
        Permanent: Its text tower or tokenizer is another model of the hub.
    """
    text = config.get("model_cfg", config).get("text_cfg", {})
    if text.get("hf_tokenizer_name") or text.get("hf_model_name"):
        raise Permanent(
            f"The CLIP model {identity} reads text by another model of the hub.",
            remedy="Choose one with CLIP's own tokenizer, for example ViT-B-32/openai.",
        )
