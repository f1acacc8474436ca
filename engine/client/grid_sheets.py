"""Sheets of a grid: its images with the values of its axes as labels."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.client.grids import Cell, GridView, Page
from engine.client.opened import OpenedWorkspace
from engine.contract import Artifact
from engine.kinds.thumbnails import Previews
from engine.text.errors import UserError
from engine.text.terminal import clean

GONE = "the stored file is gone"


def draw_sheets(
    workspace: OpenedWorkspace,
    view: GridView,
    pages: Sequence[Page],
    sides: tuple[str, str],
    path: Path,
) -> Iterator[Path]:
    """Draw a sheet for each table of a grid; yield the path of each once it is written.

    Args:
        workspace: The workspace.
        view: The grid, with the files of its cells.
        pages: The tables.
        sides: Names of the axes of columns and rows.
        path: The PNG file; several are numbered.

    Raises:
        UserError: A sheet has too many rows or columns.
        OSError: A file cannot be written.
    """
    from engine.kinds.grid_sheet import put_sheet

    preview = workspace.previews(workspace.artifacts)
    width = len(str(len(pages)))
    for number, page in enumerate(pages, 1):
        name = path.name if len(pages) == 1 else f"{path.stem}-{number:0{width}d}{path.suffix}"
        title = ", ".join(part for part in (view.batch, fixed_words(page.fixed)) if part)
        x, y = (sides[0], page.columns), (sides[1], page.rows)
        sheet = path.with_name(name)
        try:
            put_sheet(sheet, clean(title, 400), x, y, _Reader(page, preview))
        except ValueError as error:
            raise UserError(
                f"The sheet cannot be drawn: {error}. Choose other axes with --x and --y, or some "
                "cells with --where."
            ) from None
        yield sheet


def fixed_words(values: Mapping[str, str]) -> str:
    """Return the values of axes that a table has fixed, in words; clean."""
    return ", ".join(f"{clean(name, 40)} {clean(value, 80)}" for name, value in values.items())


class _Reader:
    """Images of a table by row and column."""

    def __init__(self, page: Page, preview: Previews) -> None:
        self._page = page
        self._preview = preview

    def __call__(self, row: int, column: int) -> bytes | str:
        """Return the image of a cell, or text in its place."""
        page = self._page
        cell: Cell | None = page.cells.get((page.rows[row], page.columns[column]))
        if cell is None or cell.file is None:
            return "" if cell is None else cell.state
        file = cell.file
        artifact = Artifact(
            hash=file.hash, media_type=file.media_type, size=file.size, kind=file.kind
        )
        try:
            return self._preview(artifact)
        except OSError:
            return GONE
