"""Events as pages of JSON, and which of them a caller asks about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import Field
from starlette.responses import Response

from db.queries.history import events_after, last_event, oldest_event
from db.rows import EventRow
from engine.api.documents import on_the_wire
from engine.api.endpoint import Call, Parameters
from engine.api.ids import batch_of, job_of
from engine.api.jobs import MAX_PAGE
from engine.api.problems import Problem
from engine.api.reading import conditional
from engine.client.documents.events import event_document

MAX_EVENT = 2**63 - 1


class EventQuery(Parameters):
    """Query of events, oldest first."""

    after: int = Field(0, ge=0, le=MAX_EVENT, description="Only events with a larger number.")
    batch: str | None = Field(None, pattern=r"^b[1-9][0-9]{0,17}$", description="Of this batch.")
    job: str | None = Field(None, pattern=r"^j[1-9][0-9]{0,17}$", description="Of this job.")
    types: str | None = Field(
        None,
        pattern=r"^[a-z_.*]+(,[a-z_.*]+)*$",
        max_length=300,
        description="Types, divided by commas: `job.done`, or `job.*` for all of jobs.",
    )
    limit: int = Field(100, ge=1, le=MAX_PAGE)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Choice of events.

    Attributes:
        batch_id: Only those of a batch, if not None.
        job_id: Only those of a job, if not None.
        types: Types, or starts of types that end in a dot; none for all.
    """

    batch_id: int | None = None
    job_id: int | None = None
    types: tuple[str, ...] = ()

    def takes(self, event: EventRow) -> bool:
        """Return whether an event is chosen."""
        if self.job_id is not None and event.job_id != self.job_id:
            return False
        if self.batch_id is not None and event.batch_id != self.batch_id:
            return False
        return not self.types or any(_matches(event.type, one) for one in self.types)


def _matches(type_: str, wanted: str) -> bool:
    return type_.startswith(wanted[:-1]) if wanted.endswith("*") else type_ == wanted


def filter_of(call: Call) -> EventFilter:
    """Return the choice of a query.

    Raises:
        Problem: 404: there is no such batch or job.
    """
    query: EventQuery = call.query
    with call.services.readers.reading() as connection:
        batch = batch_of(connection, query.batch) if query.batch else None
        job = job_of(connection, query.job)[1] if query.job else None
    types = tuple(query.types.split(",")) if query.types else ()
    return EventFilter(batch.id if batch else None, job.id if job else None, types)


def gone(oldest: int) -> Problem:
    """Return the refusal of events that are no longer kept."""
    return Problem(
        410,
        "events-gone",
        "Some of the events after that one are no longer kept.",
        remedy="Read the batches and jobs again, then follow the newest events.",
        extra={"oldest": oldest},
    )


def page(call: Call) -> Response:
    """Answer with a page of events."""
    query: EventQuery = call.query
    chosen = filter_of(call)
    with call.services.readers.reading() as connection:
        oldest, newest = oldest_event(connection), last_event(connection)
        if query.after and query.after < oldest - 1:
            raise gone(oldest)
        rows, position = chosen_after(connection, chosen, query.after, query.limit)
    links = {"self": "/v1/events"}
    if position < newest:
        links["next"] = _next(query, position)
    return conditional(
        call.request,
        {"events": documents_of(rows), "last": max(position, query.after), "links": links},
    )


def chosen_after(
    connection: Any, chosen: EventFilter, after: int, limit: int
) -> tuple[list[EventRow], int]:
    """Return the chosen events after one, and the number up to which was looked."""
    taken: list[EventRow] = []
    position = after
    while len(taken) < limit:
        rows = events_after(
            connection, position, batch_id=chosen.batch_id, job_id=chosen.job_id, limit=500
        )
        if not rows:
            return taken, max(position, last_event(connection))
        for row in rows:
            position = row.id
            if chosen.takes(row):
                taken.append(row)
                if len(taken) == limit:
                    break
    return taken, position


def documents_of(rows: Iterable[EventRow]) -> list[dict[str, Any]]:
    """Return events as plain data."""
    documents: list[dict[str, Any]] = on_the_wire([event_document(row) for row in rows])
    return documents


def _next(query: EventQuery, position: int) -> str:
    from urllib.parse import urlencode

    values = query.model_dump(exclude_defaults=True) | {"after": position}
    return f"/v1/events?{urlencode(values)}"
