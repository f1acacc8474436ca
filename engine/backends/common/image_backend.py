"""What the backends of providers that sell images have in common."""

from collections.abc import Mapping
from typing import ClassVar, Generic, TypeVar

from engine.backends.common.download import ImageSettings
from engine.backends.common.failures import Account
from engine.backends.common.readiness import find_key
from engine.backends.common.speaker import lacks
from engine.contract import Capability, ImageRequest, MissingRequirement

SettingsT = TypeVar("SettingsT", bound=ImageSettings)


class ImageCosts(Generic[SettingsT]):
    """Costs of images that have a price each.

    Attributes:
        name: The backend's name.
        settings: Its settings, with the price.
    """

    name: str
    settings: SettingsT

    @property
    def price_names(self) -> tuple[str, ...]:
        """The setting that says what an image costs."""
        return (f"{self.name}.price_per_image=...",)

    def worst_cost(self, request: ImageRequest) -> int | None:
        """The most that an image may cost, in micro-dollars; None where it is not known."""
        return self.settings.worst

    def asks(self, request: ImageRequest) -> bool:
        """Whether a call of unknown outcome is asked about instead of being made again."""
        return self.settings.asks_about(self.worst_cost(request))

    def usual_cost(self) -> tuple[int, int] | None:
        """The least and the most that an image costs; None where it is not known."""
        return self.settings.usual


class ImageBackend(ImageCosts[SettingsT]):
    """A provider's account and what its images cost.

    Args:
        settings: The backend's settings.
        environment: Where the key is.

    Attributes:
        keys: Names under which the key is looked for, the usual one first.
        package: The package that it needs, as it is installed.
        module: The same, as it is imported.
    """

    keys: ClassVar[tuple[str, ...]]
    package: ClassVar[str]
    module: ClassVar[str]
    capability: Capability = "image"
    version = "1"
    paid = True
    resumable = False

    def __init__(self, settings: SettingsT, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.model = settings.model
        self.lane = settings.lane(self.name, self.model)
        self.concurrency = settings.concurrency
        self.requests_per_minute = settings.requests_per_minute
        self._key = find_key(environment, *self.keys)
        self._account = Account(self.name, self.keys, (self._key,) if self._key else ())

    def missing(self) -> list[MissingRequirement]:
        """The package or the key, where one is lacking."""
        needed = not self.settings.is_local
        return lacks(self.module, self.package, self._key, self.keys, needed=needed)
