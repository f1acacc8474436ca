"""`safelight learned`: terms that never helped with a model, as the refiner is offered them."""

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from db.queries.learned import LearnedRow
from engine.cli import render
from engine.cli.control import carry_out, operator_command
from engine.cli.options import json_option, workspace_option
from engine.client.workspace import Workspace
from engine.text.terminal import clean


@operator_command("learned")
@click.option("--model", default="", help="Only models with this in their name.")
@click.option("--all", "all_terms", is_flag=True, help="Also terms that helped or are too new.")
@click.option("--add", metavar="TERM", help="Add a term; --model names backend and model.")
@click.option("--edit", type=int, metavar="ID", help="Change a term to --to TEXT.")
@click.option("--to", default="", metavar="TEXT", help="The new words of --edit.")
@click.option("--on", type=int, metavar="ID", help="Offer a term again.")
@click.option("--off", type=int, metavar="ID", help="Offer a term no more.")
@click.option("--delete", type=int, metavar="ID", help="Delete a term with its counts.")
@json_option
@workspace_option
def learned(
    workspace: Path, model: str, to: str, *, all_terms: bool, as_json: bool, **changes: Any
) -> int:
    """Without a change, lists them: number, model, times tried, times that it helped, mean gain.

    `safelight run` offers them to the refiner of new batches; --set learned=false does not.
    """
    opened = Workspace(workspace)
    chosen = [(name, value) for name, value in changes.items() if value is not None]
    if len(chosen) > 1:
        raise click.UsageError("Make one change at a time.")
    if chosen:
        name, value = chosen[0]
        return carry_out(opened, "learned", (), _arguments(name, value, model, to))
    rows = opened.learned(model, all_terms=all_terms)
    if as_json:
        render.print_json({"learned": [_document(row) for row in rows]})
    elif not rows:
        render.say("Nothing is known to never help here. --all lists everything that was tried.")
    else:
        render.console().print(_table(rows))
    return 0


def _arguments(change: str, value: Any, model: str, to: str) -> dict[str, Any]:
    if change == "add":
        if not model:
            raise click.UsageError("--add needs --model 'BACKEND MODEL'; --all lists those known.")
        return {"change": "add", "term": value, "model": model}
    if (change == "edit") != bool(to):
        raise click.UsageError("--edit ID needs --to TEXT, and --to is for --edit only.")
    return {"change": change, "id": value} | ({"term": to} if to else {})


def _table(rows: list[LearnedRow]) -> Any:
    numbers = ("id", "tried", "helped", "mean")
    columns = ("id", "model", "term", "tried", "helped", "mean", "")
    table = render.table(*columns, right=numbers, stretch="term")
    for row in rows:
        mean = f"{row.gain / row.tried:+.1f}" if row.tried else ""
        words = Text(clean(row.model, 40)), Text(clean(row.term, 200))
        table.add_row(str(row.id), *words, str(row.tried), str(row.helped), mean, _state(row))
    return table


def _state(row: LearnedRow) -> str:
    if not row.active:
        return "off"
    return "offered" if row.is_offered else ""


def _document(row: LearnedRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "recipe": row.recipe,
        "model": row.model,
        "term": row.term,
        "tried": row.tried,
        "helped": row.helped,
        "gain": round(row.gain, 2),
        "active": bool(row.active),
        "offered": row.is_offered,
        "author": row.author,
        "updated_at": row.updated_at,
    }
