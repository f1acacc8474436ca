"""Backends of providers: account, lane, downloads and requirements."""

from collections.abc import Mapping
from typing import ClassVar, Generic, Protocol, TypeVar

from engine.backends.common.chat_client import lacks
from engine.backends.common.download import IMAGES, FileLocations, Medium, fetch_file
from engine.backends.common.failures import Account
from engine.backends.common.http import MAX_IMAGE_BYTES
from engine.backends.common.readiness import find_key
from engine.contract import BaseBackend, Limits, MissingRequirement


class RemoteBackendSettings(Protocol):
    """Settings of a backend of a provider that generates files."""

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


RemoteT = TypeVar("RemoteT", bound=RemoteBackendSettings)


class RemoteBackend(BaseBackend, Generic[RemoteT]):
    """Backend of a provider that generates files: its account and the package that calls it.

    Args:
        settings: Settings of the backend.
        environment: Environment with the key.

    Attributes:
        name: Name of the backend.
        keys: Names under which the key is looked for, the usual one first.
        package: Package it needs, as it is installed.
        module: The same, as it is imported.
        url: Address of the provider.
        address: Address that is called.
        medium: What its files hold.
        max_bytes: The largest file that is fetched, in bytes.
    """

    name: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    package: ClassVar[str]
    module: ClassVar[str]
    url: ClassVar[str]
    medium: ClassVar[Medium] = IMAGES
    max_bytes: ClassVar[int] = MAX_IMAGE_BYTES

    settings: RemoteT

    def __init__(self, settings: RemoteT, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.address = settings.base_url or self.url
        self._key = find_key(environment, *self.keys)
        self._account = Account(self.name, self.keys, (self._key,) if self._key else ())

    async def download(
        self, url: str, hosts: tuple[str, ...], headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Return a finished file of the provider, once it has been decoded as a whole.

        Args:
            url: Address that a reply named, or a `data:` URI.
            hosts: Hosts besides the provider's own that files are fetched from.
            headers: Headers that only the provider's own host is sent.

        Raises:
            Permanent: It cannot be decoded, is gone or too large, or is on another host.
            Retryable: The host cannot be reached.
        """
        locations = FileLocations(
            self._account,
            self.address,
            hosts,
            self.settings.timeout,
            self.max_bytes,
            setting=f"{self.name}.download_hosts",
            medium=self.medium,
            headers=headers or {},
        )
        return await fetch_file(locations, url)

    def missing(self) -> list[MissingRequirement]:
        """Return the package or the key, if one is missing."""
        needed = not self.settings.is_local
        return lacks(self.module, self.package, self._key, self.keys, needed=needed)
