"""Settings of the recipe `sound-effect`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from engine.audio.spatial.geometry import FIELD_OF_VIEW
from engine.contract.backend_names import BackendNames, names_of
from engine.contract.fields import LOCAL_PATH
from engine.contract.recipe import RecipeSettings
from engine.recipes.sound_effect.input import MAX_SECONDS
from engine.recipes.sound_effect.models import MODELS, absolute, absolute_loras, backend_settings

AudioFormat = Literal[
    "wav", "wav-16", "wav-24", "wav-float", "flac", "ogg", "mp3", "original"
]  # fmt: skip
"""Format of the files of takes."""

MAX_VARIATIONS = 16
"""Maximum number of takes of one prompt."""


class SoundEffectSettings(RecipeSettings):
    """Settings of the recipe `sound-effect`."""

    audio: BackendNames = Field(
        "builtin", description="Backend that generates sounds, or several: the next if one fails."
    )
    text: BackendNames = Field("builtin", description="Backend that refines prompts, or several.")
    score: BackendNames | None = Field(
        None,
        description="Backend that scores how well takes fit their words, such as local-sounds, or "
        "several; none by default.",
    )
    audio_length: float = Field(
        6.0, gt=0, le=MAX_SECONDS, description="Length in seconds by default."
    )
    num_variations: int = Field(
        4, ge=1, le=MAX_VARIATIONS, description="Takes of each prompt, with a seed each."
    )
    max_iterations: int = Field(2, ge=1, le=10, description="Maximum number of prompts tried.")
    target_score: float = Field(
        90, ge=0, le=100, description="Score of a take at which the prompt is refined no more."
    )
    cfg_scale: float | None = Field(
        None, ge=0, le=100, description="Guidance scale; by default the backend's."
    )
    steps: int | None = Field(
        None, ge=1, le=1000, description="Number of denoising steps; by default the backend's."
    )
    sampler: str | None = Field(
        None, min_length=1, max_length=60, description="Sampler; by default the backend's."
    )
    loop: bool = Field(False, description="Generate sounds whose end continues into their start.")
    checkpoint: Annotated[str | None, BeforeValidator(absolute)] = Field(
        None,
        description="Weights of a model, or a LoRA for the base model, of stable-audio.",
        json_schema_extra=LOCAL_PATH,
    )
    config: Annotated[str | None, BeforeValidator(absolute)] = Field(
        None,
        description="Configuration of the checkpoint, or of the training of a LoRA.",
        json_schema_extra=LOCAL_PATH,
    )
    loras: Annotated[tuple[str, ...], BeforeValidator(absolute_loras)] = Field(
        (),
        description="LoRAs of a local model, each FILE or FILE*WEIGHT.",
        json_schema_extra=LOCAL_PATH,
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|(cuda|cpu)(:\d{1,3})?|mps)$",
        description="Device of a local model; auto is a GPU if there is one, else the processor.",
    )
    field_of_view: float = Field(
        FIELD_OF_VIEW,
        ge=10,
        le=150,
        description="Horizontal angle of the camera in degrees, for the place of steps on events.",
    )
    fade: float = Field(0.0, ge=0, le=30, description="Seconds of a fade at each end of a take.")
    target_lufs: float | None = Field(
        None, ge=-60, le=-5, description="Loudness of takes in LUFS; by default they stay as loud."
    )
    audio_format: AudioFormat = Field(
        "wav",
        description="Format of the files: `wav` with the backend's samples, WAV of a depth, or a "
        "compressed one; `original` is whatever the backend sends.",
    )

    @model_validator(mode="before")
    @classmethod
    def _models_name_their_backend(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or values.get("audio") is not None:
            return values
        named = any(values.get(name) for name in ("checkpoint", "config", "loras"))
        return {**values, "audio": "stable-audio"} if named else values

    @model_validator(mode="after")
    def _models_are_of_their_backend(self) -> Self:
        backends = set(names_of(self.audio))
        for name, usable in MODELS.items():
            value = getattr(self, name)
            if value and value != "auto" and not backends & usable:
                known = " or ".join(sorted(usable))
                raise ValueError(
                    f"{name} is for the backend {known}, and audio names {self.audio}; add "
                    "--set audio=stable-audio, or leave it out"
                )
        return self

    def backends(self) -> dict[str, dict[str, Any]]:
        """Return the settings of local backends that these stand for, by the backend's name."""
        return backend_settings(
            checkpoint=self.checkpoint, config=self.config, loras=self.loras, device=self.device
        )

    @model_validator(mode="after")
    def _loops_have_no_fade(self) -> Self:
        if self.loop and self.fade:
            raise ValueError("a loop has no fade; leave out one of fade and loop")
        return self
