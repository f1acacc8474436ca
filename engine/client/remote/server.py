"""The address of a server and the token for it; tokens are kept in a file of the user's alone."""

import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engine.config.trust.grants import trust_file
from engine.text.addresses import checked_url
from engine.text.errors import UserError
from engine.text.terminal import clean

TOKEN_VARIABLE = "SAFELIGHT_TOKEN"  # noqa: S105 - a name
SERVER_VARIABLE = "SAFELIGHT_SERVER"
MAX_BYTES = 1 << 20


class ServerError(UserError):
    """An address or a token cannot be used."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server, and the token that it is sent.

    Attributes:
        url: Its address without a slash at the end.
        token: The token.
    """

    url: str
    token: str = field(repr=False)


def server_of(url: str, token: str | None = None) -> Server:
    """Return a server with its token: as given, from `SAFELIGHT_TOKEN`, or as it was kept.

    Raises:
        ServerError: The address is not https (http for a loopback one), or there is no token.
    """
    address = checked_server(url)
    chosen = token or os.environ.get(TOKEN_VARIABLE, "").strip() or kept_tokens().get(address, "")
    if not chosen:
        raise ServerError(
            f"There is no token for {clean(address, 200)}.",
            remedy=f"Set {TOKEN_VARIABLE}, or keep one: safelight login {clean(address, 200)}",
        )
    if not (chosen.isascii() and chosen.isprintable()) or " " in chosen:
        raise ServerError("The token holds characters that no token has; copy it again.")
    return Server(address, chosen)


def checked_server(url: str) -> str:
    """Return the address of a server in its one form.

    Raises:
        ServerError: It is not https (http for a loopback one).
    """
    try:
        parts = urlsplit(checked_url(url))
        return parts._replace(netloc=parts.netloc.lower()).geturl()
    except ValueError as error:
        raise ServerError(f"The address of a server {error}.") from None


def token_file() -> Path:
    """Return its path: beside the trust file, `~/.config/safelight/tokens.json` by default."""
    return trust_file().with_name("tokens.json")


def kept_tokens() -> dict[str, str]:
    """Return the token that is kept for each address.

    Raises:
        ServerError: The file is another user's, others may read it, or it is not what we wrote.
    """
    path = token_file()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ServerError(f"{path} cannot be read: {error.strerror}.") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise ServerError(
                f"Others can read {path}, which holds tokens.", remedy=f"Run: chmod 600 {path}"
            )
        data = file.read(MAX_BYTES)
    try:
        document = json.loads(data)
        return {str(url): str(token) for url, token in document["tokens"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ServerError(f"{path} is damaged.", remedy="Delete it, then log in again.") from None


def keep_token(url: str, token: str | None) -> None:
    """Keep the token for an address, or forget it for None.

    Raises:
        ServerError: As for `kept_tokens`.
        OSError: The file cannot be written.
    """
    path, tokens = token_file(), kept_tokens()
    if token is None:
        tokens.pop(url, None)
    else:
        tokens[url] = token
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".tokens-")  # 0600 from the start
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "tokens": tokens}, file, indent=1, sort_keys=True)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
