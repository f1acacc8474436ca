"""`safelight grid`: a grid as tables, and as a sheet with labels."""

from pathlib import Path
from typing import Any

import click

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trouble import CliError
from engine.client.grid_sheets import draw_sheets, fixed_words
from engine.client.grids import Cell, GridView, Page, grid_document
from engine.client.workspace import Workspace
from engine.text.plural import pluralize
from engine.text.terminal import clean

_TABLES = 12
_COLUMNS = 20


@click.command()
@click.argument("batch")
@click.option("--x", default="", metavar="AXIS", help="Axis of the columns.")
@click.option("--y", default="", metavar="AXIS", help="Axis of the rows.")
@click.option(
    "--where", multiple=True, metavar="AXIS=VALUE", help="Only cells with this value; repeatable."
)
@click.option(
    "--sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the images with labels into this PNG file, or several numbered ones.",
)
@json_option
@workspace_option
def grid(
    workspace: Path,
    batch: str,
    x: str,
    y: str,
    where: tuple[str, ...],
    sheet: Path | None,
    *,
    as_json: bool,
) -> int:
    """Show the grid BATCH: best scores by two of its axes, one table for each value of the others.

    --x and --y choose the axes; by default they are the last two that vary. A cell that has no
    score yet shows its state. --json has every cell with its values on all axes.
    """
    opened = Workspace(workspace)
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise CliError(f"{sheet}: a sheet is a PNG file; choose a name that ends in .png.")
    view = opened.grid_of(batch, files=sheet is not None)
    if as_json and sheet is None:
        render.print_json(grid_document(view))
        return 0
    x, y = view.sides(x, y)
    pages = list(view.pages(x, y, dict(_pair(text) for text in where)))
    if sheet is not None:
        _draw(opened, view, pages, (x, y), sheet)
    if as_json:
        render.print_json(grid_document(view))
    else:
        _print(view, pages, x, y)
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not AXIS=VALUE.", param_hint="--where")
    return name, value


def _print(view: GridView, pages: list[Page], x: str, y: str) -> None:
    sizes = " x ".join(f"{clean(name, 40)} {len(view.axes[name])}" for name in view.axes)
    render.say(f"{pluralize(len(view.cells), 'cell')}: {sizes}.")
    for page in pages[:_TABLES]:
        if page.fixed and len(pages) > 1:
            render.say("", fixed_words(page.fixed))
        render.console().print(_table(page, x, y))
        if len(page.columns) > _COLUMNS:
            render.say(f"{len(page.columns) - _COLUMNS} more columns: --json has them.")
    if len(pages) > _TABLES:
        render.say(f"{len(pages) - _TABLES} more tables: choose some with --where AXIS=VALUE.")


def _table(page: Page, x: str, y: str) -> Any:
    from rich.table import Table
    from rich.text import Text

    columns = page.columns[:_COLUMNS]
    corner = " / ".join(clean(name, 24) for name in (y, x) if name)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(Text(corner))
    for value in columns:
        table.add_column(Text(clean(value, 24) or "score"), justify="right", max_width=24)
    for row in page.rows:
        cells = [page.cells.get((row, column)) for column in columns]
        table.add_row(Text(clean(row, 40)), *(Text(_shown(cell)) for cell in cells))
    return table


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return cell.state if cell.score is None else render.score(cell.score)


def _draw(
    workspace: Workspace, view: GridView, pages: list[Page], sides: tuple[str, str], sheet: Path
) -> None:
    """Write a sheet for each table."""
    try:
        for path in draw_sheets(workspace, view, pages, sides, sheet):
            render.say(f"Wrote {path}.")
    except OSError as error:
        raise CliError(f"{error.filename or sheet}: {error.strerror or error}.") from error
