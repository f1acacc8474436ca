"""Settings of ComfyUI: `[backends.comfyui]` in `safelight.toml`."""

from typing import Annotated, Any, Self, cast

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from engine.backends.comfyui.media import CLIP, IMAGE, SOUND
from engine.backends.comfyui.workflow import SlotName, Workflow, listed, load
from engine.backends.common.download import ImageSettings
from engine.contract.audio import MAX_SECONDS
from engine.contract.video import MAX_SECONDS as MAX_CLIP_SECONDS
from engine.text.amounts import price_of

LOCAL_URL = "http://127.0.0.1:8188"


def _load(written: Any, info: ValidationInfo) -> Any:
    """The workflow of a setting; the outputs are about the workflows without a file to follow."""
    field = info.field_name or ""
    medium = next((one for one in (SOUND, CLIP) if field.startswith(one.prefix)), IMAGE)
    is_plain = field == f"{medium.prefix}workflow"
    return load(written, info.data.get(f"{medium.prefix}output") if is_plain else None, medium)


WorkflowFile = Annotated[
    Workflow,
    BeforeValidator(_load),
    WithJsonSchema(
        {
            "type": "string",
            "description": "txt2img, img2img, refiner, upscale, or the path of a workflow file.",
        },
        mode="validation",
    ),
]
"""A workflow, written as a built-in name or a path and validated into its content."""

SoundWorkflowFile = Annotated[
    Workflow,
    BeforeValidator(_load),
    WithJsonSchema(
        {
            "type": "string",
            "description": "stable-audio, stable-audio-init, or the path of a workflow file.",
        },
        mode="validation",
    ),
]
"""The same of a workflow that makes a sound."""

ClipWorkflowFile = Annotated[
    Workflow,
    BeforeValidator(_load),
    WithJsonSchema(
        {
            "type": "string",
            "description": "ltx, ltx-image, wan-image, or the path of a workflow file.",
        },
        mode="validation",
    ),
]
"""The same of a workflow that makes a clip."""


class ComfySettings(ImageSettings):
    """Settings of ComfyUI.

    Attributes:
        model: The checkpoint's file name on the server; the workflow's own by default.
        workflow: A built-in workflow or a file of one's own, for requests without a reference.
        reference_workflow: The workflow where a request has a reference image and `workflow`
            has no slot for it; None refuses such requests.
        output: The node of `workflow` whose image is the result.
        slots: Slots of `workflow`, as `NODE.INPUT`, before those that it declares itself and
            those that are found; an empty list leaves what the workflow has there.
        steps: Sampling steps.
        cfg: How strictly the prompt is followed.
        denoise: How far a reference image is left behind, 0 to 1.
        refiner: The refiner's checkpoint.
        upscaler: The upscaler's model file.
        poll_seconds: Wait between two looks at a prompt.
        price_per_image: Dollars for one image on a rented server; free where it is not set.
        sound_model: The checkpoint's file name for sounds; the workflow's own by default.
        sound_output: The node of `sound_workflow` whose sound is the result.
        sound_workflow: As `workflow`, for sounds.
        sound_init_workflow: The workflow where a request has a sound to start from, and
            `sound_workflow` has no slot for it; None refuses such requests.
        sound_slots: As `slots`, of `sound_workflow`.
        max_sound_seconds: Maximum length of a sound in seconds; that of Stable Audio Open by
            default.
        price_per_sound: Dollars for one sound on a rented server; free where it is not set.
        video_model: The model's file name for clips; the workflow's own by default.
        video_output: The node of `video_workflow` whose clip is the result.
        video_workflow: As `workflow`, for clips from words.
        video_image_workflow: The workflow for clips that start with an image; None refuses them.
        video_slots: As `slots`, of `video_workflow`.
        video_frame_rate: Frames per second of clips.
        video_frame_step: Clips have one frame more than a multiple of it.
        max_video_seconds: Maximum length of a clip in seconds.
        price_per_video: Dollars for one clip on a rented server; free where it is not set.
    """

    concurrency: int = Field(
        2, ge=1, le=256, description="Prompts in the server's queue at once; it runs one."
    )
    output: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="Node of the workflow whose image is the result; the one that saves by "
        "default.",
    )
    workflow: WorkflowFile = Field(
        cast("Workflow", "txt2img"),  # validated into the workflow of that name
        validate_default=True,
        description="txt2img, img2img, refiner, upscale, or the path of a workflow in API format.",
    )
    reference_workflow: WorkflowFile | None = Field(
        cast("Workflow", "img2img"),
        validate_default=True,
        description="Workflow for requests with a reference image.",
    )
    slots: dict[SlotName, list[str]] = Field(
        default_factory=dict,
        description="Inputs that a request fills, as NODE.INPUT; found by default.",
    )
    steps: int | None = Field(None, ge=1, le=1000, description="Sampling steps.")
    cfg: float | None = Field(None, ge=0, le=100, description="Classifier-free guidance.")
    denoise: float | None = Field(
        None, ge=0, le=1, description="How far a reference image is left behind."
    )
    refiner: str | None = Field(None, description="Checkpoint of the refiner.")
    upscaler: str | None = Field(None, description="Model file of the upscaler.")
    poll_seconds: float = Field(1.0, gt=0, le=60, description="Wait between two looks at a prompt.")
    price_per_image: float | None = Field(
        None, ge=0, description="Dollars for one image on a rented server; free by default."
    )

    sound_model: str | None = Field(None, description="Checkpoint that generates sounds.")
    sound_output: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="Node of the sound workflow whose sound is the result; the one that saves by "
        "default.",
    )
    sound_workflow: SoundWorkflowFile = Field(
        cast("Workflow", "stable-audio"),
        validate_default=True,
        description="stable-audio, or the path of a workflow in API format that makes a sound.",
    )
    sound_init_workflow: SoundWorkflowFile | None = Field(
        cast("Workflow", "stable-audio-init"),
        validate_default=True,
        description="Workflow for requests with a sound to start from.",
    )
    sound_slots: dict[SlotName, list[str]] = Field(
        default_factory=dict,
        description="Inputs of the sound workflow that a request fills; found by default.",
    )
    max_sound_seconds: float = Field(
        47.0, gt=0, le=MAX_SECONDS, description="Maximum length of a sound in seconds."
    )
    price_per_sound: float | None = Field(
        None, ge=0, description="Dollars for one sound on a rented server; free by default."
    )

    video_model: str | None = Field(None, description="Model file that generates clips.")
    video_output: str | None = Field(
        None,
        coerce_numbers_to_str=True,
        description="Node of the clip workflow whose clip is the result; the one that saves by "
        "default.",
    )
    video_workflow: ClipWorkflowFile = Field(
        cast("Workflow", "ltx"),
        validate_default=True,
        description="ltx, or the path of a workflow in API format that makes a clip.",
    )
    video_image_workflow: ClipWorkflowFile | None = Field(
        cast("Workflow", "ltx-image"),
        validate_default=True,
        description="Workflow for clips that start with an image: ltx-image, wan-image or a path.",
    )
    video_slots: dict[SlotName, list[str]] = Field(
        default_factory=dict,
        description="Inputs of the clip workflow that a request fills; found by default.",
    )
    video_frame_rate: float = Field(
        24.0, ge=1, le=120, description="Frames per second of clips; Wan makes 16."
    )
    video_frame_step: int = Field(
        8, ge=1, le=64, description="Clips have 1 frame more than a multiple of it; 4 for Wan."
    )
    max_video_seconds: float = Field(
        10.0, gt=0, le=MAX_CLIP_SECONDS, description="Maximum length of a clip in seconds."
    )
    price_per_video: float | None = Field(
        None, ge=0, description="Dollars for one clip on a rented server; free by default."
    )

    @field_validator("slots", "sound_slots", "video_slots", mode="before")
    @classmethod
    def _one_or_several(cls, slots: Any) -> Any:
        return listed(slots)

    @model_validator(mode="after")
    def _slots_exist(self) -> Self:
        # All raise where a slot names an input that is not there.
        self.filled_workflow  # noqa: B018
        self.filled_sound_workflow  # noqa: B018
        self.filled_video_workflow  # noqa: B018
        return self

    @property
    def filled_workflow(self) -> Workflow:
        """`workflow` with the slots of the settings."""
        return self.workflow.with_slots(self.slots) if self.slots else self.workflow

    @property
    def filled_sound_workflow(self) -> Workflow:
        """`sound_workflow` with the slots of the settings."""
        workflow, slots = self.sound_workflow, self.sound_slots
        return workflow.with_slots(slots) if slots else workflow

    @property
    def filled_video_workflow(self) -> Workflow:
        """`video_workflow` with the slots of the settings."""
        workflow, slots = self.video_workflow, self.video_slots
        return workflow.with_slots(slots) if slots else workflow

    @property
    def video_cost(self) -> int:
        """Cost of one clip, in micro-dollars rounded up; 0 if no price is set."""
        return price_of(self.price_per_video or 0)

    @property
    def sound_cost(self) -> int:
        """Cost of one sound, in micro-dollars rounded up; 0 if no price is set."""
        return price_of(self.price_per_sound or 0)
