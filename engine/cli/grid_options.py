"""Options of grids: `--axis`, `--dynamic`, `--wildcards`, `--sample`, `--max-cells`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from engine.cli.options import F
from engine.client.grid_options import MAX_CELLS, MOST_CELLS, Grid
from engine.client.workspace import Workspace

FLAGS = ("axis", "dynamic", "wildcards", "sample", "max_cells")
"""Names of the options, as commands get them."""


def grid_options(function: F) -> F:
    """Add the options of grids to a command."""
    options: list[Callable[[Any], Any]] = [
        click.option(
            "--axis",
            multiple=True,
            metavar="NAME=VALUES",
            help="Try every value: seed=1..4, or width+height=512+768,768+512; axes multiply.",
        ),
        click.option(
            "--dynamic", is_flag=True, help="Expand {a|b}, {2$$a|b|c} and __colours__ in prompts."
        ),
        click.option(
            "--wildcards",
            multiple=True,
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Folder of wildcard files (default: wildcards/ of the workspace); repeatable.",
        ),
        click.option(
            "--sample", type=click.IntRange(1), help="Take so many cells of the grid at random."
        ),
        click.option(
            "--max-cells",
            type=click.IntRange(1, MOST_CELLS),
            default=MAX_CELLS,
            show_default=True,
            help="Maximum number of cells of a grid.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def grid_of(workspace: Workspace, flags: Mapping[str, Any]) -> Grid | None:
    """Return the grid that the options of a command describe; None without one.

    Raises:
        click.UsageError: An option has no effect.
        BadAxis: An axis is not written as one.
    """
    grid = workspace.grid(
        flags["axis"],
        dynamic=flags["dynamic"],
        wildcards=flags["wildcards"],
        sample=flags["sample"],
        max_cells=flags["max_cells"],
    )
    if grid is None and (flags["wildcards"] or flags["sample"]):
        raise click.UsageError(
            "--wildcards and --sample are for grids: give --dynamic or --axis too."
        )
    return grid
