"""Settings of fal: `[backends.fal]` in `safelight.toml`."""

from typing import Any

from pydantic import Field

from engine.backends.common.download import PictureSettings

QUEUE_URL = "https://queue.fal.run"
KEYS = ("FAL_KEY", "FAL_AI_API_KEY")
ENDPOINT = r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)+$"


class FalSettings(PictureSettings):
    """Settings of fal.

    Attributes:
        model: The model's id, for example `fal-ai/flux/dev`.
        reference_model: The model asked where a request has a reference picture.
        reference_field: The input that takes the reference picture.
        arguments: Inputs of the model beyond those that every request fills; they win.
        price_per_second: Dollars for a second of the model's own time, for models priced so.
        poll_seconds: Longest wait between two looks at a request.
        download_hosts: Hosts that finished pictures are fetched from, their subdomains included.
    """

    model: str = Field(
        "fal-ai/fast-lightning-sdxl", pattern=ENDPOINT, description="Model id, OWNER/APP[/PATH]."
    )
    reference_model: str | None = Field(
        None,
        pattern=ENDPOINT,
        description="Model id where there is a reference picture; known for common models.",
    )
    reference_field: str | None = Field(
        None,
        pattern=r"^\w{1,64}$",
        description="Input that takes the reference picture; known for common models.",
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="More inputs of the model, as its page names them."
    )
    price_per_second: float | None = Field(
        None, ge=0, description="Dollars for a second of the model's time; unknown by default."
    )
    poll_seconds: float = Field(
        1.0, gt=0, le=60, description="Longest wait between two looks at a request."
    )
    download_hosts: tuple[str, ...] = Field(
        ("fal.media",), description="Hosts that finished pictures are fetched from."
    )
