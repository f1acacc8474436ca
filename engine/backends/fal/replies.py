"""What fal says: how far a request is, and what is wrong with one.

Errors of a model are `{"detail": [{"loc", "msg", "type", "input"}]}`, where `input` repeats what
was sent; those of the queue are `{"detail": "..."}` (https://docs.fal.ai/errors).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field

from engine.backends.common.reading import Items, Lenient, plain, word
from engine.backends.fal.ticket import Ticket
from engine.text import clean

_PERCENT = re.compile(r"(?<!\d)(\d{1,3})%\|")
_REFUSED = re.compile(r"content[_ -]policy|content[_ -]checker|safety|nsfw", re.IGNORECASE)
_FAILED = frozenset({"FAILED", "ERROR", "CANCELLED", "CANCELED"})
_UNDER_WAY = frozenset({"IN_QUEUE", "IN_PROGRESS"})


class Taken(Lenient):
    """A request that was put into the queue."""

    request_id: str
    response_url: str = ""
    status_url: str = ""

    def ticket(self, base_url: str) -> Ticket:
        """Where it can be asked for, as the reply says.

        Raises:
            ValueError: It does not say so.
        """
        return Ticket.from_urls(self.request_id, self.response_url, self.status_url, base_url)

    def usual_ticket(self, endpoint: str, base_url: str) -> Ticket:
        """Where fal's client would ask for it by its id alone.

        Raises:
            ValueError: The id is none.
        """
        from fal_client import AsyncRequestHandle

        made = AsyncRequestHandle.from_request_id(None, endpoint, self.request_id)  # type: ignore[arg-type]
        return Ticket.from_urls(made.request_id, made.response_url, made.status_url, base_url)


class Line(Lenient):
    """A line of a model's log."""

    message: str = ""


class Status(Lenient):
    """How far a request is."""

    status: str
    queue_position: Any = None
    logs: Items[Line] = ()
    metrics: dict[str, Any] = Field(default_factory=dict)
    error: Any = None
    error_type: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or is worked on."""
        return self.status in _UNDER_WAY

    @property
    def has_ended(self) -> bool:
        """Whether it has a result or has failed."""
        return self.status == "COMPLETED" or self.status in _FAILED

    @property
    def failure(self) -> tuple[str, str] | None:
        """Kind and words of its failure; None where it has not failed."""
        said = said_of(self.error)
        if not said and not self.error_type and self.status not in _FAILED:
            return None
        return self.error_type, said

    def progress(self) -> tuple[float | None, str]:
        """How far it is, as fraction and words."""
        if self.status == "IN_QUEUE":
            return None, f"in fal's queue, {clean(word(self.queue_position), 12)} before it"
        words = clean(self.logs[-1].message, 120) if self.logs else ""
        percent = _PERCENT.findall(words)
        fraction = min(int(percent[-1]), 100) / 100 if percent else None
        return fraction, words or "fal is making it"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The body of an error.

    Attributes:
        said: Its words.
        types: Names of what is wrong, and sentences of the queue's own.
    """

    said: str
    types: tuple[str, ...] = ()

    @classmethod
    def read(cls, body: bytes, headers: Mapping[str, str]) -> Self:
        """What an error's body and headers say."""
        found = plain(body)
        detail = found.get("detail") if isinstance(found, dict) else None
        kinds = [found.get("error_type")] if isinstance(found, dict) else []
        kinds += [headers.get("x-fal-error-type"), *_types(detail)]
        said = said_of(detail) or body[:2000].decode("utf-8", "replace")
        return cls(said, tuple(kind for kind in kinds if isinstance(kind, str)))

    @property
    def is_of_content(self) -> bool:
        """Whether the content is refused."""
        return any(_REFUSED.search(kind) for kind in self.types)


def is_refusal(kind: str, said: str) -> bool:
    """Whether a failure's kind, or its words where it has none, say that content is refused."""
    return bool(_REFUSED.search(kind or said))


def said_of(detail: Any) -> str:
    """What fal says of an error: a sentence, or a list of what is wrong with the input."""
    if isinstance(detail, list):
        return "; ".join(_item(item) for item in detail if isinstance(item, dict))
    return word(detail)


def _item(item: dict[str, Any]) -> str:
    place = item.get("loc")
    where = ".".join(map(word, place[1:])) if isinstance(place, list) else ""
    said = f"{word(item.get('msg'))} ({word(item.get('type'))})"
    return f"{where}: {said}" if where else said


def _types(detail: Any) -> list[Any]:
    if isinstance(detail, list):
        return [item.get("type") for item in detail if isinstance(item, dict)]
    return [detail]
