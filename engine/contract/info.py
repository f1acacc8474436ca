"""Description of a backend: what it is, what a call may cost, and how it can be called."""

from dataclasses import dataclass
from typing import Literal

DigitalSource = Literal["trained", "algorithmic"]
"""Origin of what a backend makes: a trained model, or a procedure that was written by people."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the lane that a backend's calls queue in.

    Attributes:
        concurrency: Maximum number of calls in flight; 0 for one per CPU worker.
        requests_per_minute: Maximum number of calls per minute; None for no limit.
        tokens_per_minute: Maximum number of tokens per minute, read and written; None for no limit.
    """

    concurrency: int = 1
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendInfo:
    """Description of a backend with its settings.

    Capabilities whose recipes need more facts have a subclass, `ImageInfo` for example.

    Attributes:
        name: Name on the command line and in settings, for example `builtin`.
        capability: Name of the capability, for example `image`.
        model: Model it runs; part of every fingerprint.
        version: Version of its method; raised when the same request gives another result.
        lane: Lane its calls queue in; backends that share an account share a lane.
        paid: True if a call costs money, so that it is never sent twice without need.
        resumable: True if a submitted call can be found again by its request id.
        reusable: True if the same request gives the same result, so that the result of another
            job may stand for it.
        limits: Limits of its lane.
        price_names: Settings that have to be set for its prices to be known; empty if a call can
            cost nothing.
        client: Package of the provider that it calls through, None if there is none.
        digital_source: Origin of what it makes, as signed files state it. A backend that does not
            say is taken to be a trained model: rather marked than not.
    """

    name: str
    capability: str
    model: str
    version: str
    lane: str
    paid: bool = False
    resumable: bool = False
    reusable: bool = False
    limits: Limits = Limits()
    price_names: tuple[str, ...] = ()
    client: str | None = None
    digital_source: DigitalSource = "trained"

    def signature(self, version: str = "") -> str:
        """Return name, model and version, as results are signed with.

        Args:
            version: Version to use in place of its own, that of an agent for example.
        """
        return f"{self.name}/{self.model} {version or self.version}"
