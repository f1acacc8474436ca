"""Weights that a pipeline needs, by the names that `safelight models pull` uses."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.contract import Blocked
from engine.models.diffusion.options import AdapterFile, LoraFile, PipelineOptions
from engine.models.diffusion.sound_options import SoundPipelineOptions
from engine.models.diffusion.video_options import VideoPipelineOptions
from engine.models.weights import RequiredWeights, parse_source, require

SAFETENSORS = ".safetensors"

_TEXTS = ("*.json", "*.txt", "*.model", "*.jinja")
_PARTS = (*_TEXTS, "*/*.safetensors")
"""Files to fetch of a pipeline: its parts, not the single files next to them."""

_OTHER_PRECISIONS = ("*.fp16.safetensors", "*.fp16-*.safetensors", "*.bf16.safetensors")
_NEVER = ("*.non_ema*", "*/openvino_*", "*/flax_*", "vae_1_0/*")
_DEFAULT_CONFIG = "stabilityai/stable-diffusion-xl-base-1.0"
"""Model whose configuration a single file is assumed to have."""


def is_single_file(source: str) -> bool:
    """Return whether a source is one file that holds a whole model."""
    return source.endswith(SAFETENSORS)


def model_wanted(options: PipelineOptions) -> RequiredWeights:
    """Return the weights of the pipeline itself."""
    if is_single_file(options.model):
        return RequiredWeights(name="diffusers", source=options.model, offline=options.offline)
    return _pipeline("diffusers", options.model, options)


def sound_model_wanted(options: SoundPipelineOptions) -> RequiredWeights:
    """Return the weights of a pipeline of sounds."""
    return _pipeline("diffusers.audio", options.model, options)


def video_model_wanted(options: VideoPipelineOptions) -> RequiredWeights:
    """Return the weights of a pipeline of clips."""
    return _pipeline("diffusers.video", options.model, options)


def motion_wanted(options: VideoPipelineOptions) -> RequiredWeights | None:
    """Return the weights of AnimateDiff's motion adapter."""
    if options.motion_adapter is None:
        return None
    files = ("config.json", "diffusion_pytorch_model.safetensors")
    return RequiredWeights(
        name="diffusers.video-motion",
        source=options.motion_adapter,
        needs=files,
        files=files,
        offline=options.offline,
    )


def config_wanted(options: PipelineOptions) -> RequiredWeights | None:
    """Return the configuration of a single file; None if the model is not one."""
    if not is_single_file(options.model):
        return None
    return RequiredWeights(
        name="diffusers.config",
        source=options.config or _DEFAULT_CONFIG,
        needs=("model_index.json",),
        has_weights=False,
        files=_TEXTS,
        offline=options.offline,
    )


def vae_wanted(options: PipelineOptions) -> RequiredWeights | None:
    """Return the VAE that replaces the model's own."""
    if options.vae is None:
        return None
    return RequiredWeights(name="diffusers.vae", source=options.vae, offline=options.offline)


def refiner_wanted(options: PipelineOptions) -> RequiredWeights | None:
    """Return the weights of the refiner."""
    if options.refiner is None:
        return None
    return _pipeline("diffusers.refiner", options.refiner, options)


def control_wanted(options: PipelineOptions) -> RequiredWeights | None:
    """Return the weights of the ControlNet."""
    if options.control is None:
        return None
    files = ("config.json", "diffusion_pytorch_model.safetensors")
    return RequiredWeights(
        name="diffusers.controlnet",
        source=options.control.source,
        needs=files,
        files=files,
        offline=options.offline,
    )


def depth_wanted(options: PipelineOptions) -> RequiredWeights | None:
    """Return the weights of the model of depth."""
    if options.control is None or options.control.kind != "depth":
        return None
    files = ("config.json", "preprocessor_config.json", "model.safetensors")
    return RequiredWeights(
        name="diffusers.depth",
        source=options.control.depth_model,
        needs=files,
        files=files,
        offline=options.offline,
    )


def upscaler_wanted(options: PipelineOptions) -> RequiredWeights | None:
    """Return the weights of the network that enlarges images."""
    if options.upscaler is None:
        return None
    return RequiredWeights(
        name="diffusers.upscale", source=options.upscaler, offline=options.offline
    )


IMAGE_ADAPTER, VIDEO_ADAPTER = "diffusers.ip-adapter", "diffusers.video-ip-adapter"
"""Names of IP-Adapters."""


def adapter_wanted(
    adapter: AdapterFile, *, offline: bool = False, name: str = IMAGE_ADAPTER
) -> RequiredWeights:
    """Return the weights of an IP-Adapter with its image encoder."""
    encoder = adapter.image_encoder.strip("/")
    needs = (adapter.weights, f"{encoder}/config.json", f"{encoder}/model.safetensors")
    return RequiredWeights(
        name=name,
        source=adapter.source,
        needs=needs,
        files=needs,
        offline=offline,
    )


IMAGE_LORA, SOUND_LORA = "diffusers.lora", "diffusers.audio-lora"
VIDEO_LORA = "diffusers.video-lora"
"""Names of LoRAs, before their positions."""


def lora_wanted(
    number: int, lora: LoraFile, *, offline: bool = False, name: str = IMAGE_LORA
) -> RequiredWeights:
    """Return the weights of a LoRA, by its position in the list, from 1."""
    return RequiredWeights(name=f"{name}-{number}", source=lora.source, needs=(), offline=offline)


def all_wanted(
    options: PipelineOptions, loras: Sequence[LoraFile] = ()
) -> Iterator[RequiredWeights]:
    """Return all weights that are needed, the pipeline first."""
    yield model_wanted(options)
    parts = (
        config_wanted, vae_wanted, refiner_wanted, control_wanted, depth_wanted, upscaler_wanted
    )  # fmt: skip
    for part in parts:
        if (wanted := part(options)) is not None:
            yield wanted
    if options.ip_adapter is not None:
        yield adapter_wanted(options.ip_adapter, offline=options.offline)
    for number, lora in enumerate(loras, start=1):
        yield lora_wanted(number, lora, offline=options.offline)


def sounds_wanted(
    options: SoundPipelineOptions, loras: Sequence[LoraFile] = ()
) -> Iterator[RequiredWeights]:
    """Return all weights that a pipeline of sounds needs, the pipeline first."""
    yield sound_model_wanted(options)
    for number, lora in enumerate(loras, start=1):
        yield lora_wanted(number, lora, offline=options.offline, name=SOUND_LORA)


def videos_wanted(
    options: VideoPipelineOptions, loras: Sequence[LoraFile] = ()
) -> Iterator[RequiredWeights]:
    """Return all weights that a pipeline of clips needs, the pipeline first."""
    yield video_model_wanted(options)
    if (motion := motion_wanted(options)) is not None:
        yield motion
    if options.ip_adapter is not None:
        yield adapter_wanted(options.ip_adapter, offline=options.offline, name=VIDEO_ADAPTER)
    for number, lora in enumerate(loras, start=1):
        yield lora_wanted(number, lora, offline=options.offline, name=VIDEO_LORA)


def lora_file(number: int, lora: LoraFile, name: str = IMAGE_LORA) -> Path:
    """Return the file of a LoRA, by its position in the list, from 1.

    Raises:
        Blocked: It does not exist, or a folder holds none or several.
    """
    path = require(lora_wanted(number, lora, name=name))
    if path.is_file():
        return path
    files = sorted(path.glob(f"*{SAFETENSORS}"))
    if len(files) != 1:
        raise Blocked(
            f"The folder of the LoRA {parse_source(lora.source)} holds {len(files)} safetensors "
            "files instead of one.",
            reason="weights",
            remedy="Name the file in its setting, then queue the batch again.",
        )
    return files[0]


def _pipeline(
    name: str, source: str, options: PipelineOptions | SoundPipelineOptions | VideoPipelineOptions
) -> RequiredWeights:
    others = () if options.variant else _OTHER_PRECISIONS
    return RequiredWeights(
        name=name,
        source=source,
        needs=("model_index.json",),
        files=_PARTS,
        leave=(*others, *_NEVER),
        offline=options.offline,
    )
