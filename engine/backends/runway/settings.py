"""Settings of Runway: `[backends.runway]` in `safelight.toml`."""

from pydantic import Field

from engine.backends.common.remote_video import VideoPriceSettings
from engine.backends.runway.models import ModelName
from engine.text.amounts import price_of

API_URL = "https://api.dev.runwayml.com"
KEYS = ("RUNWAYML_API_SECRET",)


class RunwaySettings(VideoPriceSettings):
    """Settings of Runway.

    Attributes:
        model: The model's id.
        price_per_credit: Dollars for a credit, in which Runway reports what a clip has cost.
        poll_seconds: Longest wait between two looks at a request.
        download_hosts: Hosts that finished files are fetched from besides the API's own.
    """

    model: ModelName = Field("gen4.5", description="Model id.")
    price_per_credit: float = Field(
        0.01, ge=0, description="Dollars for a credit; clips are counted as Runway reports them."
    )
    poll_seconds: float = Field(
        5.0, gt=0, le=60, description="Longest wait between two looks at a request."
    )
    download_hosts: tuple[str, ...] = Field(
        ("cloudfront.net", "runwayml.com"),
        description="Hosts that finished files are fetched from.",
    )

    def credit_cost(self, amount: float) -> int:
        """Return the cost of a number of credits in micro-dollars."""
        return price_of(round(self.price_per_credit * amount, 12))
