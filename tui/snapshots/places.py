"""Places of the dashboard that can be gone to: batches, jobs, views, and a search of all."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from db.queries.batches import batch as batch_row
from db.queries.batches import batches
from engine.text.terminal import clean

PlaceKind = Literal["list", "batch", "job", "sheet", "queue", "activity", "log", "search", "action"]

MAX_PLACES = 30
"""Maximum places that are offered."""

_ID = re.compile(r"([bj])\s*(\d{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the dashboard.

    Attributes:
        kind: Its kind; an `action` is not a place, but can be chosen in the same list.
        batch: Its batch; 0 for all of them.
        job: Its job.
        name: Name of the batch or the job, or the words to search, cleaned.
        hint: A few words on it.
        action: The action.
    """

    kind: PlaceKind
    batch: int = 0
    job: int = 0
    name: str = ""
    hint: str = ""
    action: str = ""

    @property
    def title(self) -> str:
        """The place in a few words."""
        if self.kind == "job":
            return f"j{self.job} {self.name}".rstrip()
        if self.kind == "batch":
            return f"b{self.batch} {self.name}".rstrip()
        if self.kind == "search":
            return f"Search all batches for '{self.name}'"
        return self.name or self.kind

    def is_same(self, other: "Place | None") -> bool:
        """Return whether two places are the same, whatever they are called."""
        if other is None:
            return False
        if self.kind == "job":
            return (other.kind, other.job) == ("job", self.job)
        return (self.kind, self.batch) == (other.kind, other.batch)


VIEWS = (
    Place("list", name="batches", hint="All batches."),
    Place("sheet", name="sheet", hint="The images of this batch side by side."),
    Place("queue", name="queue", hint="What runs, and what comes next."),
    Place("activity", name="activity", hint="What has happened."),
    Place("log", name="log", hint="The engine's log."),
)


def find_places(
    connection: sqlite3.Connection | None, text: str, actions: Sequence[Place]
) -> list[Place]:
    """Return the places that a text may mean, the likeliest first.

    Args:
        connection: A reader; None without a store.
        text: The text: an id, the name of a batch, a view, an action, words; a colon that was
            typed twice is none of it.
        actions: Actions of the screen.
    """
    text = text.strip().removeprefix(":").lstrip()
    if not text:
        return [*VIEWS, *actions][:MAX_PLACES]
    exact = list(_exact(connection, text)) if connection else []
    names = _names(connection) if connection else []
    ranked = _ranked(text, [*VIEWS, *names, *actions])
    search = [Place("search", name=clean(text, 100), hint="Prompts, reviews and names.")]
    unique = dict.fromkeys([*exact, *ranked[: MAX_PLACES - 2], *search])
    return list(unique)


def _exact(connection: sqlite3.Connection, text: str) -> Iterator[Place]:
    """Yield the batch or the job of an id, or of `BATCH/KEY`."""
    if match := _ID.fullmatch(text):
        number = int(match[2])
        is_job = match[1].lower() == "j"
        place = Place("job", job=number) if is_job else Place("batch", number)
        if (completed := complete(connection, place)) is not None:
            yield completed
    from db.queries.jobs import job_by_key

    batch, slash, key = text.partition("/")
    if slash and (match := _ID.fullmatch(batch)):
        job = job_by_key(connection, int(match[2]), key)
        if job is not None:
            yield Place("job", job.batch_id, job.id, clean(job.key, 60))


def complete(connection: sqlite3.Connection, place: Place) -> Place | None:
    """Return a place with the names of its batch or job; None if that is gone."""
    if place.job:
        from db.queries.jobs import job as job_row  # not for the first paint

        job = job_row(connection, place.job)
        if job is None:
            return None
        return replace(place, batch=job.batch_id, name=clean(job.key, 60), hint=job.state)
    if place.batch:
        batch = batch_row(connection, place.batch)
        if batch is None:
            return None
        return replace(place, name=clean(batch.name, 60), hint=clean(batch.recipe, 40))
    return place


def _names(connection: sqlite3.Connection) -> list[Place]:
    rows = batches(connection)
    return [Place("batch", b.id, name=clean(b.name, 60), hint=clean(b.recipe, 40)) for b in rows]


def _ranked(text: str, places: Sequence[Place]) -> list[Place]:
    """Return the places that match, exact beginnings first, then by closeness."""
    from textual.fuzzy import Matcher  # not for the first paint

    matcher, lowered = Matcher(text), text.lower()

    def rank(place: Place) -> tuple[bool, bool, float]:
        name = place.name.lower()
        return name.startswith(lowered), lowered in name, matcher.match(place.name)

    scored = [(rank(place), place) for place in places]
    matching = [one for one in scored if any(one[0])]
    return [place for _, place in sorted(matching, key=lambda one: one[0], reverse=True)]
