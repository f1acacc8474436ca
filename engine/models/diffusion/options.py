"""Options and requests of an image pipeline, as plain data without torch."""

import hashlib
import json
from typing import Literal

from pydantic import Field

from engine.contract.backend import FrozenModel

Precision = Literal["auto", "bf16", "fp16", "fp32"]
"""Numbers that a model computes with; `auto` is the best type of its device."""

SchedulerName = Literal[
    "default",
    "ddim",
    "ddpm",
    "deis",
    "dpm++-2m",
    "dpm++-2m-sde",
    "dpm++-2s",
    "dpm2",
    "dpm2-a",
    "euler",
    "euler-a",
    "heun",
    "lcm",
    "pndm",
    "tcd",
    "unipc",
]
"""Available schedulers; each draws its noise from the image's own generator."""

Following = Literal["img2img", "ip-adapter"]
"""Way in which a reference image is followed."""


class AdapterFile(FrozenModel):
    """Location of an IP-Adapter.

    Attributes:
        source: Folder on this machine or id on the hub, as `engine.models.weights` reads it.
        weights: Its weights in that place, for example `sdxl_models/ip-adapter_sdxl.safetensors`.
        image_encoder: Folder of its image encoder in that place.
    """

    source: str
    weights: str
    image_encoder: str


ControlKind = Literal["canny", "depth", "as-is"]
"""Way in which the map for a ControlNet is drawn: edges, depth, or the image is one already."""


class ControlOptions(FrozenModel):
    """A ControlNet and the map that it follows.

    Attributes:
        source: Folder or id of the ControlNet.
        kind: Way in which its maps are drawn.
        depth_model: Folder or id of the model of depth, for the kind `depth`.
    """

    source: str
    kind: ControlKind = "canny"
    depth_model: str = ""


class LoraFile(FrozenModel):
    """A LoRA and its weight.

    Attributes:
        source: File, folder with one file, or `org/name:file` on the hub.
        weight: Its factor; 0 disables it.
    """

    source: str
    weight: float = 1.0


class PipelineOptions(FrozenModel):
    """Sources and options of a pipeline; models of other options are loaded beside it.

    Sources are written as `engine.models.weights` reads them: `org/name`, `org/name@revision`,
    `org/name:file`, or a path of this machine.

    Attributes:
        model: Folder or id of a pipeline, or a single `.safetensors` file.
        config: Folder or id with the configuration of a single file.
        variant: Variant of the files, for example `fp16`.
        vae: Another VAE: folder, id or single file.
        refiner: The SDXL refiner: folder or id.
        ip_adapter: The IP-Adapter, if references are followed by one.
        control: The ControlNet, if images are laid out by one.
        upscaler: Network that enlarges images: a `.safetensors` file.
        dtype: Numbers that it computes with.
        vae_tiling: True to decode images in tiles.
        most: Maximum number of images in one call.
        offline: True if a setting forbids fetching missing files.
    """

    model: str
    config: str | None = None
    variant: str | None = None
    vae: str | None = None
    refiner: str | None = None
    ip_adapter: AdapterFile | None = None
    control: ControlOptions | None = None
    upscaler: str | None = None
    dtype: Precision = "auto"
    vae_tiling: bool = False
    most: int = Field(4, ge=1)
    offline: bool = False


class Sampling(FrozenModel):
    """Sampling of images; tasks with the same sampling can be done in one call.

    Attributes:
        scheduler: The scheduler's name; `default` is the model's own.
        karras: True to use the noise levels of Karras et al.
            (https://arxiv.org/abs/2206.00364, equation 5).
        steps: Denoising steps.
        cfg: Scale of classifier-free guidance (https://arxiv.org/abs/2207.12598).
        following: Way in which the reference is followed; None for images without one.
        strength: Share of the steps that an img2img image is denoised, 0 to 1.
        ip_scale: Weight of the IP-Adapter, 0 to 1.
        control_scale: Weight of the ControlNet, 0 to 2.
        refine_at: Share of the noise schedule after which the refiner takes over.
        loras: The active LoRAs.
    """

    scheduler: SchedulerName = "default"
    karras: bool = False
    steps: int = Field(30, ge=1)
    cfg: float = Field(7.5, ge=0)
    following: Following | None = None
    strength: float = Field(0.6, gt=0, le=1)
    ip_scale: float = Field(0.6, ge=0)
    control_scale: float = Field(0.8, ge=0, le=2)
    refine_at: float = Field(0.8, gt=0, lt=1)
    loras: tuple[LoraFile, ...] = ()


class ImageTask(FrozenModel):
    """A request for one image: the payload of the operation `generate`.

    Attributes:
        prompt: Description of what to show.
        negative_prompt: Description of what to avoid; models without negative prompts ignore it.
        seed: Source of all randomness, 0 to 2**63 - 1.
        width: Width in pixels.
        height: Height in pixels.
        references: Encoded images to follow.
        control: Encoded image whose layout it has, by the ControlNet; empty for none.
        upscale_from: Longer side in which it is generated before the upscaler enlarges it; 0 for
            its own.
        preview_every: Steps between two previews; 0 disables them.
        sampling: Its sampling.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0, lt=2**63)
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    references: tuple[bytes, ...] = ()
    control: bytes = b""
    upscale_from: int = Field(0, ge=0)
    preview_every: int = Field(0, ge=0)
    sampling: Sampling = Sampling()

    def group(self) -> str:
        """Group of the request; one call can do requests of one model and group, unchanged.

        Empty and non-empty negative prompts need separate calls: SDXL uses zeros for a missing
        prompt, but encodes an empty one next to others. An IP-Adapter's reference belongs to
        the call, not to the image.
        """
        shared: dict[str, object] = {
            "size": [self.width, self.height],
            "negative": bool(self.negative_prompt),
            "references": len(self.references),
            "control": bool(self.control),
            "upscale_from": self.upscale_from,
            "sampling": self.sampling.model_dump(mode="json"),
        }
        if self.sampling.following == "ip-adapter":
            shared["followed"] = [hashlib.sha256(data).hexdigest() for data in self.references]
        text = json.dumps(shared, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
