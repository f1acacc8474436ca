"""Settings that every backend of a remote provider has."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.contract import Limits
from engine.text.addresses import checked_url, is_loopback

BaseUrl = Annotated[str, AfterValidator(checked_url)]
"""An https address, or an http one of this machine, without user name, query and fragment."""


class RemoteSettings(BaseModel):
    """Settings of a remote backend. None of them is part of a step's fingerprint but the model.

    Attributes:
        model: The model asked, by the provider's own name for it.
        base_url: Where the provider's interface is, for a proxy, a gateway or a local server.
        concurrency: Calls in flight at once.
        requests_per_minute: Calls a minute at most, None for no limit.
        timeout: Seconds that one call may take from its start to the last byte of its reply.
        ask_above: Dollars. A call whose outcome is unknown is retried automatically if it
            cost no more than this, and asked about (`engine.on_unknown`) where it cost more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str = Field("", description="Model, by the provider's own name for it.")
    base_url: BaseUrl | None = Field(
        None, description="Address of a proxy, gateway or local server instead of the provider's."
    )
    concurrency: int = Field(4, ge=1, le=256, description="Calls in flight at once.")
    requests_per_minute: float | None = Field(
        None, gt=0, description="Calls a minute at most; no limit by default."
    )
    timeout: float = Field(
        120, gt=0, le=3600, description="Seconds one call may take, to the last byte of its reply."
    )
    ask_above: float = Field(
        0.05,
        ge=0,
        description="Dollars: a call of unknown outcome that cost more is asked about.",
    )

    @property
    def is_local(self) -> bool:
        """True if calls go to this machine, which needs no key."""
        return self.base_url is not None and is_loopback(self.base_url)

    @property
    def limits(self) -> Limits:
        """Limits of the lane."""
        return Limits(self.concurrency, self.requests_per_minute)

    def asks_about(self, worst: int | None) -> bool:
        """Return True if a call of unknown outcome is asked about rather than retried.

        Args:
            worst: Maximum cost of the call, in micro-dollars; None if that is not known.
        """
        return worst is None or worst > self.ask_above * 1_000_000

    def lane(self, name: str, model: str) -> str:
        """The lane of a model of an account: backends that share both share the lane.

        A gateway may have an account for each path, so the whole address tells lanes apart.
        """
        address = (self.base_url or "").partition("://")[2]
        return f"{name}:{model}@{address}" if address else f"{name}:{model}"
