"""Replies of fal's queue: submissions, statuses and errors.

Errors of a model are `{"detail": [{"loc", "msg", "type", "input"}]}`, where `input` repeats what
was sent; those of the queue are `{"detail": "..."}` (https://docs.fal.ai/errors).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field

from engine.backends.common.reading import Items, Lenient, ReplyFile, plain, word
from engine.backends.fal.ticket import FalTicket
from engine.text.terminal import clean

_MAX_SECONDS = 1e6
_PERCENT = re.compile(r"(?<!\d)(\d{1,3})%\|")
_REFUSED = re.compile(r"content[_ -]policy|content[_ -]checker|safety|nsfw", re.IGNORECASE)
_FAILED = frozenset({"FAILED", "ERROR", "CANCELLED", "CANCELED"})
_UNDER_WAY = frozenset({"IN_QUEUE", "IN_PROGRESS"})


class Submission(Lenient):
    """Reply to a submit."""

    request_id: str
    response_url: str = ""
    status_url: str = ""

    def ticket(self, base_url: str) -> FalTicket:
        """Return the ticket with the addresses of the reply.

        Raises:
            ValueError: The reply has no usable addresses.
        """
        return FalTicket.from_urls(self.request_id, self.response_url, self.status_url, base_url)

    def usual_ticket(self, endpoint: str, base_url: str) -> FalTicket:
        """Return the ticket with the addresses that fal's client derives from the id.

        Raises:
            ValueError: The id is not usable.
        """
        from fal_client import AsyncRequestHandle

        handle = AsyncRequestHandle.from_request_id(None, endpoint, self.request_id)  # type: ignore[arg-type]
        return FalTicket.from_urls(
            handle.request_id, handle.response_url, handle.status_url, base_url
        )


class LogMessage(Lenient):
    """Line of a model's log."""

    message: str = ""


class RequestStatus(Lenient):
    """Status of a request."""

    status: str
    queue_position: Any = None
    logs: Items[LogMessage] = ()
    metrics: dict[str, Any] = Field(default_factory=dict)
    error: Any = None
    error_type: str = ""

    @property
    def is_under_way(self) -> bool:
        """True if it waits or runs."""
        return self.status in _UNDER_WAY

    @property
    def has_ended(self) -> bool:
        """True if it has completed or failed."""
        return self.status == "COMPLETED" or self.status in _FAILED

    @property
    def failure(self) -> tuple[str, str] | None:
        """Type and message of its failure, or None."""
        message = message_of(self.error)
        if not message and not self.error_type and self.status not in _FAILED:
            return None
        return self.error_type, message

    def progress(self) -> tuple[float | None, str]:
        """Return its progress as a fraction and a message."""
        if self.status == "IN_QUEUE":
            return None, f"in fal's queue, {clean(word(self.queue_position), 12)} before it"
        words = clean(self.logs[-1].message, 120) if self.logs else ""
        percent = _PERCENT.findall(words)
        fraction = min(int(percent[-1]), 100) / 100 if percent else None
        return fraction, words or "fal is making it"


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """Body of an error.

    Attributes:
        text: Its message.
        types: Types of its items, and messages of the queue itself.
    """

    text: str
    types: tuple[str, ...] = ()

    @classmethod
    def read(cls, body: bytes, headers: Mapping[str, str]) -> Self:
        """Read an error from its body and headers."""
        document = plain(body)
        detail = document.get("detail") if isinstance(document, dict) else None
        kinds = [document.get("error_type")] if isinstance(document, dict) else []
        kinds += [headers.get("x-fal-error-type"), *_types(detail)]
        message = message_of(detail) or body[:2000].decode("utf-8", "replace")
        return cls(message, tuple(kind for kind in kinds if isinstance(kind, str)))

    @property
    def is_of_content(self) -> bool:
        """True if the content is refused."""
        return any(_REFUSED.search(kind) for kind in self.types)


def seconds_in(value: Any) -> float | None:
    """A time that fal has measured, in seconds; None if it is none."""
    try:
        seconds = float(word(value))
    except ValueError:
        return None
    return seconds if 0 <= seconds < _MAX_SECONDS else None


def address_of(file: ReplyFile) -> str:
    """Return the address of a file, a `data:` URI if its bytes are in the reply."""
    return file.url or f"data:;base64,{file.b64_json}"


def is_refusal(kind: str, message: str) -> bool:
    """True if a failure's type, or its message if it has none, is a refusal of content."""
    return bool(_REFUSED.search(kind or message))


def message_of(detail: Any) -> str:
    """Return an error's message: a sentence, or the items of a list joined."""
    if isinstance(detail, list):
        return "; ".join(_item(item) for item in detail if isinstance(item, dict))
    return word(detail)


def _item(item: dict[str, Any]) -> str:
    place = item.get("loc")
    where = ".".join(map(word, place[1:])) if isinstance(place, list) else ""
    message = f"{word(item.get('msg'))} ({word(item.get('type'))})"
    return f"{where}: {message}" if where else message


def _types(detail: Any) -> list[Any]:
    if isinstance(detail, list):
        return [item.get("type") for item in detail if isinstance(item, dict)]
    return [detail]
