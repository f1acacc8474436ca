"""Additions to a pipeline: LoRAs, and an IP-Adapter for reference images."""

import hashlib
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from engine.contract import Permanent
from engine.models.diffusion.options import AdapterFile, LoraFile
from engine.models.diffusion.sources import lora_file
from engine.models.failures import loading
from engine.models.weights import RequiredWeights, require
from engine.models.weights.finding import remedy

MAX_LORAS = 16
"""Maximum number of unused LoRAs that stay loaded beside the active ones."""


class Loras(ABC):
    """The LoRAs of one model, loaded on first use."""

    def __init__(self) -> None:
        self._loaded: set[str] = set()

    def use(self, loras: Sequence[LoraFile]) -> None:
        """Activate exactly these. Without any, the model is exactly the unmodified one.

        Raises:
            StepError: One is missing, broken, or belongs to another model.
        """
        counted = [(number, lora) for number, lora in enumerate(loras, start=1) if lora.weight]
        if not counted:
            self._unload()
            return
        if len(self._loaded) > MAX_LORAS:
            self._unload()
        try:
            names = [self._load(number, lora) for number, lora in counted]
            self._activate(names, [lora.weight for _, lora in counted])
        except Exception:
            self._unload()  # a half-loaded LoRA must not affect later results
            raise

    def _load(self, number: int, lora: LoraFile) -> str:
        file = self._find(number, lora)
        changed = file.stat().st_mtime_ns
        # A name must not be an attribute of a module, so use one that nobody would choose.
        name = f"lora_{hashlib.sha256(f'{file}:{changed}'.encode()).hexdigest()[:16]}"
        if name not in self._loaded:
            self._loaded.add(name)
            mend = "Put the whole file in its place, then resume."
            with loading(f"the LoRA {file.name}", mend):
                self._add(file, name)
        return name

    def _unload(self) -> None:
        if self._loaded:
            self._remove_all()
            self._loaded.clear()

    @abstractmethod
    def _find(self, number: int, lora: LoraFile) -> Path:
        """Return the file of a LoRA by its place in the settings, from 1."""

    @abstractmethod
    def _add(self, file: Path, name: str) -> None:
        """Load a LoRA under a name."""

    @abstractmethod
    def _activate(self, names: list[str], weights: list[float]) -> None:
        """Let exactly some of the loaded LoRAs count, each with its weight."""

    @abstractmethod
    def _remove_all(self) -> None:
        """Remove every LoRA, so that the model is the unmodified one."""


class PipelineLoras(Loras):
    """LoRAs that a pipeline loads itself, through peft.

    Args:
        pipe: The pipeline; others that share its parts see the same LoRAs.
        find: Returns the file of a LoRA by its place in the settings, from 1.
        setting: Setting that names the LoRAs, for errors.
    """

    def __init__(
        self,
        pipe: Any,
        find: Callable[[int, LoraFile], Path] = lora_file,
        setting: str = "diffusers.loras",
    ) -> None:
        super().__init__()
        self._pipe, self._setting = pipe, setting
        self._find_file = find

    def _find(self, number: int, lora: LoraFile) -> Path:
        return self._find_file(number, lora)

    def _add(self, file: Path, name: str) -> None:
        if not hasattr(self._pipe, "load_lora_weights"):
            raise Permanent("This model takes no LoRAs.", remedy=f"Empty {self._setting}.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # peft's, about several LoRAs at once
            self._pipe.load_lora_weights(
                str(file.parent),
                weight_name=file.name,
                adapter_name=name,
                use_safetensors=True,
                local_files_only=True,
            )
        if not any(name in names for names in self._pipe.get_list_adapters().values()):
            raise Permanent(
                f"The LoRA {file.name} holds nothing for this model.",
                remedy="Use one that was trained for a model of this kind.",
            )

    def _activate(self, names: list[str], weights: list[float]) -> None:
        self._pipe.set_adapters(names, adapter_weights=weights)

    def _remove_all(self) -> None:
        self._pipe.unload_lora_weights()


class ImageAdapter:
    """An IP-Adapter (https://arxiv.org/abs/2308.06721) in a pipeline's cross-attention.

    Args:
        size: Side of the images that its image encoder sees, in pixels.
    """

    def __init__(self, size: int) -> None:
        self._size = size

    @classmethod
    def attach(cls, pipe: Any, adapter: AdapterFile, dtype: Any, wanted: RequiredWeights) -> Self:
        """Load an IP-Adapter with its image encoder into a pipeline.

        Args:
            pipe: The pipeline.
            adapter: The adapter.
            dtype: Torch's type of the numbers that it computes with.
            wanted: Its weights.

        Raises:
            StepError: It is missing, broken, or belongs to another model.
        """
        if not hasattr(pipe, "unet") or not hasattr(pipe, "load_ip_adapter"):
            raise Permanent(
                "Only Stable Diffusion, SDXL and AnimateDiff take an IP-Adapter here.",
                remedy="Set diffusers.reference to img2img or none; for clips, take out "
                "diffusers.video_ip_adapter.",
            )
        from transformers import CLIPVisionModelWithProjection

        folder, weights = require(wanted), Path(adapter.weights)
        mend = f"{remedy(wanted)} Then resume."
        with loading(f"the IP-Adapter {wanted.source}", mend):
            encoder = CLIPVisionModelWithProjection.from_pretrained(
                folder / adapter.image_encoder,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
            )
            pipe.register_modules(image_encoder=encoder)
            pipe.load_ip_adapter(
                str(folder),
                subfolder=weights.parent.as_posix(),
                weight_name=weights.name,
                image_encoder_folder=None,
                local_files_only=True,
            )
        return cls(int(pipe.image_encoder.config.image_size))

    def arguments(
        self, pipe: Any, references: Sequence[Any] | None, scale: float
    ) -> dict[str, Any]:
        """Return the arguments of a call, with or without references.

        A pipeline with an adapter needs an image in every call. At scale 0 its layers are
        skipped, so that an image without a reference equals one without an adapter.

        Args:
            pipe: The pipeline that is called.
            references: Images that all images of the call follow.
            scale: The adapter's weight, 0 to 1.
        """
        from PIL import Image

        pipe.set_ip_adapter_scale(scale if references else 0.0)
        blank = Image.new("RGB", (self._size, self._size))
        return {"ip_adapter_image": [list(references) if references else blank]}
