"""The contact sheet of a batch: its jobs as cards, page by page, in an order, in some states."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from db.queries import lists
from db.queries.faces import faces_of_jobs
from db.queries.sheets import SheetOrder, SheetPlace, sheet_jobs, sheet_place
from db.rating import rating_word
from engine.api.gallery.pictures import Picture, picture_of
from engine.client.views.files import faces
from engine.client.views.recipe_info import RecipeInfo
from engine.text.state_symbols import WORST_FIRST
from engine.text.terminal import clean

PAGE = 200
"""Cards on a page."""

SORTS: Mapping[str, tuple[str, SheetOrder]] = {
    "position": ("input order", "position"),
    "best": ("best first", "score"),
    "worst": ("worst first", "score"),
    "rating": ("best rated first", "rating"),
}
"""Orders of a sheet: their names for people, and what jobs are ordered by."""


@dataclass(frozen=True, slots=True)
class SheetQuery:
    """Choice of the jobs of a batch that a sheet shows, and their order.

    Attributes:
        sort: One of `SORTS`.
        states: States of the jobs; none for any.
        after: Place behind which the page begins; None for the first page.
    """

    sort: str = "position"
    states: tuple[str, ...] = ()
    after: SheetPlace | None = None

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "SheetQuery":
        """Read the parameters of an address; what is not understood is left out."""
        sort = parameters.get("sort", "")
        states = tuple(s for s in WORST_FIRST if s in parameters.get("state", "").split(","))
        after = _place(parameters.get("after", ""))
        return cls(sort if sort in SORTS else "position", states, after)

    def parameters(self, **changes: str) -> str:
        """Return it as parameters of an address, with some changed; without `after`."""
        values = {"sort": self.sort, "state": ",".join(self.states), **changes}
        defaults = {"sort": "position", "state": "", "after": ""}
        left = {name: text for name, text in values.items() if text != defaults.get(name)}
        return f"?{urlencode(left)}" if left else ""

    def low_first(self, scale: RecipeInfo) -> bool:
        """Return whether the lowest value comes first."""
        if self.sort not in {"best", "worst"}:
            return False
        return (self.sort == "worst") == scale.higher_is_better


@dataclass(frozen=True, slots=True)
class Card:
    """One job of a sheet, cleaned.

    Attributes:
        id: Its number.
        key: Its key.
        state: Its state.
        score: Its score.
        rating: `1` to `5`, `keep`, `reject`; None if it is not rated.
        note: Why it waits or has failed, or what it does now.
        picture: Its best file.
        fraction: Progress of its step, 0 to 1; None if it is not known.
    """

    id: int
    key: str
    state: str
    score: float | None
    rating: str | None
    note: str
    picture: Picture | None
    fraction: float | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a contact sheet.

    Attributes:
        query: What it shows.
        cards: Its cards.
        following: Parameters of the next page; empty if there is none.
        counts: Number of jobs in each state.
    """

    query: SheetQuery
    cards: tuple[Card, ...]
    following: str
    counts: tuple[tuple[str, int], ...]


def read_sheet(
    connection: sqlite3.Connection, batch: lists.BatchLine, scale: RecipeInfo, query: SheetQuery
) -> Sheet:
    """Return a page of a batch's contact sheet."""
    jobs = sheet_jobs(
        connection,
        batch.id,
        order=SORTS[query.sort][1],
        low_first=query.low_first(scale),
        states=query.states,
        after=query.after,
        limit=PAGE + 1,
    )
    page = jobs[:PAGE]
    more = query.parameters(after=_text(page[-1].place)) if len(jobs) > PAGE else ""
    counts = tuple((state, getattr(batch, state)) for state in WORST_FIRST)
    cards = read_cards(connection, [job.id for job in page], scale)
    return Sheet(query, cards, more, counts)


def read_cards(
    connection: sqlite3.Connection, ids: Sequence[int], scale: RecipeInfo
) -> tuple[Card, ...]:
    """Return the cards of some jobs of one recipe, at most 1 000."""
    files = faces_of_jobs(
        connection, ids, scale.metric, higher_is_better=scale.higher_is_better, faces=faces()
    )
    cards = []
    for line in lists.jobs_of_ids(connection, ids):
        file = files.get(line.id)
        key = clean(line.key, 120)
        picture = picture_of(file, f"Best result of {key}") if file else None
        cards.append(_card(line, key, picture))
    return tuple(cards)


def _card(line: lists.JobLine, key: str, picture: Picture | None) -> Card:
    waits = line.state == "parked" and line.reason == "approval"
    needs_reason = line.state in {"failed", "parked"} and not waits
    note = line.message if needs_reason else line.stage if line.state == "running" else ""
    return Card(
        id=line.id,
        key=key,
        state="waiting" if waits else line.state,
        score=line.score,
        rating=rating_word(line.rating),
        note=clean(note or "", 160),
        picture=replace(picture, lines=()) if picture else None,
        fraction=line.fraction if line.state == "running" else None,
    )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The jobs before and after one in an order of its batch; 0 for none."""

    before: int
    after: int


def read_neighbours(
    connection: sqlite3.Connection,
    job: lists.JobLine,
    scale: RecipeInfo,
    query: SheetQuery,
) -> Neighbours:
    """Return the neighbours of a job in the order and the states of a sheet."""
    order = SORTS[query.sort][1]
    place = sheet_place(connection, job.id, order)

    def beside(*, backwards: bool) -> int:
        jobs = sheet_jobs(
            connection,
            job.batch_id,
            order=order,
            low_first=query.low_first(scale),
            states=query.states,
            after=place,
            backwards=backwards,
            limit=1,
        )
        return jobs[0].id if jobs else 0

    return Neighbours(beside(backwards=True), beside(backwards=False))


def _text(place: SheetPlace) -> str:
    return f"{'' if place.value is None else repr(place.value)}:{place.position}"


def _place(text: str) -> SheetPlace | None:
    value, colon, position = text.partition(":")
    if not colon or not position.isdecimal() or len(position) > 18 or len(value) > 40:
        return None
    try:
        return SheetPlace(float(value) if value else None, int(position))
    except ValueError:
        return None
