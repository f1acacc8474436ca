"""Files that a provider has generated: fetch and check them, and never pay for them twice.

An image or a sound costs money once it is generated. Whatever goes wrong after that, the same file
is downloaded again: within a call, in the next tries of its step, and by the next engine.
"""

import asyncio
import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from engine.contract import Artifact, CallContext, Permanent, Retryable, StepError
from engine.text.addresses import is_loopback

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
class Medium:
    """Content of generated files: images, sounds or clips.

    Attributes:
        name: What one of them is, for example `image`.
        article: The same with its article.
        check: Raises a `ValueError` for bytes that are not one, whole; decodes all of them.
    """

    name: str
    article: str
    check: Callable[[bytes], object]


def _check_image(data: bytes) -> None:
    from engine.imaging.decode import check

    check(data)


def _check_sound(data: bytes) -> None:
    from engine.backends.common.sounds import check_whole

    check_whole(data)


def _check_clip(data: bytes) -> None:
    from engine.backends.common.videos import check_whole

    check_whole(data)


IMAGES = Medium("image", "an image", _check_image)
SOUNDS = Medium("sound", "a sound", _check_sound)
CLIPS = Medium("clip", "a clip", _check_clip)


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
        medium: What the files hold.
        headers: Headers for files on the provider's own host, such as a key; sent nowhere else.
    """

    account: Account
    base_url: str
    hosts: tuple[str, ...] = ()
    timeout: float = 120
    limit: int = MAX_IMAGE_BYTES
    setting: str = ""
    medium: Medium = IMAGES
    headers: Mapping[str, str] = field(default_factory=dict)

    def headers_for(self, url: str) -> dict[str, str]:
        """Return the headers for a URL; none if it is not on the provider's own host."""
        there, base = urlsplit(url), urlsplit(self.base_url)
        is_theirs = (there.scheme, there.netloc) == (base.scheme, base.netloc)
        return dict(self.headers) if is_theirs else {}

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


async def fetch_file(locations: FileLocations, url: str) -> bytes:
    """A generated file's bytes, whole and checked.

    Args:
        locations: Where the provider's files lie.
        url: An address on it, also one relative to its base, or a `data:` URI that holds the
            file itself.

    Raises:
        Permanent: It cannot be decoded however often it is fetched, it is gone, it is too
            large, or it is on a host that files are not fetched from.
        Retryable: The host could not be reached or answered with an error, however often.
    """
    if url.startswith("data:"):
        return await checked(locations.account, _from_data_uri(locations, url), locations.medium)
    url = _absolute(locations, url)
    trouble: StepError | None = None
    for number in range(FETCHES):
        await asyncio.sleep(PAUSE_SECONDS * number)
        try:
            data = await _fetch(locations, url)
            return await checked(locations.account, data, locations.medium)
        except (Retryable, UnusableFile) as error:
            trouble = error
    raise trouble or AssertionError("FETCHES is at least one")


def _absolute(locations: FileLocations, url: str) -> str:
    try:
        return urljoin(f"{locations.base_url}/", url.strip()) if url.strip() else url
    except ValueError:  # it is none, and is refused as such
        return url


class FileGone(Permanent):
    """A generated file no longer exists."""


class UnusableFile(Permanent):
    """The download is not an image, a sound or a clip, or is incomplete."""


async def checked(account: Account, data: bytes, medium: Medium = IMAGES) -> bytes:
    """The same bytes, once they have been decoded as a whole.

    Raises:
        UnusableFile: They are not what they should be.
    """
    try:
        await asyncio.to_thread(medium.check, data)
    except ValueError as error:
        words = account.say(str(error))
        raise UnusableFile(
            f"{account.name} sent something that is no {medium.name}: {words}.",
            remedy="It is not asked for again by itself, since that would be paid for again.",
        ) from None
    return data


async def keep_image(context: CallContext, account: Account, data: bytes) -> Artifact:
    """Check an image that came inside a reply, and store it unchanged.

    Raises:
        UnusableFile: It is none.
    """
    return await context.keep(await checked(account, data), role=ROLE)


def from_base64(
    account: Account, text: str, limit: int = MAX_IMAGE_BYTES, medium: Medium = IMAGES
) -> bytes:
    """The bytes of a file that came inside a reply.

    Args:
        account: Whose reply it is.
        text: Base64 of either alphabet, also wrapped, unpadded or with a `data:` head before it.
        limit: The largest file in bytes.
        medium: What the file holds.

    Raises:
        UnusableFile: It is not base64, or too large.
    """
    if text[:5].lower() == "data:":
        text = text.partition(",")[2]
    plain = "".join(text.split()).translate(_USUAL_ALPHABET).rstrip("=")
    if len(plain) > limit * 4 // 3 + 4:
        raise UnusableFile(f"{account.name} sent {medium.article} of more than {limit >> 20} MiB.")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        raise UnusableFile(f"{account.name} sent {medium.article} that is not base64.") from None


def data_uri(data: bytes, media_type: str) -> str:
    """An image as a `data:` URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _from_data_uri(locations: FileLocations, url: str) -> bytes:
    head, _, body = url.partition(",")
    if not head.endswith(";base64"):
        name, what = locations.account.name, locations.medium.article
        raise UnusableFile(f"{name} sent {what} that is not base64.")
    return from_base64(locations.account, body, locations.limit, locations.medium)


async def _fetch(locations: FileLocations, url: str) -> bytes:
    import httpx

    _refuse_elsewhere(locations, url)
    # No key is sent by default: a file's address is all that most hosts need.
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
        headers = locations.headers_for(url)
        async with client.stream("GET", url, headers=headers) as response:
            if not response.has_redirect_location:
                return await _body(locations, response)
            url = urljoin(url, response.headers["location"])
    raise Permanent(
        f"{locations.account.name} redirects {locations.medium.article} more than "
        f"{MAX_REDIRECTS} times.",
        remedy=f"The {locations.medium.name} is generated and paid for; retry the job to download "
        "it again.",
        keeps_call=True,
    )


def _refuse_elsewhere(locations: FileLocations, url: str) -> None:
    if locations.holds(url):
        return
    name, remedy, medium = locations.account.name, "", locations.medium
    if locations.setting:
        remedy = (
            f"If {medium.name}s lie there, add the host to {locations.setting} and retry the job."
        )
    raise Permanent(
        f"{name} points to {medium.article} on {_host(locations, url)}, from where nothing is "
        "fetched.",
        remedy=remedy,
        keeps_call=True,
    )


def _host(locations: FileLocations, url: str) -> str:
    try:
        return locations.account.say(urlsplit(url).netloc.rpartition("@")[2], 80) or "no host"
    except ValueError:
        return "no host"


async def _body(locations: FileLocations, response: Any) -> bytes:
    if response.status_code == 200:
        return await _joined(response)
    await response.aread()
    message = response.text[:2000]
    error = from_status(locations.account, response.status_code, message, response.headers)
    if isinstance(error, Retryable):
        raise _not_lost(locations, error)
    kind = FileGone if response.status_code in {404, 410} else Permanent
    raise kind(
        f"The {locations.medium.name} from {locations.account.name} cannot be fetched: "
        f"{error.message}",
        remedy="It may have expired; retry the job to generate it again, at its full price.",
    )


async def _joined(response: Any) -> bytes:
    """Return the bytes of a reply; no second copy of them is held, since clips are large."""
    stream = io.BytesIO()
    async for chunk in response.aiter_bytes():
        stream.write(chunk)
    return stream.getvalue()


def _not_lost(locations: FileLocations, error: StepError) -> StepError:
    """Return the same error without the advice to submit again: the image exists."""
    if not isinstance(error, Retryable):
        return error
    return error.without_resubmit(
        f"The finished {locations.medium.name} could not be downloaded: {error.message}",
        f"{locations.account.name} has generated it; retry the job to download it again.",
    )
