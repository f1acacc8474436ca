"""Image backends of providers: account, lane, prices and requirements."""

from collections.abc import Mapping
from typing import ClassVar, Generic, Protocol, TypeVar

from engine.backends.common.chat_client import lacks
from engine.backends.common.download import ROLE, FileLocations, fetch_image
from engine.backends.common.failures import Account
from engine.backends.common.readiness import find_key
from engine.contract import (
    Artifact,
    BaseBackend,
    CallContext,
    ImageInfo,
    ImageRequest,
    Limits,
    MissingRequirement,
)


class ImagePrices(Protocol):
    """Settings that have the prices of images."""

    @property
    def worst(self) -> int | None:
        """Maximum cost of one image, in micro-dollars; None if not known."""
        ...

    @property
    def usual(self) -> tuple[int, int] | None:
        """Minimum and maximum cost of an ordinary image; None if not known."""
        ...

    def asks_about(self, worst: int | None) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        ...


class ProviderSettings(ImagePrices, Protocol):
    """Settings of an image backend of a provider."""

    @property
    def base_url(self) -> str | None:
        """Address of a proxy, gateway or local server instead of the provider's."""
        ...

    @property
    def is_local(self) -> bool:
        """True if the calls go to this machine."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds that one call may take."""
        ...

    @property
    def limits(self) -> Limits:
        """Limits of the lane."""
        ...

    def lane(self, name: str, model: str) -> str:
        """Return the lane of a model of an account."""
        ...


PricesT = TypeVar("PricesT", bound=ImagePrices)
SettingsT = TypeVar("SettingsT", bound=ProviderSettings)


class PricedImages(BaseBackend, Generic[PricesT]):
    """Costs of images that have a price each.

    Attributes:
        info: Description of the backend.
        settings: Settings of the backend, with the price.
    """

    info: ImageInfo
    settings: PricesT

    def worst_cost(self, request: ImageRequest) -> int | None:
        """Return the maximum cost of an image in micro-dollars; None if not known."""
        return self.settings.worst

    def asks(self, request: ImageRequest) -> bool:
        """Return True if a call of unknown outcome is asked about instead of repeated."""
        return self.info.paid and self.settings.asks_about(self.worst_cost(request))

    def usual_cost(self) -> tuple[int, int] | None:
        """Return the minimum and maximum cost of an image; None if not known."""
        return self.settings.usual


class RemoteImageBackend(PricedImages[SettingsT], Generic[SettingsT]):
    """Image backend of a provider: its account and the package that calls it.

    A subclass replaces in `info` what differs: version, references, whether calls are resumable.

    Args:
        settings: Settings of the backend.
        environment: Environment with the key.
        model: Model that generates the images.

    Attributes:
        name: Name of the backend.
        keys: Names under which the key is looked for, the usual one first.
        package: Package it needs, as it is installed.
        module: The same, as it is imported.
        url: Address of the provider.
        price_name: Setting that has the price of an image.
        address: Address that is called.
    """

    name: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    package: ClassVar[str]
    module: ClassVar[str]
    url: ClassVar[str]
    price_name: ClassVar[str] = "price_per_image"

    def __init__(self, settings: SettingsT, environment: Mapping[str, str], model: str) -> None:
        self.settings = settings
        self.address = settings.base_url or self.url
        self.info = ImageInfo(
            name=self.name,
            model=model,
            version="1",
            lane=settings.lane(self.name, model),
            paid=True,
            limits=settings.limits,
            price_names=(f"{self.name}.{self.price_name}=...",),
        )
        self._key = find_key(environment, *self.keys)
        self._account = Account(self.name, self.keys, (self._key,) if self._key else ())

    async def fetch(self, url: str, hosts: tuple[str, ...], context: CallContext) -> Artifact:
        """Fetch a finished image from the provider and keep it.

        Args:
            url: Address that a reply named, or a `data:` URI.
            hosts: Hosts besides the provider's own that files are fetched from.
            context: Context of the call.

        Raises:
            Permanent: It is not an image, is gone or too large, or is on another host.
            Retryable: The host cannot be reached.
        """
        setting = f"{self.name}.download_hosts"
        timeout = self.settings.timeout
        locations = FileLocations(self._account, self.address, hosts, timeout, setting=setting)
        return await context.keep(await fetch_image(locations, url), role=ROLE)

    def missing(self) -> list[MissingRequirement]:
        """Return the package or the key, if one is missing."""
        needed = not self.settings.is_local
        return lacks(self.module, self.package, self._key, self.keys, needed=needed)
