"""Handlers of the pages that only show."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from db.queries import lists
from db.queries.history import last_event
from engine.api.auth.principal import Principal
from engine.api.gallery.acting import actions_of_batch, actions_of_job
from engine.api.gallery.batch_list import batch_card, read_batches
from engine.api.gallery.comparing import changes_between, chosen_sides, read_side
from engine.api.gallery.job_page import JobPageReader
from engine.api.gallery.rendering import page
from engine.api.gallery.sessions import Session
from engine.api.gallery.sheet import SORTS, SheetQuery, read_cards, read_sheet
from engine.api.ids import batch_of, job_of
from engine.api.services import Services
from engine.client.gates import WaitingItem, everything_waiting, waiting_count, waiting_gates
from engine.client.views.recipe_info import Headlines
from engine.text.terminal import clean

MAX_FRESH = 200
"""Cards that one request may ask for again."""


class Missing(Exception):
    """There is no such batch, job, part or file."""


@dataclass(frozen=True, slots=True)
class Flash:
    """A sentence about what was done, shown once."""

    text: str
    bad: bool = False


@dataclass(slots=True)
class Visit:
    """One request of a browser that is logged in.

    Attributes:
        request: The request.
        session: Its session.
        services: What requests of the server share.
        headlines: The recipes.
        flash: What the request before has done.
    """

    request: Request
    session: Session
    services: Services
    headlines: Headlines
    flash: Flash | None = None

    @property
    def principal(self) -> Principal:
        """Its permissions; none to change anything on a server that is read-only."""
        if not self.services.read_only:
            return self.session.principal
        mine = self.session.principal
        return Principal(mine.id, mine.name, frozenset({"read"}), mine.ceiling)

    def number(self, name: str) -> int:
        """Return a number of the path."""
        return min(int(self.request.path_params[name]), 2**62)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page with what every page has."""
        common: Mapping[str, Any] = {
            "token": self._form_token,
            "flash": self.flash,
            "may_decide": self.principal.may("decide"),
        }
        return page(template, status, **common, **values)

    def _form_token(self) -> Any:
        from markupsafe import Markup

        return Markup('<input type="hidden" name="token" value="{}">').format(
            self.session.form_token
        )


def batches(visit: Visit) -> Response:
    """Show the list of batches."""
    with visit.services.readers.reading() as connection:
        after = last_event(connection)
        shown = read_batches(connection, visit.headlines)
    return visit.page("batches.html", list=shown, after=after)


def batch(visit: Visit) -> Response:
    """Show the contact sheet of a batch."""
    query = SheetQuery.read(visit.request.query_params)
    with visit.services.readers.reading() as connection:
        after = last_event(connection)
        line = _batch(connection, visit.number("batch"))
        sheet = read_sheet(connection, line, visit.headlines.of(line.recipe), query)
        waiting = _waiting(connection, line)
    return visit.page(
        "batch.html",
        batch=batch_card(line),
        sheet=sheet,
        sorts=SORTS,
        after=after,
        waiting=waiting,
        actions=actions_of_batch(line, visit.principal),
    )


def cards(visit: Visit) -> Response:
    """Show the head of a batch and some of its cards again, for a page that is open."""
    query = SheetQuery.read(visit.request.query_params)
    texts = visit.request.query_params.get("job", "").split(",")
    ids = [int(text) for text in texts if text.isdecimal() and len(text) < 18][:MAX_FRESH]
    with visit.services.readers.reading() as connection:
        line = _batch(connection, visit.number("batch"))
        known = {row.id for row in lists.jobs_of_ids(connection, ids) if row.batch_id == line.id}
        shown = read_cards(
            connection, [id_ for id_ in ids if id_ in known], visit.headlines.of(line.recipe)
        )
        waiting = _waiting(connection, line)
    return visit.page(
        "cards.html",
        batch=batch_card(line),
        cards=shown,
        waiting=waiting,
        query=query.parameters(),
        actions=actions_of_batch(line, visit.principal),
    )


def job(visit: Visit) -> Response:
    """Show a job, or a part of it."""
    query = SheetQuery.read(visit.request.query_params)
    part = str(visit.request.path_params.get("part", ""))
    with visit.services.readers.reading() as connection:
        after = last_event(connection)
        job_of(connection, f"j{visit.number('job')}")
        reader = JobPageReader(connection, visit.headlines, visit.services.workspace.paths)
        shown = reader.read(visit.number("job"), part, query)
    if shown is None:
        raise Missing
    actions = actions_of_job(shown.card.state, visit.principal)
    return visit.page("job.html", page=shown, actions=actions, after=after)


def compare(visit: Visit) -> Response:
    """Show two results beside each other."""
    marked = visit.request.query_params
    wanted = chosen_sides(marked.getlist("job"), marked.getlist("part"))
    paths = visit.services.workspace.paths
    with visit.services.readers.reading() as connection:
        sides = [
            side
            for job_id, part in wanted
            if (side := read_side(connection, visit.headlines, paths, job_id, part)) is not None
        ]
    if len(sides) < 2:
        return visit.page(
            "gone.html", 400, title="Mark two", text="Mark two results, then compare them."
        )
    return visit.page(
        "compare.html",
        sides=sides,
        batch=sides[0].batch,
        changes=changes_between(sides),
        here=f"/compare?{visit.request.url.query}",
    )


@dataclass(frozen=True, slots=True)
class GateForm:
    """A gate with its place: the batch or the job that waits at it."""

    target: str
    name: str
    gate: Any


def approvals(visit: Visit) -> Response:
    """Show everything that waits for approval."""
    with visit.services.readers.reading() as connection:
        items = [_gate_form(item) for item in everything_waiting(connection)]
    return visit.page("approve.html", items=items, single=len(items) == 1)


def approvals_of_job(visit: Visit) -> Response:
    """Show what a job waits with."""
    number = visit.number("job")
    with visit.services.readers.reading() as connection:
        lines = lists.jobs_of_ids(connection, [number])
        if not lines:
            raise Missing
        key = clean(lines[0].key, 120)
        gates = waiting_gates(connection, number)
    items = [_form(gate, lines[0].batch_id, key) for gate in gates]
    return visit.page("approve.html", items=items, single=len(items) == 1)


def _gate_form(item: WaitingItem) -> GateForm:
    return _form(item.gate, item.batch, f"{clean(item.name, 60)} / {clean(item.job_key, 60)}")


def _form(gate: Any, batch_id: int, name: str) -> GateForm:
    target = f"b{batch_id}" if gate.job is None else f"j{gate.job}"
    return GateForm(target, name, gate)


def _batch(connection: sqlite3.Connection, number: int) -> lists.BatchLine:
    line = lists.batch_line(connection, number)
    if line is None or batch_of(connection, f"b{number}").deleting:
        raise Missing
    return line


def _waiting(connection: sqlite3.Connection, batch: lists.BatchLine) -> int:
    """Return how many values of a batch wait for approval."""
    if not (batch.parked or batch.state in {"parked", "preparing"}):
        return 0
    return sum(waiting_count(connection, [{"batch": batch.id}]).values())
