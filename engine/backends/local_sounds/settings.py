"""Settings of the scorers of sounds: `[backends.local-sounds]` in `safelight.toml`."""

from pydantic import ConfigDict, Field, field_validator

from engine.models.scorers.device_modules import Precision
from engine.models.scorers.sounds.options import SoundScorer, SoundScorerModels


class LocalSoundsSettings(SoundScorerModels):
    """Settings of the scorers of sounds.

    Attributes:
        scorers: Models that score, in the order of their columns.
        precision: Precision of CLAP: `auto` is bf16 on CUDA devices and fp32 elsewhere.
        device: Device, such as `cuda:1` or `cpu`; any accelerator by default.
        batch: Windows of ten seconds that a model takes at once.
        concurrency: Sounds that are scored at once.
        offline: Whether weights are never fetched, not even by `safelight models pull`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    scorers: tuple[SoundScorer, ...] = Field(
        ("clap",), min_length=1, description="Models that score, in order: clap, audiobox."
    )
    precision: Precision = Field("auto", description="auto, fp32, fp16 or bf16; of CLAP.")
    device: str = Field(
        "",
        pattern=r"^((cuda|cpu)(:\d{1,3})?|mps)?$",
        description="Device, such as cuda:1 or cpu; any accelerator by default.",
    )
    batch: int = Field(16, ge=1, le=256, description="Windows of 10 s that a model takes at once.")
    concurrency: int = Field(8, ge=1, le=64, description="Sounds that are scored at once.")
    offline: bool = Field(
        default=False, description="Never fetch weights, not even when they are pulled."
    )

    @field_validator("scorers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """A list as one text, as `--set` gives it: names with commas between."""
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        return value

    @field_validator("scorers")
    @classmethod
    def _different(cls, value: tuple[SoundScorer, ...]) -> tuple[SoundScorer, ...]:
        if len(set(value)) != len(value):
            raise ValueError("must name each model once")
        return value
