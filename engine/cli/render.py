"""Output of the command line: plain text without terminal escapes, and stable JSON."""

import io
import json
import sys
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.client.documents import versioned
from engine.text.state_symbols import SHAPES
from engine.text.terminal import clean

_PIPED_WIDTH = 10_000  # a pipe has no width to fit

_STYLES = {
    "preparing": "dim",
    "running": "cyan",
    "paused": "yellow",
    "parked": "magenta",
    "done": "green",
    "done_with_failures": "red",
    "failed": "red",
    "cancelled": "dim",
}


def console(*, stderr: bool = False) -> Console:
    """Return a console that treats everything as plain text and does not cut lines in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows `?`, not a traceback
    created = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not created.is_terminal:
        created.width = _PIPED_WIDTH
    return created


def say(*sentences: str) -> None:
    """Print lines to standard output without terminal escapes."""
    for sentence in sentences:
        click.echo(clean(sentence, None, keep_newlines=True))


def print_json(document: dict[str, Any], *, indent: int | None = 2) -> None:
    """Print a document with its version, in ASCII, so that it holds no terminal escapes."""
    click.echo(to_json(versioned(document), indent=indent))


def to_json(value: Any, *, indent: int | None = None) -> str:
    """Return data as JSON in ASCII."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, indent=indent)


def shown(text: str | None, limit: int | None = 200, style: str = "") -> Text:
    """Return text from outside, cleaned, in one line."""
    return Text(clean(text or "", limit), style=style)


def block(text: str, limit: int | None = 4000) -> Text:
    """Return text from outside, cleaned, with its line breaks."""
    return Text(clean(text, limit, keep_newlines=True))


def state(name: str) -> Text:
    """Return a state as a shape and a word in its colour."""
    shape, word = SHAPES.get(name, ("?", clean(name, 20)))
    return Text(f"{shape} {word}", style=_STYLES.get(name, ""))


def table(*columns: str, right: Iterable[str] = (), stretch: str = "") -> Table:
    """Return an empty table without lines.

    Args:
        *columns: The headings.
        right: Headings of columns that are aligned to the right, such as numbers.
        stretch: Heading of the column that is cut on a narrow terminal.
    """
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        grid.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if name == stretch else None,
            min_width=6 if name == stretch else len(name),
        )
    return grid


def money(microdollars: int) -> str:
    """Return a cost as text; empty if there is none."""
    return f"${microdollars / 1_000_000:.4f}" if microdollars else ""


def score(value: float | None) -> str:
    """Return a headline score as text; empty if there is none."""
    return "" if value is None else f"{value:.1f}"
