"""The page of a job: the parts that its recipe declares, drawn by their kinds."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from db.queries import inspect
from db.queries.faces import FileLine
from db.queries.inspect import StepLine
from engine.client.input_files import input_files
from engine.client.views.files import (
    MAX_ROWS,
    OpenableFile,
    line_of,
    openable,
    result_item,
    rows_of,
)
from engine.contract.page import PagePart
from engine.contract.tiers import fits
from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.contract.kinds import Lines

MAX_ITEMS = 40
"""Maximum items of one part."""

COLUMNS_OF_AN_ITEM = 36
"""Minimum width in cells of items that are side by side."""

GAP = 3
"""Cells to the right of an item, and one that a scroll bar may take."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One item: a file, or the drawing of a result.

    Attributes:
        title: Its name, cleaned; empty if the heading says enough.
        file: The file.
        lines: The drawing of a result.
        rows: Height of a file in rows.
    """

    title: str
    file: FileLine | None = None
    lines: "Lines | None" = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class PageSection:
    """One part of a page.

    Attributes:
        title: Its heading, cleaned.
        items: Its items, in order.
        across: Number of items side by side.
    """

    title: str
    items: tuple[Exhibit, ...]
    across: int = 1


@dataclass(frozen=True, slots=True)
class JobPage:
    """The page of a job.

    Attributes:
        sections: Its parts that have something to show.
        openable: Their files, in the same order.
    """

    sections: tuple[PageSection, ...]
    openable: tuple[OpenableFile, ...]


def read_page(
    connection: sqlite3.Connection,
    job_id: int,
    parts: Sequence[PagePart],
    steps: Sequence[StepLine],
    columns: int,
) -> JobPage:
    """Return the page of a job.

    Args:
        connection: A reader.
        job_id: The job.
        parts: Parts of the page, as the recipe declares them.
        steps: The job's current steps.
        columns: Width in cells.
    """
    inputs = input_files(inspect.job_input(connection, job_id))
    sections: list[PageSection] = []
    files: list[OpenableFile] = []
    for part in parts:
        if part.field:
            items = [(part.field, inputs[part.field])] if part.field in inputs else []
            files += [openable(part.field, file, part.field) for _, file in items]
            sections += _of_files(part, items, columns)
            continue
        chosen = list(_matching(part.steps, steps))[:MAX_ITEMS]
        if part.role:
            kept = list(_kept(connection, chosen, part.role))
            files += [openable(part.role, file, key) for key, file in kept]
            sections += _of_files(part, kept, columns)
        else:
            sections += _of_results(connection, part, chosen, columns)
    return JobPage(tuple(sections), tuple(files))


def _matching(patterns: Sequence[str], steps: Sequence[StepLine]) -> Iterator[StepLine]:
    """Return finished steps whose keys fit; a `*` does not match a `/`."""
    for step in sorted(steps, key=lambda step: _natural(step.key)):
        if step.state == "done" and any(fits(step.key, pattern) for pattern in patterns):
            yield step


def _natural(key: str) -> list[tuple[int, str]]:
    """A key to sort by, in which `prompt-10` comes after `prompt-2`."""
    return [
        (int(number), name) if number.isdecimal() else (0, part)
        for part in key.split("/")
        for name, _, number in (part.rpartition("-"),)
    ]


def _kept(
    connection: sqlite3.Connection, steps: Sequence[StepLine], role: str
) -> Iterator[tuple[str, FileLine]]:
    keys = {step.id: step.key for step in steps}
    rows = inspect.artifacts_of(connection, list(keys)) if keys else []
    order = {step.id: number for number, step in enumerate(steps)}
    for artifact in sorted(rows, key=lambda row: order.get(row.step_id or 0, 0)):
        if fnmatchcase(artifact.role, role):
            yield keys[artifact.step_id or 0], line_of(artifact)


def _of_files(
    part: PagePart, files: Sequence[tuple[str, FileLine]], columns: int
) -> list[PageSection]:
    titles = _titles([key for key, _ in files])
    items = tuple(
        Exhibit(title, file, rows=rows_of(file))
        for title, (_, file) in zip(titles, files, strict=True)
    )
    across = side_by_side(len(items), columns) if part.beside else 1
    return [PageSection(clean(part.title, 60), items, across)] if items else []


def _of_results(
    connection: sqlite3.Connection, part: PagePart, steps: Sequence[StepLine], columns: int
) -> list[PageSection]:
    from engine.contract.kinds import Lines, Size
    from engine.kinds.drawing import draw_beside, draw_full

    if not steps:
        return []
    across = side_by_side(len(steps), columns) if part.beside else 1
    size = Size(max(20, columns // across - GAP), MAX_ROWS)
    items = [result_item(connection, step) for step in steps]
    drawn = draw_beside(items, size) if part.beside else [draw_full(item, size) for item in items]
    titles = _titles([step.key for step in steps])
    exhibits = tuple(
        Exhibit(title, lines=lines)
        for title, lines in zip(titles, drawn, strict=True)
        if isinstance(lines, Lines)
    )
    return [PageSection(clean(part.title, 60), exhibits, across)] if exhibits else []


def side_by_side(count: int, columns: int) -> int:
    """Return how many of some items are beside each other: rows are as even as they can be."""
    most = max(1, min(count, columns // COLUMNS_OF_AN_ITEM))
    return -(-count // -(-count // most)) if count else 1


def _titles(keys: Sequence[str]) -> list[str]:
    """Return names of steps without the parts that all of them share; empty for one alone."""
    if len(keys) < 2:
        return [""] * len(keys)
    parts = [key.split("/") for key in keys]
    differ = [len(set(column)) > 1 for column in zip(*parts, strict=False)]
    if len({len(one) for one in parts}) == 1 and any(differ):
        parts = [[name for name, keep in zip(one, differ, strict=True) if keep] for one in parts]
    return [clean("/".join(one), 60).replace("-", " ") for one in parts]
