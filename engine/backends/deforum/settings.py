"""Settings of animations by diffusion: `[backends.deforum]` in `safelight.toml`."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.backends.common.local_models import SourceText
from engine.backends.diffusers.settings import Loras
from engine.models.diffusion.options import Precision, SchedulerName
from engine.video.motion.options import MAX_FRAMES, Border
from engine.video.schedules import check_schedule


def _readable(text: str) -> str:
    """Return a schedule that can be read.

    Raises:
        ScheduleError: It cannot.
    """
    check_schedule(text, MAX_FRAMES)
    return text


ScheduleText = Annotated[str, AfterValidator(_readable)]
"""Values by frame in Deforum's grammar, for example `0:(1.0), 30:(1.02)`."""


class DeforumSettings(BaseModel):
    """Settings of animations.

    Schedules have Deforum's names, grammar, directions and units. A request's schedules come before
    them, and its amount of motion scales all movement; 0.5 leaves it as it is.

    Attributes:
        model: A Stable Diffusion or SDXL model: id on the hub, folder, or `.safetensors` file.
        config: Source of a single file's configuration: id or folder; SDXL base by default.
        variant: Variant of the model's files, for example `fp16`.
        vae: Another VAE.
        scheduler: The scheduler; `default` is the model's own.
        steps: Denoising steps of a whole image; a frame takes the share that strength leaves.
        cfg: Scale of classifier-free guidance.
        dtype: Numbers that the model computes with.
        loras: LoRAs, as `SOURCE` or `SOURCE*WEIGHT`.
        zoom: Zoom per frame.
        angle: Degrees per frame, against the clock.
        translation_x: Pixels per frame to the right.
        translation_y: Pixels per frame downwards.
        strength_schedule: Share of the last frame that stays: less of it changes more.
        noise_schedule: Noise added before diffusion.
        cadence: Every how many frames one is diffused.
        border: Content of places that a movement uncovers.
        coherent: True to keep the colours of the first frame.
        follows_seed: True to count the seed up from frame to frame.
        frame_rate: Frames per second if a request has none.
        max_seconds: Maximum length of a clip in seconds.
        device: Device, such as `cuda:1` or `cpu`; any accelerator by default.
        concurrency: Maximum number of clips in progress.
        offline: Forbids `safelight models pull` to fetch these weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: SourceText = Field(
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        description="Stable Diffusion or SDXL: id on the hub, folder, or .safetensors file.",
    )
    config: SourceText | None = Field(
        None, description="Id or folder whose configuration a single file has; SDXL base if unset."
    )
    variant: str | None = Field(
        None, pattern=r"^\w{1,20}$", description="Variant of the files, for example fp16."
    )
    vae: SourceText | None = Field(None, description="Another VAE: id, folder or single file.")
    scheduler: SchedulerName = Field("euler-a", description="Scheduler; default is the model's.")
    steps: int = Field(25, ge=1, le=1000, description="Denoising steps of a whole image.")
    cfg: float = Field(7.0, ge=0, le=100, description="Classifier-free guidance.")
    dtype: Precision = Field("auto", description="Numbers that the model computes with.")
    loras: Loras = Field((), description="LoRAs, each SOURCE or SOURCE*WEIGHT.")
    zoom: ScheduleText = Field(
        "0:(1.0025+0.002*sin(1.25*3.14*t/30))", description="Zoom per frame."
    )
    angle: ScheduleText = Field("0:(0)", description="Degrees per frame, against the clock.")
    translation_x: ScheduleText = Field("0:(0)", description="Pixels per frame to the right.")
    translation_y: ScheduleText = Field("0:(0)", description="Pixels per frame downwards.")
    strength_schedule: ScheduleText = Field(
        "0:(0.65)", description="Share of the last frame that stays."
    )
    noise_schedule: ScheduleText = Field("0:(0.03)", description="Noise added before diffusion.")
    cadence: int = Field(2, ge=1, le=32, description="Every how many frames one is diffused.")
    border: Border = Field("replicate", description="Content of uncovered places.")
    coherent: bool = Field(True, description="Keep the colours of the first frame.")
    follows_seed: bool = Field(True, description="Count the seed up from frame to frame.")
    frame_rate: float = Field(12.0, ge=1, le=60, description="Frames per second by default.")
    max_seconds: float = Field(60.0, ge=1, le=120, description="Maximum length of a clip.")
    device: str = Field(
        "",
        pattern=r"^((cuda|cpu)(:\d{1,3})?|mps)?$",
        description="Device, such as cuda:1; any accelerator by default.",
    )
    concurrency: int = Field(2, ge=1, le=64, description="Clips in progress.")
    offline: bool = Field(False, description="Never fetch these weights.")
