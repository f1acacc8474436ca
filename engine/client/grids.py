"""Grids as they are looked at: axes, cells, and tables of two axes."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from db.queries.jobs import all_jobs
from engine.client.ids import job_name
from engine.text.amounts import dollars
from engine.text.errors import UserError
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from db.queries.faces import FileLine
    from db.rows import BatchRow
    from engine.contract.recipe import Headline

_AT_ONCE = 500


class NoGrid(UserError):
    """A batch is no grid, or has no such axis; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One job of a grid.

    Attributes:
        id: The job's id, `j12`.
        key: Its key.
        axes: Its values by axis.
        state: Its state.
        score: Its best score so far.
        cost: Its cost in micro-dollars.
        file: The file that represents it, if it has one.
    """

    id: str
    key: str
    axes: Mapping[str, str]
    state: str
    score: float | None
    cost: int
    file: "FileLine | None" = None


@dataclass(frozen=True, slots=True)
class Page:
    """A table of two axes: one combination of the values of all others.

    Attributes:
        fixed: Values of the other axes.
        rows: Values of y that it has cells of.
        columns: Values of x that it has cells of.
        cells: Cells by the values of y and x.
    """

    fixed: Mapping[str, str]
    rows: list[str]
    columns: list[str]
    cells: Mapping[tuple[str, str], Cell]


@dataclass(frozen=True, slots=True)
class GridView:
    """A grid.

    Attributes:
        batch: Name of its batch.
        axes: Values of each axis in the order of the jobs; those of an axis with one value, too.
        cells: All cells in the order of the jobs.
    """

    batch: str
    axes: dict[str, list[str]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)

    @property
    def varying(self) -> list[str]:
        """Names of the axes that have several values."""
        return [name for name, values in self.axes.items() if len(values) > 1]

    def sides(self, x: str = "", y: str = "") -> tuple[str, str]:
        """Return the axes of columns and rows; those that are not named are the last that vary.

        Raises:
            NoGrid: There is no such axis, or both are the same.
        """
        for name in (x, y):
            if name and name not in self.axes:
                raise NoGrid(f"The grid has no axis {quoted(name)}; it has {self._listed()}.")
        if x and x == y:
            raise NoGrid("Rows and columns cannot show the same axis.")
        free = [name for name in reversed(self.varying) if name not in (x, y)]
        free.sort(key=lambda name: any(name not in cell.axes for cell in self.cells))
        x = x or (free.pop(0) if free else "")
        y = y or (free.pop(0) if free else "")
        return x, y

    def pages(self, x: str, y: str, only: Mapping[str, str] | None = None) -> Iterator[Page]:
        """Yield a table for each combination of the other axes that has cells.

        Args:
            x: The axis of the columns; empty for one column.
            y: The axis of the rows; empty for one row.
            only: Values that cells must have, by axis.

        Raises:
            NoGrid: An axis has no such value.
        """
        for name, value in (only or {}).items():
            if value not in self.axes.get(name, ()):
                values = ", ".join(self.axes.get(name, ())[:12])
                raise NoGrid(
                    f"Axis {quoted(name)} has no value {quoted(value)}.",
                    remedy=f"It has: {values}." if values else f"The axes are: {self._listed()}.",
                )
        pages: dict[tuple[tuple[str, str], ...], dict[tuple[str, str], Cell]] = {}
        for cell in self.cells:
            if all(cell.axes.get(name) == value for name, value in (only or {}).items()):
                others = tuple((n, v) for n, v in cell.axes.items() if n not in (x, y))
                place = cell.axes.get(y, ""), cell.axes.get(x, "")
                pages.setdefault(others, {})[place] = cell
        for others, cells in pages.items():
            rows = self._of_axis(y, {place[0] for place in cells})
            columns = self._of_axis(x, {place[1] for place in cells})
            yield Page(dict(others), rows, columns, cells)

    def _of_axis(self, axis: str, used: set[str]) -> list[str]:
        """Return the values of an axis that are used, in order; one is empty without an axis."""
        return [value for value in (*self.axes.get(axis, ()), "") if value in used]

    def _listed(self) -> str:
        return ", ".join(quoted(name) for name in self.axes)


def read_grid(
    connection: sqlite3.Connection, batch: "BatchRow", headline: "Headline", *, files: bool = False
) -> GridView:
    """Return a batch as a grid.

    Args:
        connection: A reader.
        batch: The batch.
        headline: The number that its jobs are compared by.
        files: True to read the file of each cell.

    Raises:
        NoGrid: Its jobs have no axes.
    """
    view = GridView(batch.name)
    seen: dict[str, dict[str, None]] = {}
    jobs = [job for job in all_jobs(connection, batch.id) if job.axes]
    faces = _files(connection, [job.id for job in jobs], headline) if files else {}
    for job in jobs:
        for name, value in job.cell.items():
            seen.setdefault(name, {})[value] = None
        view.cells.append(
            Cell(
                job_name(job.id),
                job.key,
                job.cell,
                job.state,
                job.score,
                job.cost,
                faces.get(job.id),
            )
        )
    if not view.cells:
        raise NoGrid(
            f"Batch {quoted(batch.name)} is no grid.",
            remedy="Queue one with --axis NAME=VALUES, or with --dynamic for {a|b} in prompts.",
        )
    view.axes.update({name: list(values) for name, values in seen.items()})
    return view


def _files(
    connection: sqlite3.Connection, ids: list[int], headline: "Headline"
) -> "dict[int, FileLine]":
    from db.queries.faces import faces_of_jobs
    from engine.client.views.files import faces

    files: dict[int, FileLine] = {}
    for begin in range(0, len(ids), _AT_ONCE):
        files |= faces_of_jobs(
            connection,
            ids[begin : begin + _AT_ONCE],
            headline.metric,
            higher_is_better=headline.higher_is_better,
            faces=faces(),
        )
    return files


def grid_document(view: GridView) -> dict[str, Any]:
    """Return a grid as plain data; its fields are in `docs/grids.md`."""
    return {
        "batch": view.batch,
        "axes": view.axes,
        "cells": [
            {
                "job": cell.id,
                "key": cell.key,
                "axes": dict(cell.axes),
                "status": cell.state,
                "score": cell.score,
                "cost_usd": dollars(cell.cost),
            }
            for cell in view.cells
        ],
    }
