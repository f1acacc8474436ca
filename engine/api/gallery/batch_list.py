"""The list of batches: how far each is, its best result, and what waits for the operator."""

import sqlite3
from dataclasses import dataclass

from db.queries import lists
from db.queries.digest import best_jobs
from db.queries.faces import faces_of_jobs
from engine.api.gallery.pictures import Picture, picture_of
from engine.client.gates import everything_waiting
from engine.client.views.files import faces
from engine.client.views.recipe_info import Headlines, RecipeInfo
from engine.text import figures
from engine.text.terminal import clean

MAX_BATCHES = 100
"""Batches on one page."""

BAR = ("done", "failed", "cancelled", "parked", "paused", "running", "queued")
"""States in the order in which a bar shows them."""


@dataclass(frozen=True, slots=True)
class BatchCard:
    """One batch, cleaned.

    Attributes:
        id: Its number.
        name: Its name.
        recipe: Its recipe.
        state: Its state.
        total: Number of jobs.
        ended: Number of jobs that have ended.
        counts: Number of jobs by state, without empty ones.
        bar: State, start and width of each part of a bar 100 wide.
        cost: Cost in words; empty if it costs nothing.
        age: Time since it was queued.
        starred: True if it has a star.
        note: The operator's note.
        held: True if the operator has paused it.
        picture: Its best result.
    """

    id: int
    name: str
    recipe: str
    state: str
    total: int
    ended: int
    counts: tuple[tuple[str, int], ...]
    bar: tuple[tuple[str, float, float], ...]
    cost: str
    age: str
    starred: bool
    note: str
    held: bool
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class BatchList:
    """The newest batches, and the number of values that wait for approval."""

    batches: tuple[BatchCard, ...]
    waiting: int


def read_batches(connection: sqlite3.Connection, headlines: Headlines) -> BatchList:
    """Return the newest batches, newest first."""
    lines = lists.batch_lines(connection, MAX_BATCHES)
    cards = tuple(
        batch_card(line, _best(connection, line, headlines.of(line.recipe))) for line in lines
    )
    return BatchList(cards, len(everything_waiting(connection)))


def batch_card(line: lists.BatchLine, picture: Picture | None = None) -> BatchCard:
    """Return a batch for display."""
    return BatchCard(
        id=line.id,
        name=clean(line.name, 120),
        recipe=clean(line.recipe, 60),
        state=line.state,
        total=line.total,
        ended=line.ended,
        counts=tuple((state, n) for state in BAR if (n := getattr(line, state))),
        bar=_bar(line),
        cost=figures.money(line.cost) if line.cost else "",
        age=figures.duration(figures.age(line.created_at)),
        starred=bool(line.starred),
        note=clean(line.note, 300),
        held=bool(line.held),
        picture=picture,
    )


def _bar(line: lists.BatchLine) -> tuple[tuple[str, float, float], ...]:
    parts, start = [], 0.0
    for state in BAR:
        width = 100 * getattr(line, state) / line.total if line.total else 0.0
        if width:
            parts.append((state, round(start, 2), round(width, 2)))
        start += width
    return tuple(parts)


def _best(
    connection: sqlite3.Connection, line: lists.BatchLine, scale: RecipeInfo
) -> Picture | None:
    better = scale.higher_is_better
    ids = best_jobs(connection, line.id, 1, higher_is_better=better) or lists.ids_at(
        connection, line.id, 0, 1
    )
    files = faces_of_jobs(connection, ids, scale.metric, higher_is_better=better, faces=faces())
    file = next(iter(files.values()), None)
    return picture_of(file, f"Best result of {clean(line.name, 120)}") if file else None
