"""Settings of local image, sound and video models: `[backends.diffusers]` in `safelight.toml`."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from engine.backends.common.local_models import DEVICE, SourceText, split_loras
from engine.models.diffusion.options import ControlKind, LoraFile, Precision, SchedulerName
from engine.models.diffusion.schedulers import KARRAS
from engine.models.weights import checked_source, parse_source


def _inner_path(text: str) -> str:
    """A path inside a folder.

    Raises:
        ValueError: It leads out of the folder.
    """
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not text.isprintable():
        raise ValueError("must be a path inside the folder of the IP-Adapter")
    return path.as_posix()


InnerPath = Annotated[str, AfterValidator(_inner_path)]


def _checked_lora(lora: LoraFile) -> LoraFile:
    source = parse_source(lora.source)
    if source.repo and not source.file:
        raise ValueError("name the file of a LoRA on the hub: org/name:file.safetensors")
    name = source.file or ""
    if source.repo and not name.endswith(".safetensors"):
        raise ValueError("a LoRA has to be a .safetensors file")
    return lora.model_copy(update={"source": checked_source(lora.source)})


Loras = Annotated[
    tuple[Annotated[LoraFile, AfterValidator(_checked_lora)], ...],
    BeforeValidator(split_loras),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}, mode="validation"),
]
"""LoRAs, each written as `SOURCE` or `SOURCE*WEIGHT`."""


def _checked_upscaler(source: str) -> str:
    if not source.endswith(".safetensors"):
        raise ValueError("has to be a .safetensors file: a path, or org/name:file.safetensors")
    return source


UpscalerFile = Annotated[SourceText, AfterValidator(_checked_upscaler)]
"""A network that enlarges images."""


class DiffusersSettings(BaseModel):
    """Settings of local image, sound and video models.

    What changes an image, a sound or a clip is part of its fingerprint; `batch`, `audio_batch`,
    `device`, `concurrency`, `preview_every` and `offline` are not. `dtype` is that of all,
    `vae_tiling` that of images and clips.

    Attributes:
        model: The model: id on the hub, folder, or single `.safetensors` file.
        config: Whose configuration a single file has: id or folder; SDXL base by default.
        variant: Variant of the model's files, for example `fp16`.
        vae: Another VAE.
        refiner: The SDXL refiner, for example `stabilityai/stable-diffusion-xl-refiner-1.0`.
        refiner_at: Share of the noise schedule after which the refiner takes over.
        scheduler: The scheduler; `default` is the model's own.
        karras: Whether the scheduler uses the noise levels of Karras et al.
        steps: Denoising steps.
        cfg: How strictly the prompt is followed (classifier-free guidance).
        dtype: Numbers that the model computes with.
        vae_tiling: Whether images are decoded in tiles, for sizes that do not fit otherwise.
        loras: LoRAs, as `SOURCE` or `SOURCE*WEIGHT`.
        reference: How a reference image is followed; `none` leaves it out.
        strength: How far img2img leaves the reference behind, 0 to 1.
        ip_adapter: Where the IP-Adapter is.
        ip_adapter_weights: Its weights in there.
        ip_adapter_encoder: Folder of its image encoder in there.
        ip_adapter_scale: How strongly it counts, for images and clips.
        controlnet: The ControlNet by which images are laid out: id on the hub, or folder.
        control: Way in which the map that it follows is drawn of an image.
        control_scale: How strongly it counts, 0 to 2.
        depth_model: Model that draws maps of depth: id on the hub, or folder.
        upscale: Real-ESRGAN that enlarges images, a `.safetensors` file.
        upscale_from: Longer side in pixels in which an image is generated to be enlarged.
        preview_every: Steps between two previews; 0 for none.
        batch: Images in one call at most.
        audio_model: The model of sounds: id on the hub, or folder.
        audio_variant: Variant of its files, for example `fp16`.
        audio_steps: Denoising steps of a sound that asks for none; the model's default if unset.
        audio_cfg: Guidance of a sound that asks for none; the model's default if unset.
        audio_loras: LoRAs of the model of sounds, as `SOURCE` or `SOURCE*WEIGHT`.
        audio_batch: Sounds in one call at most.
        video_model: The model of clips: id on the hub, or folder.
        video_variant: Variant of its files, for example `fp16`.
        video_motion: AnimateDiff's motion adapter, for a Stable Diffusion 1.5 in `video_model`.
        video_ip_adapter: Place of the IP-Adapter by which AnimateDiff follows references.
        video_ip_adapter_weights: Its weights in there.
        video_ip_adapter_encoder: Folder of its image encoder in there.
        video_steps: Denoising steps of a clip that asks for none; the model's default if unset.
        video_cfg: Guidance of a clip that asks for none; the model's default if unset.
        video_loras: LoRAs of the model of clips, as `SOURCE` or `SOURCE*WEIGHT`.
        device: Device, such as `cuda:1` or `cpu`; any accelerator by default.
        concurrency: Maximum number of images, sounds or clips waiting or in progress; by default
            twice `batch` or `audio_batch`, and 2 clips.
        offline: Forbids `safelight models pull` to fetch these weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: SourceText = Field(
        "stabilityai/stable-diffusion-xl-base-1.0",
        description="Id on the hub, folder, or single .safetensors file.",
    )
    config: SourceText | None = Field(
        None, description="Id or folder whose configuration a single file has; SDXL base if unset."
    )
    variant: str | None = Field(
        None, pattern=r"^\w{1,20}$", description="Variant of the files, for example fp16."
    )
    vae: SourceText | None = Field(None, description="Another VAE: id, folder or single file.")
    refiner: SourceText | None = Field(None, description="The SDXL refiner: id or folder.")
    refiner_at: float = Field(
        0.8, gt=0, lt=1, description="Share of the schedule after which the refiner takes over."
    )
    scheduler: SchedulerName = Field("default", description="Scheduler; default is the model's.")
    karras: bool = Field(False, description="Noise levels of Karras et al.")
    steps: int = Field(30, ge=1, le=1000, description="Denoising steps.")
    cfg: float = Field(7.5, ge=0, le=100, description="Classifier-free guidance.")
    dtype: Precision = Field("auto", description="Numbers that the model computes with.")
    vae_tiling: bool = Field(False, description="Decode in tiles, where memory is short.")
    loras: Loras = Field((), description="LoRAs, each SOURCE or SOURCE*WEIGHT.")
    reference: Literal["img2img", "ip-adapter", "none"] = Field(
        "img2img", description="How a reference image is followed."
    )
    strength: float = Field(
        0.6, gt=0, le=1, description="How far img2img leaves the reference behind."
    )
    ip_adapter: SourceText = Field("h94/IP-Adapter", description="Where the IP-Adapter is.")
    ip_adapter_weights: InnerPath = Field(
        "sdxl_models/ip-adapter_sdxl.safetensors",
        pattern=r"\.safetensors$",
        description="Its weights in there.",
    )
    ip_adapter_encoder: InnerPath = Field(
        "sdxl_models/image_encoder", description="Folder of its image encoder in there."
    )
    ip_adapter_scale: float = Field(0.6, ge=0, le=2, description="How strongly it counts.")
    controlnet: SourceText | None = Field(
        None, description="ControlNet by which images are laid out: id on the hub, or folder."
    )
    control: ControlKind = Field(
        "canny", description="Map that it follows: edges, depth, or the image is one already."
    )
    control_scale: float = Field(0.8, ge=0, le=2, description="How strongly it counts.")
    depth_model: SourceText = Field(
        "depth-anything/Depth-Anything-V2-Small-hf",
        description="Model that draws maps of depth: id on the hub, or folder.",
    )
    upscale: UpscalerFile | None = Field(
        None, description="Real-ESRGAN that enlarges images, a .safetensors file."
    )
    upscale_from: int = Field(
        1024,
        ge=64,
        le=4096,
        description="Longer side in which an image is generated to be enlarged.",
    )
    preview_every: int = Field(5, ge=0, description="Steps between two previews; 0 for none.")
    batch: int = Field(4, ge=1, le=64, description="Images in one call at most.")
    audio_model: SourceText = Field(
        "stabilityai/stable-audio-open-1.0",
        description="Model of sounds: id on the hub, or folder.",
    )
    audio_variant: str | None = Field(
        None, pattern=r"^\w{1,20}$", description="Variant of its files, for example fp16."
    )
    audio_steps: int | None = Field(
        None, ge=1, le=1000, description="Denoising steps of a sound; by default the model's."
    )
    audio_cfg: float | None = Field(
        None, ge=0, le=100, description="Guidance of a sound; by default the model's."
    )
    audio_loras: Loras = Field(
        (), description="LoRAs of the model of sounds, each SOURCE or SOURCE*WEIGHT."
    )
    audio_batch: int = Field(4, ge=1, le=64, description="Sounds in one call at most.")
    video_model: SourceText = Field(
        "Lightricks/LTX-Video", description="Model of clips: id on the hub, or folder."
    )
    video_variant: str | None = Field(
        None, pattern=r"^\w{1,20}$", description="Variant of its files, for example fp16."
    )
    video_motion: SourceText | None = Field(
        None, description="Motion adapter of AnimateDiff: id on the hub, or folder."
    )
    video_ip_adapter: SourceText | None = Field(
        None, description="IP-Adapter by which AnimateDiff follows references."
    )
    video_ip_adapter_weights: InnerPath = Field(
        "models/ip-adapter_sd15.safetensors",
        pattern=r"\.safetensors$",
        description="Its weights in there.",
    )
    video_ip_adapter_encoder: InnerPath = Field(
        "models/image_encoder", description="Folder of its image encoder in there."
    )
    video_steps: int | None = Field(
        None, ge=1, le=1000, description="Denoising steps of a clip; by default the model's."
    )
    video_cfg: float | None = Field(
        None, ge=0, le=100, description="Guidance of a clip; by default the model's."
    )
    video_loras: Loras = Field(
        (), description="LoRAs of the model of clips, each SOURCE or SOURCE*WEIGHT."
    )
    device: str = Field(
        "",
        pattern=DEVICE,
        description="Device, such as cuda:1; any accelerator by default.",
    )
    concurrency: int | None = Field(
        None, ge=1, le=256, description="Tasks waiting or in progress; twice batch by default."
    )
    offline: bool = Field(False, description="Never fetch these weights.")

    @model_validator(mode="after")
    def _karras_is_known(self) -> Self:
        if self.karras and self.scheduler not in KARRAS:
            known = ", ".join(sorted(KARRAS - {"default"}))
            raise ValueError(f"karras goes with these schedulers only: {known}")
        return self
