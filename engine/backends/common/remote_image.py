"""Image backends of providers, and what their images cost."""

from collections.abc import Mapping
from typing import ClassVar, Generic, Protocol, TypeVar

from engine.backends.common.download import ROLE
from engine.backends.common.remote import RemoteBackend, RemoteBackendSettings
from engine.contract import Artifact, BaseBackend, CallContext, ImageInfo, ImageRequest


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


class ProviderSettings(ImagePrices, RemoteBackendSettings, Protocol):
    """Settings of an image backend of a provider."""


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


class RemoteImageBackend(PricedImages[SettingsT], RemoteBackend[SettingsT], Generic[SettingsT]):
    """Image backend of a provider.

    A subclass replaces in `info` what differs: version, references, whether calls are resumable.

    Args:
        settings: Settings of the backend.
        environment: Environment with the key.
        model: Model that generates the images.

    Attributes:
        price_name: Setting that has the price of an image.
    """

    price_name: ClassVar[str] = "price_per_image"

    def __init__(self, settings: SettingsT, environment: Mapping[str, str], model: str) -> None:
        super().__init__(settings, environment)
        self.info = ImageInfo(
            name=self.name,
            model=model,
            version="1",
            lane=settings.lane(self.name, model),
            paid=True,
            limits=settings.limits,
            price_names=(f"{self.name}.{self.price_name}=...",),
        )

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
        return await context.keep(await self.download(url, hosts), role=ROLE)
