"""`safelight search`: words of all finished jobs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import click
from rich.text import Text

from engine.cli import render
from engine.cli.doors import printable, remote_door
from engine.cli.options import json_option, workspace_option
from engine.client.documents.search import search_document
from engine.client.keeping import rating_ranks
from engine.client.search import MAX_HITS, nothing_matches
from engine.client.workspace import Workspace
from engine.text.plural import pluralize


class _Narrowed(TypedDict, total=False):
    batch: str | None
    recipe: str | None
    min_score: float | None
    rating: str | None
    limit: int


# Without this, -word would be taken for an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, required=True)
@click.option("--batch", help="Only this batch.")
@click.option("--recipe", help="Only batches of this recipe.")
@click.option("--min-score", type=float, help="Only jobs with at least this score.")
@click.option("--rating", help="Only jobs rated like this: 4, keep, reject, '>=4'.")
@click.option("--limit", type=click.IntRange(1, MAX_HITS), default=20, show_default=True)
@json_option
@workspace_option
def search(
    workspace: Path,
    words: tuple[str, ...],
    batch: str | None,
    recipe: str | None,
    min_score: float | None,
    rating: str | None,
    limit: int,
    *,
    as_json: bool,
) -> int:
    """Search prompts, critiques, reasons, notes, models and keys of all finished jobs.

    All WORDS occur, the last one perhaps only begun; "..." is a phrase, -word leaves jobs out. The
    newest jobs come first.
    """
    try:
        rating_ranks(rating)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--rating") from None
    text = " ".join(words)
    narrowed: _Narrowed = {"batch": batch, "recipe": recipe, "min_score": min_score}
    narrowed |= {"rating": rating, "limit": limit}
    if remote := remote_door():
        document = _of_a_server(remote.search(text, **narrowed))
    else:
        document = search_document(Workspace(workspace).search(text, **narrowed))
    if as_json:
        render.print_json(document)
    else:
        _print(document, text, limit)
    return 0


def _of_a_server(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a server as one of here, without links."""
    hits = [{name: hit[name] for name in hit if name != "links"} for hit in document["hits"]]
    return {**printable(document), "hits": printable(hits)}


def _print(document: Mapping[str, Any], text: str, limit: int) -> None:
    console = render.console()
    hits = document["hits"]
    for hit in hits:
        console.print(_head(hit), no_wrap=True, overflow="ellipsis")
        console.print(_snippet(hit))
    if not hits:
        render.say(nothing_matches(text))
    if len(hits) >= limit:
        render.say(f"Older ones may match too; --limit shows more than {limit}.")
    if looked_at := document["looked_at"]:
        render.say(f"Of the matches, only the newest {looked_at} were looked at.")
    if unindexed := document["unindexed"]:
        behind = pluralize(unindexed, "finished job is", "finished jobs are")
        render.say(f"{behind} not indexed yet; an engine does it when it is idle.")


def _head(hit: Mapping[str, Any]) -> Text:
    head = Text(f"{hit['job']} ", style="bold") + render.shown(hit["key"], 60, "bold")
    parts = [f"{hit['batch']} {hit['batch_name']}", hit["part"]]
    parts += [render.score(hit["score"]), f"rated {hit['rating']}" if hit["rating"] else ""]
    rest = "   ".join(part for part in parts if part)
    return head + Text("   ") + render.state(hit["state"]) + Text("   ") + render.shown(rest, 120)


def _snippet(hit: Mapping[str, Any]) -> Text:
    text = Text(hit["snippet"])
    for first, end in hit["marks"]:
        text.stylize("bold yellow", first, end)
    return Text(f"   {hit['field']}: ", style="dim") + text
