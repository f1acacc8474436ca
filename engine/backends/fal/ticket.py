"""Ticket of a request on fal, one short string by which it is found again."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_PATH = re.compile(r"(?:[A-Za-z0-9][\w.~-]{0,199}/){2,12}[A-Za-z0-9][\w.~-]{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FalTicket:
    """Addresses of a request, below the configured address.

    fal says so in its reply to the submit, and its addresses leave out the path of an endpoint
    (`fal-ai/flux/dev` is asked for at `fal-ai/flux/requests/...`). Only their paths are kept: the
    host is always the configured one, so no reply can send the key anywhere else.

    Attributes:
        response: Path of the result; its last part is the request's id.
        status: Path of the status.
    """

    response: str
    status: str

    @property
    def request_id(self) -> str:
        """Fal's id of the request."""
        return self.response.rpartition("/")[2]

    @classmethod
    def from_urls(cls, request_id: str, response_url: str, status_url: str, base_url: str) -> Self:
        """The ticket of a submitted request.

        Raises:
            ValueError: The id or an address is not one.
        """
        response = _below(base_url, response_url)
        if not _ID.fullmatch(request_id) or response.rpartition("/")[2] != request_id:
            raise ValueError("the reply names no request")
        return cls(response, _below(base_url, status_url))

    @classmethod
    def read(cls, text: str) -> Self:
        """A ticket from what was stored.

        Raises:
            ValueError: It is no ticket.
        """
        response, _, status = text.partition(" ")
        status = status or f"{response}/status"
        if not _PATH.fullmatch(response) or not _PATH.fullmatch(status):
            raise ValueError("the stored request id cannot be read")
        return cls(response, status)

    def __str__(self) -> str:
        usual = self.status == f"{self.response}/status"
        return self.response if usual else f"{self.response} {self.status}"


def _below(base_url: str, url: str) -> str:
    """The path of a URL below the configured address, whatever host the URL names."""
    prefix = urlsplit(base_url).path.rstrip("/") + "/"
    path = urlsplit(url).path
    path = path.removeprefix(prefix) if path.startswith(prefix) else path.lstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError("the reply names no address")
    return path
