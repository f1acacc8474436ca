"""Shared parts of chat clients of providers that ask for a key, and of generated clients."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from engine.backends.common.chat import ChatSettings
from engine.backends.common.failures import Account, cut_off, from_body, from_exception
from engine.backends.common.http import UnreadableReply
from engine.backends.common.readiness import find_key, has_package, missing_key, unusable_key
from engine.backends.common.reading import Lenient, plain
from engine.contract import MissingRequirement, StepError
from engine.contract.packages import missing_packages

SettingsT = TypeVar("SettingsT", bound=ChatSettings)
ShapeT = TypeVar("ShapeT", bound=Lenient)


class KeyedChatClient(Generic[SettingsT]):
    """One round with a provider that asks for a key, as far as it does not depend on the wire.

    Args:
        settings: Model, address, limits.
        environment: Where the key is.

    Attributes:
        name: The backend's name.
        keys: Names under which the key is looked for, the usual one first.
        sent_too: Names of variables that the client itself reads and sends.
        url: The provider's own address.
        client: Its package, as it is installed.
        module: The same, as it is imported.
    """

    name: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    sent_too: ClassVar[tuple[str, ...]] = ()
    url: ClassVar[str]
    client: str
    module: str

    def __init__(self, settings: SettingsT, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.key = find_key(environment, *self.keys)
        find_key(environment, *self.sent_too)  # what is looked up is guarded like a key
        self.account = Account(self.name, self.keys, (self.key,) if self.key else ())
        self.paid = settings.has_price or not settings.is_local
        self.address = settings.base_url or self.url

    def hears(self, model: str) -> bool:
        """Return True if a model takes sounds: none does unless the provider's client says so."""
        return False

    def missing(self) -> list[MissingRequirement]:
        """The client's package; a key, unless the server is this machine."""
        needed = not self.settings.is_local
        return lacks(self.module, self.client, self.key, self.keys, needed=needed)


def lacks(
    module: str, package: str, key: str | None, key_names: tuple[str, ...], *, needed: bool
) -> list[MissingRequirement]:
    """Return missing requirements: the client package, the key.

    Args:
        module: The package's name as it is imported.
        package: Its name as it is installed.
        key: The key. One that cannot be a key is lacking, also where none is needed.
        key_names: Names under which it is looked for.
        needed: Whether calls need a key.
    """
    missing = [] if has_package(module) else [missing_packages(package)]
    if (unusable := unusable_key(key)) is not None:
        return [*missing, unusable]
    return missing if key or not needed else [*missing, missing_key(*key_names)]


async def whole_reply(
    sdk: Any,
    account: Account,
    send: Callable[[], Awaitable[Any]],
    shape: type[ShapeT],
    *,
    refused: Callable[[Any], StepError],
    what: str,
    unknown: bool,
) -> tuple[ShapeT, Mapping[str, str]]:
    """Return a reply of OpenAI's or Anthropic's client, which come from the same generator.

    Args:
        sdk: The client's module.
        account: Whose reply it is.
        send: Sends the request; returns the client's raw response.
        shape: What is read of the reply.
        refused: The error for a status that is no success.
        what: What it is when it is not that, for example `no message`.
        unknown: As for `from_exception`.

    Returns:
        What was read, and the reply's headers.

    Raises:
        StepError: There is no such reply.
    """
    try:
        raw = await send()
        body = raw.http_response.content
    except sdk.APIStatusError as error:
        raise refused(error) from error
    except (sdk.APIError, UnreadableReply, OSError, ValueError) as error:
        raise from_exception(account, error, unknown=unknown) from error
    return read_as(shape, account, body, raw.headers, what=what, unknown=unknown), raw.headers


def read_as(
    shape: type[ShapeT],
    account: Account,
    body: bytes | str,
    headers: Mapping[str, str],
    *,
    what: str,
    unknown: bool,
) -> ShapeT:
    """Read the required fields of a successful reply.

    Args:
        shape: What is read.
        account: Whose reply it is.
        body: The body.
        headers: The reply's headers.
        what: What it is when it is not that, for example `no message`.
        unknown: As for `from_exception`.

    Raises:
        StepError: It holds an error instead, or something else.
    """
    document = plain(body)
    error = from_body(account, document, headers, unknown=unknown)
    try:
        reply = shape.model_validate(document)
    except ValidationError:
        if error is not None:
            raise error from None
        head = body[:2000].decode("utf-8", "replace") if isinstance(body, bytes) else body[:2000]
        words = f"what came is {what}: {account.say(head, 300)}"
        raise cut_off(account, words, unknown=unknown) from None
    if error is not None and not reply.holds_answer:
        raise error
    return reply
