"""The table of batches that `safelight status` prints."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from db.clock import now, seconds_between
from engine.cli import render
from engine.text import units
from engine.text.amounts import MILLION

Document = Mapping[str, Any]


def _name(batch: Document) -> Text:
    """Return a batch's name, with its star and its note."""
    star = Text("★ ", style="yellow") if batch["starred"] else Text("")
    note = Text("  ") + render.shown(batch["note"], 60, "dim") if batch["note"] else Text("")
    return star + render.shown(batch["name"], 60) + note


def _seconds(batch: Document) -> float | None:
    """Return the duration of a batch so far, or its waiting time if it has not started."""
    start = batch["started_at"] or batch["created_at"]
    return seconds_between(start, batch["finished_at"] or now())


_Column = tuple[str, Callable[[Document], str | Text], Callable[[Document], Any]]

_COLUMNS: tuple[_Column, ...] = (
    ("id", lambda b: b["id"], lambda _: True),
    ("name", _name, lambda _: True),
    ("recipe", lambda b: render.shown(b["recipe"], 20), lambda _: True),
    ("state", lambda b: render.state(b["status"]), lambda _: True),
    ("jobs", lambda b: f"{b['jobs'].get('done', 0)}/{sum(b['jobs'].values())}", lambda _: True),
    ("failed", lambda b: str(b["jobs"].get("failed", "")), lambda b: b["jobs"].get("failed")),
    ("parked", lambda b: str(b["jobs"].get("parked", "")), lambda b: b["jobs"].get("parked")),
    ("best", lambda b: render.score(b["best_score"]), lambda b: b["best_score"] is not None),
    ("cost", lambda b: render.money(round(b["cost_usd"] * MILLION)), lambda b: b["cost_usd"]),
    ("time", lambda b: units.duration(_seconds(b)), lambda _: True),
)
_RIGHT = ("jobs", "failed", "parked", "best", "cost", "time")


def batch_table(batches: Sequence[Document], width: int) -> Table:
    """Return the table of batches without empty columns, on narrow terminals without the recipe."""
    columns = [
        column
        for column in _COLUMNS
        if any(column[2](batch) for batch in batches) and (column[0] != "recipe" or width >= 100)
    ]
    table = render.table(*(column[0] for column in columns), right=_RIGHT, stretch="name")
    for batch in batches:
        table.add_row(*(column[1](batch) for column in columns))
    return table
