"""Settings of the local models: `[backends.local]` in `safelight.toml`."""

from pydantic import ConfigDict, Field, field_validator

from engine.models.scorers.device_modules import Precision
from engine.models.scorers.models import ClipText, Metric, ScorerModels


class LocalSettings(ScorerModels):
    """Settings of the local models.

    Attributes:
        scorers: Which scorers there are, in the order of their columns.
        embedding: The model that embeds texts; a CLIP model embeds images too.
        precision: How numbers are kept: `auto` is bf16 on CUDA devices and fp32 elsewhere.
        device: Device, such as `cuda:1` or `cpu`; any accelerator by default.
        batch: Images that a model takes at once.
        concurrency: Sets that are scored at once; a model host puts them into one batch.
        offline: Whether weights are never fetched, not even by `safelight models pull`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    scorers: tuple[Metric, ...] = Field(
        ("pickscore", "clipscore", "vqascore", "aesthetic"),
        min_length=1,
        description="Scorers, in order: pickscore, clipscore, vqascore, aesthetic, hpsv2, "
        "imagereward.",
    )
    embedding: ClipText = Field(
        "sentence-transformers/all-MiniLM-L6-v2",
        description="Model that embeds texts, of transformers; or a CLIP model, for images too.",
    )
    precision: Precision = Field("auto", description="auto, fp32, fp16 or bf16.")
    device: str = Field(
        "",
        pattern=r"^((cuda|cpu)(:\d{1,3})?|mps)?$",
        description="Device, such as cuda:1 or cpu; any accelerator by default.",
    )
    batch: int = Field(16, ge=1, le=256, description="Images that a model takes at once.")
    concurrency: int = Field(8, ge=1, le=64, description="Sets that are scored at once.")
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
    def _different(cls, value: tuple[Metric, ...]) -> tuple[Metric, ...]:
        if len(set(value)) != len(value):
            raise ValueError("must name each scorer once")
        return value
