"""`safelight costs --retries`: what faults have cost, and what recovered."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.cli import render
from engine.cli.doors import printable, remote_door
from engine.client.documents.retries import read_retries, retries_document
from engine.client.workspace import Workspace
from engine.text.amounts import MILLION, in_words
from engine.text.plural import pluralize

Document = Mapping[str, Any]

MEANINGS = {
    "retryable": "may work in a moment",
    "limit": "a limit of the account",
    "overload": "an overload of the provider",
    "unknown": "nobody knows whether it was carried out",
    "blocked": "something was missing",
    "permanent": "will never work",
    "bug": "a defect",
    "lost-engine": "the engine was lost meanwhile",
}


def show_retries(workspace: Path, batch: str | None, *, as_json: bool) -> int:
    """Show the faults of a batch, or of the whole workspace."""
    if remote := remote_door():
        document = remote.retries(batch)
        document.pop("links", None)
    else:
        document = retries_document(read_retries(Workspace(workspace), batch))
    if as_json:
        render.print_json(document)
    else:
        _show(printable(document))
    return 0


def _show(retries: Document) -> None:
    if not retries["attempts"]:
        render.say("No attempt has failed.")
        return
    right = ("attempts", "failed", "cost", "presumed")
    table = render.table("fault", "meaning", "backend", "model", *right, right=right)
    for line in retries["faults"]:
        table.add_row(
            render.shown(line["fault"], 20),
            MEANINGS.get(line["fault"], ""),
            render.shown(line["backend"], 40),
            render.shown(line["model"], 60),
            str(line["attempts"]),
            str(line["failed"] or ""),
            _words(line["cost_usd"]),
            _words(line["presumed_usd"]) if line["presumed_usd"] else "",
        )
    render.console().print(table)
    render.say(*_sentences(retries))


def _words(amount: float) -> str:
    return in_words(round(amount * MILLION))


def _sentences(retries: Document) -> Iterator[str]:
    presumed = retries["presumed_usd"]
    also = f", and {_words(presumed)} presumed" if presumed else ""
    attempts = pluralize(retries["attempts"], "attempt")
    yield f"{attempts} failed; they have cost {_words(retries['cost_usd'])}{also}."
    for line in retries["unknown"]:
        ways = {
            "asked again": line["asked_again"],
            "failed": line["failed"],
            "given up": line["given_up"],
            "open": line["waiting"],
        }
        settled = ", ".join(f"{count} {way}" for way, count in ways.items() if count)
        count = pluralize(line["outcomes"], "unknown outcome")
        yield f"{count} of {line['backend']} {line['model']}: {settled}."
    for line in retries["recovered_steps"]:
        steps = pluralize(line["steps"], "step")
        yield f"{steps} of {line['backend']} {line['model']} worked at try {line['tries']}."
    if jobs := retries["recovered_jobs"]:
        yield f"{pluralize(jobs, 'job')} recovered: done in spite of faults."
