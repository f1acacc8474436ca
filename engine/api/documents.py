"""Documents of the API: those of the command line, without paths of this machine, with links."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from db.queries.batches import best_score
from db.queries.ratings import count_ratings
from db.rows import BatchRow, CommandRow, JobRow
from engine.client.documents.status import batch_document, higher_is_better
from engine.client.ids import batch_name, job_name
from engine.client.workspace import Workspace
from engine.text.amounts import MILLION, decimal_text

_LEFT_OUT = frozenset({"folder", "outputs", "traces", "file", "traceback", "image"})
"""Members that name files of the server's machine or show its code; no caller sees them."""

_VERBATIM = frozenset(
    {"input", "result", "request", "value", "data", "facts", "measurements", "details"}
)
"""Members that hold plain data of recipes and users, which is passed on as it is."""


def on_the_wire(value: Any) -> Any:
    """Return plain data as the API sends it.

    Money is decimal text, files have addresses, and nothing is said about local paths.
    """
    if isinstance(value, Mapping):
        document = {
            key: one
            if key in _VERBATIM
            else _money(one)
            if key.endswith("_usd")
            else on_the_wire(one)
            for key, one in value.items()
            if key not in _LEFT_OUT
        }
        if isinstance(hash_ := document.get("artifact"), str):
            document["url"] = artifact_link(hash_)
        return document
    if isinstance(value, list | tuple):
        return [on_the_wire(one) for one in value]
    return value


def _member(key: str, value: Any) -> Any:
    if key in _VERBATIM:
        return value
    return _money(value) if key.endswith("_usd") else on_the_wire(value)


def _money(value: Any) -> Any:
    """Return an amount in dollars as text, or each amount of a range."""
    if isinstance(value, Mapping):
        return {key: _money(one) for key, one in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return decimal_text(round(value * MILLION))
    return value


def artifact_link(hash_: str) -> str:
    """Return the address of a stored file."""
    return f"/v1/artifacts/{hash_}"


def batch_on_the_wire(
    connection: sqlite3.Connection, workspace: Workspace, batch: BatchRow
) -> dict[str, Any]:
    """Return a batch with its links."""
    rising = higher_is_better(workspace, batch.recipe)
    best = best_score(connection, batch.id, higher_is_better=rising)
    rated = count_ratings(connection, [batch.id]).get(batch.id, {})
    name = batch_name(batch.id)
    address = f"/v1/batches/{name}"
    document: dict[str, Any] = on_the_wire(
        {
            **batch_document(batch, best, rated),
            "priority": batch.priority,
            "seed": batch.seed,
            "in_flight": batch.in_flight,
            "budget_usd": None if batch.budget is None else batch.budget / MILLION,
            "started_at": batch.started_at,
            "error": batch.finish_error,
            "links": {
                "self": address,
                "jobs": f"{address}/jobs",
                "events": f"/v1/events?batch={name}",
                **{verb: f"{address}/{verb}" for verb in ("pause", "resume", "cancel", "retry")},
            },
        }
    )
    return document


def job_on_the_wire(
    connection: sqlite3.Connection, workspace: Workspace, batch: BatchRow, job: JobRow
) -> dict[str, Any]:
    """Return everything about a job, with its links and a remedy if it waits."""
    from engine.api.waiting import remedy_of
    from engine.client.documents.job import job_detail  # it loads the kinds
    from engine.client.documents.materials import materials_of_job

    document = on_the_wire(job_detail(connection, workspace.paths, batch, job))
    document["materials"] = materials_of_job(workspace, connection, job.id)
    return {**document, "remedy": remedy_of(job), "links": job_links(job)}


def job_links(job: JobRow) -> dict[str, str]:
    """Return the addresses of a job, and of what can be done with it."""
    name = job_name(job.id)
    address = f"/v1/jobs/{name}"
    parts = ("steps", "prompts", "errors", "calls", "decisions", "ratings")
    verbs = ("pause", "resume", "cancel", "retry")
    return {
        "self": address,
        "batch": f"/v1/batches/{batch_name(job.batch_id)}",
        "events": f"/v1/events?job={name}",
        **{part: f"{address}/{part}" for part in (*parts, *verbs)},
    }


def command_on_the_wire(command: CommandRow) -> dict[str, Any]:
    """Return a command with its answer, if it has one."""
    name = f"c{command.id}"
    return {
        "id": name,
        "verb": command.verb,
        "status": command.state,
        "answer": command.answer,
        "created_at": command.created_at,
        "answered_at": command.answered_at,
        "links": {"self": f"/v1/commands/{name}"},
    }
