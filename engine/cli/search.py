"""`safelight search`: words of all finished jobs."""

from pathlib import Path

import click
from rich.text import Text

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.client.documents.search import search_document
from engine.client.keeping import rating_ranks
from engine.client.search import MAX_HITS, SearchHit, SearchResult, nothing_matches
from engine.client.workspace import Workspace
from engine.text.plural import pluralize


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
    result = Workspace(workspace).search(
        " ".join(words),
        batch=batch,
        recipe=recipe,
        min_score=min_score,
        rating=rating,
        limit=limit,
    )
    if as_json:
        render.print_json(search_document(result))
    else:
        _print(result, " ".join(words), limit)
    return 0


def _print(result: SearchResult, text: str, limit: int) -> None:
    console = render.console()
    for hit in result.hits:
        console.print(_head(hit), no_wrap=True, overflow="ellipsis")
        console.print(_snippet(hit))
    if not result.hits:
        render.say(nothing_matches(text))
    if len(result.hits) >= limit:
        render.say(f"Older ones may match too; --limit shows more than {limit}.")
    if result.looked_at:
        render.say(f"Of the matches, only the newest {result.looked_at} were looked at.")
    if result.unindexed:
        behind = pluralize(result.unindexed, "finished job is", "finished jobs are")
        render.say(f"{behind} not indexed yet; an engine does it when it is idle.")


def _head(hit: SearchHit) -> Text:
    head = Text(f"{hit.job} ", style="bold") + render.shown(hit.key, 60, "bold")
    parts = [f"{hit.batch} {hit.batch_name}", hit.part]
    parts += [render.score(hit.score), f"rated {hit.rating}" if hit.rating else ""]
    rest = "   ".join(part for part in parts if part)
    return head + Text("   ") + render.state(hit.state) + Text("   ") + render.shown(rest, 120)


def _snippet(hit: SearchHit) -> Text:
    text = Text(hit.snippet)
    for first, end in hit.marks:
        text.stylize("bold yellow", first, end)
    return Text(f"   {hit.field}: ", style="dim") + text
