"""Settings of models of stable-audio-tools: `[backends.stable-audio]` in `safelight.toml`."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from engine.backends.common.local_models import DEVICE, SourceText, split_loras
from engine.models.sound.checkpoints import SUFFIXES
from engine.models.sound.options import FLOW_SAMPLERS, V_SAMPLERS, Precision, SoundLora
from engine.models.weights import parse_source

SAMPLERS = ("", *dict.fromkeys((*V_SAMPLERS, *FLOW_SAMPLERS)))
"""Names of samplers, of models of any objective; empty for the model's default."""


def file_source(text: str) -> str:
    """Return the source of a file: an absolute path, or `org/name:file` of the hub.

    Raises:
        ValueError: It is neither.
    """
    text = text.strip()
    if ":" in text and not text.startswith(("/", ".", "~")):
        source = parse_source(text)
        if not source.file:
            raise ValueError("name a file: a path, or org/name:file of the hub")
        return str(source)
    if not text or not text.isprintable():
        raise ValueError("is no path of a file")
    return str(Path(text).expanduser().absolute())


FileText = Annotated[str, AfterValidator(file_source)]
"""Source of one file: a path, or `org/name:file`."""


def _checked_lora(lora: SoundLora) -> SoundLora:
    source = file_source(lora.source)
    if not source.endswith(SUFFIXES):
        raise ValueError(f"a LoRA is a file that ends in {', '.join(SUFFIXES)}")
    return lora.model_copy(update={"source": source})


SoundLoras = Annotated[
    tuple[Annotated[SoundLora, AfterValidator(_checked_lora)], ...],
    BeforeValidator(split_loras),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}, mode="validation"),
]
"""LoRAs, each written as `SOURCE` or `SOURCE*WEIGHT`, or as a table with its `alpha`."""


def _sampler(value: Any) -> Any:
    if value not in SAMPLERS:
        raise ValueError(f"is none of {', '.join(SAMPLERS[1:])}")
    return value


class StableAudioSettings(BaseModel):
    """Settings of models of stable-audio-tools.

    What changes a sound is part of every fingerprint; `batch`, `device`, `cpu_fallback`,
    `concurrency`, `preview_every`, the limits and `offline` are not.

    Attributes:
        model: The base model: id on the hub, folder, or single file.
        config: Configuration of a single file or of a checkpoint; of a LoRA, that of its training.
        checkpoint: Weights that replace those of the base model, or a LoRA for it.
        text_encoder: The T5 text encoder: id on the hub, or folder.
        loras: LoRAs, as `SOURCE` or `SOURCE*WEIGHT`, or tables with `source`, `weight`, `alpha`.
        steps: Denoising steps of a sound that asks for none; the model's default if unset.
        cfg: Guidance of a sound that asks for none; the model's default if unset.
        sampler: Sampler of a sound that asks for none; empty for the model's default.
        sigma_min: Lowest noise level, for models with the objective v.
        sigma_max: Highest noise level, for models with the objective v.
        rho: Exponent of the spacing of noise levels.
        dtype: Numbers that the denoiser computes with.
        trim_tail: True to cut silence off the end; sounds are then shorter than requested.
        max_seconds: Maximum length of a sound; the length that the model was trained on if unset.
        max_steps: Maximum number of denoising steps.
        max_cfg: Maximum guidance.
        preview_every: Steps between two previews; 0 for none.
        batch: Sounds in one call at most.
        device: Device, such as `cuda:1` or `cpu`; any accelerator by default.
        cpu_fallback: True to use the processor if the device is missing or full.
        concurrency: Maximum number of sounds waiting or in progress; by default twice `batch`.
        offline: Forbids `safelight models pull` to fetch these weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: SourceText = Field(
        "stabilityai/stable-audio-open-1.0",
        description="Base model: id on the hub, folder, or single file.",
    )
    config: FileText | None = Field(
        None, description="Configuration of a checkpoint, or of a LoRA's training run."
    )
    checkpoint: FileText | None = Field(
        None, description="Weights of a whole model, or a LoRA for the base model."
    )
    text_encoder: SourceText | None = Field(
        None, description="T5 text encoder: id or folder; by default the configuration's."
    )
    loras: SoundLoras = Field((), description="LoRAs, each SOURCE or SOURCE*WEIGHT.")
    steps: int | None = Field(
        None, ge=1, le=1000, description="Denoising steps; 100, or 8 for a distilled model."
    )
    cfg: float | None = Field(
        None, ge=0, le=100, description="Guidance; 7, or 1 for a distilled model."
    )
    sampler: Annotated[str, AfterValidator(_sampler)] = Field(
        "", description="Sampler; by default dpmpp-2m-sde, euler or pingpong, by objective."
    )
    sigma_min: float = Field(0.3, gt=0, le=10, description="Lowest noise level (objective v).")
    sigma_max: float = Field(
        500.0, ge=11, le=10_000, description="Highest noise level (objective v)."
    )
    rho: float = Field(1.0, gt=0, le=10, description="Spacing of noise levels; 1 is even.")
    dtype: Precision = Field("auto", description="Numbers of the denoiser; auto is fp32.")
    trim_tail: bool = Field(False, description="Cut silence off the end of sounds.")
    max_seconds: float | None = Field(
        None, gt=0, le=600, description="Maximum length; by default what it was trained on."
    )
    max_steps: int = Field(200, ge=1, le=1000, description="Maximum number of denoising steps.")
    max_cfg: float = Field(15.0, ge=1, le=100, description="Maximum guidance.")
    preview_every: int = Field(25, ge=0, description="Steps between two previews; 0 for none.")
    batch: int = Field(4, ge=1, le=64, description="Sounds in one call at most.")
    device: str = Field(
        "", pattern=DEVICE, description="Device, such as cuda:1; any accelerator by default."
    )
    cpu_fallback: bool = Field(
        True, description="Use the processor if the device is missing or full."
    )
    concurrency: int | None = Field(
        None, ge=1, le=256, description="Sounds waiting or in progress; twice batch by default."
    )
    offline: bool = Field(False, description="Never fetch these weights.")
