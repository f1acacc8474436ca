"""One line per job, as `safelight jobs` prints them."""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.cells import set_cell_size
from rich.text import Text

from engine.cli import render
from engine.text import units
from engine.text.amounts import MILLION
from engine.text.terminal import clean

_WIDTHS = (8, 28, 13, 5, 6, 9, 8)
_HEADINGS = ("id", "key", "state", "turns", "best", "cost", "time", "")


def print_lines(jobs: Iterable[Mapping[str, Any]]) -> None:
    """Print one line per job as they come.

    Args:
        jobs: Jobs with `id`, `key`, `status`, `iterations`, `best_score`, `cost_usd`, `seconds`,
            `error` and `stage`.
    """
    console, rest = render.console(), iter(jobs)
    first = next(rest, None)
    if first is None:
        console.print("No such jobs.")
        return
    console.print(Text(" ".join(map(_fit, _HEADINGS, (*_WIDTHS, 0))).rstrip(), style="bold"))
    for job in itertools.chain([first], rest):
        line = _line(job)
        if console.is_terminal:
            console.print(line, no_wrap=True, overflow="ellipsis")
        else:
            click.echo(line.plain)  # a pipe has no colour and no width, and is not kept waiting


def _line(job: Mapping[str, Any]) -> Text:
    shape = render.state(job["status"])
    values = (
        job["id"],
        clean(job["key"], 80),
        shape.plain,
        str(job["iterations"] or ""),
        render.score(job["best_score"]),
        render.money(round(job["cost_usd"] * MILLION)),
        units.duration(job["seconds"]),
    )
    line = Text(" ".join(map(_fit, values, _WIDTHS)))
    begin = sum(_WIDTHS[:2]) + 2
    line.stylize(shape.style, begin, begin + len(shape.plain))
    line = line + Text(" ") + render.shown(job["error"] or _stage(job), 300)
    line.rstrip()
    return line


def _stage(job: Mapping[str, Any]) -> str:
    return (job["stage"] or "") if job["status"] == "running" else ""


def _fit(text: str, width: int) -> str:
    """Pad or cut a text to a number of terminal columns; some characters take two."""
    if not width:
        return text
    fitted = set_cell_size(text, width)
    return fitted if fitted.rstrip() == text else set_cell_size(text, width - 1) + "…"
