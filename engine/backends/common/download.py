"""Images that a provider has generated: fetch and check them, and never pay for them twice.

An image costs money once it is generated. Whatever goes wrong after that, the same file is
downloaded again: within a call, in the next tries of its step, and by the next engine.
"""

import asyncio
import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from pydantic import Field

from engine.backends.common.failures import Account, from_exception, from_status, out_of_time
from engine.backends.common.http import (
    MAX_IMAGE_BYTES,
    MAX_REDIRECTS,
    UnreadableReply,
    guarded,
)
from engine.backends.common.settings import RemoteSettings
from engine.config.addresses import is_loopback
from engine.contract import Artifact, CallContext, Permanent, Retryable, StepError

FETCHES = 3
"""Maximum number of attempts to fetch a file."""

PAUSE_SECONDS = 0.5
"""Wait before the second fetch; the third waits twice as long."""

_USUAL_ALPHABET = str.maketrans("-_", "+/")

ROLE = "image"
"""Role of the stored image in its step."""


class ImageSettings(RemoteSettings):
    """Settings of a remote backend that sells images.

    Attributes:
        price_per_image: Dollars for one image; None if it is not known.
    """

    price_per_image: float | None = Field(
        None, ge=0, description="Dollars for one image; unknown by default."
    )

    @property
    def cost(self) -> int:
        """Cost of one image, in micro-dollars rounded up; 0 if no price is set."""
        return int(-(-(self.price_per_image or 0) * 1_000_000 // 1))

    @property
    def worst(self) -> int | None:
        """Maximum cost of one image, in micro-dollars; None if it is not known."""
        return None if self.price_per_image is None else self.cost

    @property
    def usual(self) -> tuple[int, int] | None:
        """Minimum and maximum cost of an image; None if it is not known."""
        return None if self.worst is None else (self.cost, self.worst)

    @property
    def asks(self) -> bool:
        """True if a call of unknown outcome is asked about rather than retried."""
        return self.asks_about(self.worst)


@dataclass(frozen=True, slots=True)
class FileLocations:
    """Locations of a provider's files.

    Attributes:
        account: Whose files they are.
        base_url: The provider's address; files on its own host are always fetched.
        hosts: Other hosts whose files, and those of their subdomains, are fetched over https.
        timeout: Seconds that one fetch may take.
        limit: The largest file in bytes.
        setting: The setting that lists `hosts`, if there is one.
    """

    account: Account
    base_url: str
    hosts: tuple[str, ...] = ()
    timeout: float = 120
    limit: int = MAX_IMAGE_BYTES
    setting: str = ""

    def holds(self, url: str) -> bool:
        """Return True if a file may be fetched from a URL."""
        try:
            there, base = urlsplit(url), urlsplit(self.base_url)
            host, _ = (there.hostname or "").rstrip("."), there.port
        except ValueError:
            return False
        if there.username is not None or there.password is not None:
            return False
        if (there.scheme, there.netloc) == (base.scheme, base.netloc):
            return True
        here, place = is_loopback(url), (there.scheme, _port(there))
        if here and is_loopback(self.base_url) and place == (base.scheme, _port(base)):
            return True  # the same server by another of this machine's names
        named = any(host == name or host.endswith(f".{name}") for name in self.hosts)
        return named and (there.scheme == "https" or (there.scheme == "http" and here))


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


async def fetch_image(locations: FileLocations, url: str) -> bytes:
    """An image's bytes, whole and checked.

    Args:
        locations: Where the provider's files lie.
        url: An address on it, also one relative to its base, or a `data:` URI that holds the
            image itself.

    Raises:
        Permanent: It is no image however often it is fetched, it is gone, it is too large, or
            it lies on a host that files are not fetched from.
        Retryable: The host could not be reached or answered with an error, however often.
    """
    if url.startswith("data:"):
        return await checked(locations.account, _from_data_uri(locations, url))
    url = _absolute(locations, url)
    trouble: StepError | None = None
    for number in range(FETCHES):
        await asyncio.sleep(PAUSE_SECONDS * number)
        try:
            return await checked(locations.account, await _fetch(locations, url))
        except (Retryable, NotAnImage) as error:
            trouble = error
    raise trouble or AssertionError("FETCHES is at least one")


def _absolute(locations: FileLocations, url: str) -> str:
    try:
        return urljoin(f"{locations.base_url}/", url.strip()) if url.strip() else url
    except ValueError:  # it is none, and is refused as such
        return url


class FileGone(Permanent):
    """The file of a generated image no longer exists."""


class NotAnImage(Permanent):
    """The download is not an image, or is incomplete."""


async def checked(account: Account, data: bytes) -> bytes:
    """The same bytes, once they have been decoded as a whole image.

    Raises:
        NotAnImage: They are none.
    """
    from engine.imaging.decode import check
    from engine.imaging.errors import ImageError

    try:
        await asyncio.to_thread(check, data)
    except ImageError as error:
        words = account.say(str(error))
        raise NotAnImage(
            f"{account.name} sent something that is no image: {words}.",
            remedy="It is not asked for again by itself, since that would be paid for again.",
        ) from None
    return data


async def keep_image(context: CallContext, account: Account, data: bytes) -> Artifact:
    """Check an image that came inside a reply, and store it unchanged.

    Raises:
        NotAnImage: It is none.
    """
    return await context.keep(await checked(account, data), role=ROLE)


def from_base64(account: Account, text: str, limit: int = MAX_IMAGE_BYTES) -> bytes:
    """The bytes of an image that came inside a reply.

    Args:
        account: Whose reply it is.
        text: Base64 of either alphabet, also wrapped, unpadded or with a `data:` head before it.
        limit: The largest image in bytes.

    Raises:
        NotAnImage: It is not base64, or too large.
    """
    if text[:5].lower() == "data:":
        text = text.partition(",")[2]
    plain = "".join(text.split()).translate(_USUAL_ALPHABET).rstrip("=")
    if len(plain) > limit * 4 // 3 + 4:
        raise NotAnImage(f"{account.name} sent an image of more than {limit >> 20} MiB.")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise NotAnImage(f"{account.name} sent an image that is not base64.") from None


def data_uri(data: bytes, media_type: str) -> str:
    """An image as a `data:` URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _from_data_uri(locations: FileLocations, url: str) -> bytes:
    head, _, body = url.partition(",")
    if not head.endswith(";base64"):
        raise NotAnImage(f"{locations.account.name} sent an image that is not base64.")
    return from_base64(locations.account, body, locations.limit)


async def _fetch(locations: FileLocations, url: str) -> bytes:
    import httpx

    _refuse_elsewhere(locations, url)
    # No key is sent: the file's address is all that its host needs.
    arguments = guarded(httpx, url, timeout=locations.timeout, limit=locations.limit)
    try:
        async with (
            asyncio.timeout(locations.timeout),
            httpx.AsyncClient(**arguments) as client,
        ):
            return await _follow(locations, client, url)
    except TimeoutError:
        raise _not_lost(locations, out_of_time(locations.account, locations.timeout)) from None
    except (httpx.HTTPError, httpx.InvalidURL, UnreadableReply, ValueError) as error:
        raise _not_lost(locations, from_exception(locations.account, error)) from None


async def _follow(locations: FileLocations, client: Any, url: str) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        _refuse_elsewhere(locations, url)
        response = await client.get(url)
        if not response.has_redirect_location:
            return _body(locations, response)
        url = urljoin(url, response.headers["location"])
    raise Permanent(
        f"{locations.account.name} redirects an image more than {MAX_REDIRECTS} times.",
        remedy="The image is generated and paid for; retry the job to download it again.",
        keeps_call=True,
    )


def _refuse_elsewhere(locations: FileLocations, url: str) -> None:
    if locations.holds(url):
        return
    name, remedy = locations.account.name, ""
    if locations.setting:
        remedy = f"If images lie there, add the host to {locations.setting} and retry the job."
    raise Permanent(
        f"{name} points to an image on {_host(locations, url)}, from where nothing is fetched.",
        remedy=remedy,
        keeps_call=True,
    )


def _host(locations: FileLocations, url: str) -> str:
    try:
        return locations.account.say(urlsplit(url).netloc.rpartition("@")[2], 80) or "no host"
    except ValueError:
        return "no host"


def _body(locations: FileLocations, response: Any) -> bytes:
    if response.status_code == 200:
        return bytes(response.content)
    message = response.text[:2000]
    error = from_status(locations.account, response.status_code, message, response.headers)
    if isinstance(error, Retryable):
        raise _not_lost(locations, error)
    kind = FileGone if response.status_code in {404, 410} else Permanent
    raise kind(
        f"The image from {locations.account.name} cannot be fetched: {error.message}",
        remedy="It may have expired; retry the job to generate it again, at its full price.",
    )


def _not_lost(locations: FileLocations, error: StepError) -> StepError:
    """Return the same error without the advice to submit again: the image exists."""
    if not isinstance(error, Retryable):
        return error
    return error.without_resubmit(
        f"The finished image could not be downloaded: {error.message}",
        f"{locations.account.name} has generated it; retry the job to download it again.",
    )
