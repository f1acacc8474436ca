"""Settings of Stability AI: `[backends.stability]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.download import ImageSettings

API_URL = "https://api.stability.ai"
KEYS = ("STABILITY_API_KEY",)


class StabilitySettings(ImageSettings):
    """Settings of Stability AI.

    Attributes:
        model: `ultra`, `core`, or a model of Stable Diffusion 3, for example `sd3.5-large`.
        strength: How far a reference image is left behind: 0 gives it back, 1 ignores it.
        style_preset: A named style, where the model has them (`core`).
    """

    model: str = Field(
        "core",
        pattern=r"^(ultra|core|sd3[\w.-]{0,40})$",
        description="ultra, core or sd3*.",
    )
    strength: float = Field(
        0.6, ge=0, le=1, description="How far a reference image is left behind."
    )
    style_preset: str | None = Field(
        None, pattern=r"^[\w-]{1,40}$", description="A named style, for example photographic."
    )
