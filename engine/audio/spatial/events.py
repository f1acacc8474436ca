"""Events of a film: the steps that a detector has seen, with their place in the picture.

The file is JSON, as a detector of steps writes it: `{"spatial_data": [...], "video_info": {...}}`.
The list may also be called `events`, or be the whole file; other keys are ignored.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

MAX_BYTES = 8 << 20
"""The largest file of events, in bytes."""

MAX_EVENTS = 10_000
"""Events of one file, at most."""

MAX_SECONDS = 600.0
"""Length of the film in seconds, at most."""

MAX_PIXELS = 100_000.0
"""Width of the film and size of a person in pixels, at most."""

MAX_OUTSIDE = 0.5
"""Distance from the picture at which a person can be, in widths of the picture."""

_SHOWN = 3
_LISTS = ("events", "spatial_data")

Foot = Literal["LEFT", "RIGHT"]
"""Foot that steps."""


class EventsError(ValueError):
    """A file of events that cannot be used; the message ends a sentence."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class Event(_Strict):
    """One step.

    Attributes:
        timestamp: Time in seconds from the start of the film.
        foot_side: Foot that steps; None if it is not known.
        x_position: Horizontal place of the person in pixels from the left edge; None if unknown.
        hip_heel_pixel_distance: Distance from hip to heel in pixels; None if it is not known.
        confidence: Confidence of the detector, 0 to 1; None without one.
    """

    timestamp: float = Field(ge=0, le=MAX_SECONDS)
    foot_side: Foot | None = None
    x_position: float | None = Field(None, ge=-MAX_PIXELS, le=2 * MAX_PIXELS)
    hip_heel_pixel_distance: float | None = Field(None, gt=0, le=MAX_PIXELS)
    confidence: float | None = Field(None, ge=0, le=1)


class Film(_Strict):
    """The film that the events are of.

    Attributes:
        duration: Length in seconds; None if it is not known.
        width: Width in pixels; None if it is not known.
    """

    duration: float | None = Field(None, gt=0, le=MAX_SECONDS)
    width: float | None = Field(None, gt=0, le=MAX_PIXELS)


class Events(_Strict):
    """Steps of a film in the order of time.

    Attributes:
        events: The steps.
        film: The film.
    """

    events: tuple[Event, ...]
    film: Film = Film()


def read_events(data: bytes) -> Events:
    """Return the events of a file.

    Raises:
        EventsError: It is too large, is not JSON, or an entry cannot be used; the message has the
            first entries and their fields.
    """
    if len(data) > MAX_BYTES:
        raise EventsError(f"has more than the {MAX_BYTES >> 20} MiB that a file of events may have")
    document = _decoded(data)
    entries = _entries(document)
    film = document.get("video_info", {}) if isinstance(document, Mapping) else {}
    try:
        events = Events.model_validate({"events": tuple(entries), "film": film})
    except ValidationError as error:
        raise EventsError(_joined([_problem(one) for one in error.errors()])) from None
    problems = list(_contradictions(events))
    if problems:
        raise EventsError(_joined(problems))
    ordered = tuple(sorted(events.events, key=lambda event: event.timestamp))
    return events.model_copy(update={"events": ordered})


def _decoded(data: bytes) -> Any:
    try:
        return TypeAdapter(Any).validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError:
        raise EventsError("is not JSON in UTF-8") from None


def _entries(document: Any) -> list[Any]:
    """Return the list of the events."""
    by_name = document if isinstance(document, Mapping) else {"events": document}
    entries = next((by_name[name] for name in _LISTS if isinstance(by_name.get(name), list)), None)
    if entries is None:
        names = " or ".join(f"'{name}'" for name in _LISTS)
        raise EventsError(f"has no list of events; it is a list, or an object with a list {names}")
    if not 1 <= len(entries) <= MAX_EVENTS:
        raise EventsError(f"has {len(entries)} events; there must be 1 to {MAX_EVENTS}")
    return list(entries)


def _contradictions(events: Events) -> Iterable[str]:
    """Yield problems of events that are only seen with their film."""
    width, duration = events.film.width, events.film.duration
    for number, event in enumerate(events.events, 1):
        if duration is not None and event.timestamp > duration:
            late = f"timestamp {event.timestamp:g} is after the end of the film ({duration:g} s)"
            yield f"entry {number}, {late}"
        x = event.x_position
        if x is None:
            continue
        if width is None:
            yield f"entry {number}, x_position is in pixels, but video_info has no width"
        elif not -MAX_OUTSIDE * width <= x <= (1 + MAX_OUTSIDE) * width:
            yield f"entry {number}, x_position {x:g} is far outside of the width {width:g}"


def _problem(error: ErrorDetails) -> str:
    """Return one problem with its entry and its field; nothing of the file is in it."""
    place, message = error["loc"], error["msg"]
    reason = "is missing" if error["type"] == "missing" else message[:1].lower() + message[1:]
    if place[0] == "film":
        return f"video_info, {_field(place[1:])}: {reason}"
    return f"entry {int(place[1]) + 1}, {_field(place[2:])}: {reason}"


def _field(location: Sequence[int | str]) -> str:
    return str(location[0]) if location else "all of it"


def _joined(problems: Sequence[str]) -> str:
    more = len(problems) - _SHOWN
    end = f"; and {more} more" if more > 0 else ""
    return f"cannot be used: {'; '.join(problems[:_SHOWN])}{end}"
