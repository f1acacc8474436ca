"""Results of a step: its files, scores, critiques, prompts, and its calls."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from db.clock import now
from db.text import storable


class Intent(NamedTuple):
    """A call that is stored before it is sent; the columns of `steps` that it fills."""

    batch_id: int
    job_id: int | None
    key: str
    scope: str
    name: str
    fingerprint: str
    operation: str
    backend: str
    model: str
    request: str
    reusable: bool = False
    kind: str = "data"


@dataclass(slots=True)
class Outcome:
    """Everything that a finished step produced, written in one transaction.

    Attributes:
        result: The result as JSON.
        artifacts: Stored files, as mappings of the columns of `artifacts`.
        scores: Scores, as mappings of the columns of `scores`.
        critiques: Critiques: text, missing (a list), measurements (a mapping).
        prompts: Prompt versions: text, negative, author, reason.
        cost: The step's cost in micro-dollars.
        headline: The job's headline score, if this step gave it.
        iterations: The number of the iteration that the step belongs to, 0 if it is not in one.
        message: One line for the history.
        had_progress: Whether a row of transient progress has to be deleted.
        device: Device of the model host that has worked on it; empty without one.
        materials: Weights and the like of its backend, as JSON; None if they are stored.
        calls: Requests, as columns of `api_calls`.
        was_held: Whether it waited in the store for its files.
    """

    result: str
    artifacts: Sequence[Mapping[str, Any]] = ()
    scores: Sequence[Mapping[str, Any]] = ()
    critiques: Sequence[Mapping[str, Any]] = ()
    prompts: Sequence[Mapping[str, Any]] = ()
    cost: int = 0
    headline: float | None = None
    iterations: int = 0
    message: str = ""
    had_progress: bool = True
    calls: Sequence[Mapping[str, Any]] = field(default_factory=list)
    device: str = ""
    materials: str | None = None
    was_held: bool = False


def write_artifacts(
    connection: sqlite3.Connection,
    step_id: int,
    intent: Intent,
    artifacts: Sequence[Mapping[str, Any]],
    at: str,
) -> None:
    """Record stored files as a step's."""
    for a in artifacts:
        connection.execute(
            """INSERT INTO artifacts (batch_id, job_id, step_id, role, hash, media_type, size,
               width, height, kind, facts, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                intent.batch_id,
                intent.job_id,
                step_id,
                a["role"],
                a["hash"],
                a["media_type"],
                a["size"],
                a["width"],
                a["height"],
                a["kind"],
                json.dumps(a["facts"]) if a.get("facts") else "{}",
                at,
            ),
        )


def write_records(
    connection: sqlite3.Connection, step_id: int, intent: Intent, outcome: Outcome, at: str
) -> None:
    """Write all parts of a result."""
    job_id = intent.job_id
    write_artifacts(connection, step_id, intent, outcome.artifacts, at)
    for s in outcome.scores:
        connection.execute(
            """INSERT INTO scores (job_id, step_id, metric, value, raw, scorer, image)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (job_id, step_id, s["metric"], s["value"], s["raw"], s["scorer"], s.get("image")),
        )
    for c in outcome.critiques:
        connection.execute(
            """INSERT INTO critiques (job_id, step_id, text, missing, measurements)
               VALUES (?, ?, ?, ?, ?)""",
            (job_id, step_id, c["text"], json.dumps(c["missing"]), json.dumps(c["measurements"])),
        )
    for p in outcome.prompts:
        add_prompt(connection, job_id, step_id, p)
    if outcome.materials is not None:
        connection.execute(
            """INSERT OR REPLACE INTO materials (batch_id, backend, model, document)
               VALUES (?, ?, ?, ?)""",
            (intent.batch_id, intent.backend, intent.model, outcome.materials),
        )


def write_calls(
    connection: sqlite3.Connection,
    step_id: int,
    intent: Intent,
    calls: Sequence[Mapping[str, Any]],
) -> None:
    """Write one row for each request that was sent to a provider."""
    for call in calls:
        connection.execute(
            """INSERT INTO api_calls (batch_id, job_id, step_id, backend, model, purpose, attempt,
               request_id, status, error, wait_seconds, cost, tokens_in, tokens_out, started_at,
               finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                intent.batch_id,
                intent.job_id,
                step_id,
                intent.backend,
                intent.model,
                intent.name,
                call["attempt"],
                call["request_id"],
                call["status"],
                storable(call["error"] or "") or None,
                call["wait_seconds"],
                call["cost"],
                call["tokens_in"],
                call["tokens_out"],
                call["started_at"],
                call["finished_at"],
            ),
        )


def add_prompt(
    connection: sqlite3.Connection, job_id: int | None, step_id: int | None, p: Mapping[str, Any]
) -> None:
    """Add a version of a prompt after the newest one of its loop.

    A loop is a set of sibling scopes, such as the iterations of one scene; several loops of a job
    may write at the same time. The job's initial prompt precedes the first version of each.
    """
    connection.execute(
        """INSERT INTO prompts (job_id, step_id, parent_id, text, negative, author, reason,
           created_at)
           VALUES (?, ?, (
             SELECT max(p.id) FROM prompts p LEFT JOIN steps s ON s.id = p.step_id
             LEFT JOIN steps own ON own.id = ?
             WHERE p.job_id = ? AND (p.step_id IS NULL OR own.id IS NULL
               OR substr(s.scope, 1, instr(s.scope, 'iteration-'))
                = substr(own.scope, 1, instr(own.scope, 'iteration-')))
           ), ?, ?, ?, ?, ?)""",
        (
            job_id,
            step_id,
            step_id,
            job_id,
            p["text"],
            p["negative"],
            p["author"],
            p["reason"],
            now(),
        ),
    )
