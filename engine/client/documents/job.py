"""Document of one job with everything about it, which `show` draws."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from db.queries import jobs as queries
from db.queries import lineage
from db.queries.ratings import ratings_of
from db.rating import rating_word
from db.rows import BatchRow, CritiqueRow, JobRow, StepRow
from engine.client.documents.files import output_files, stored_file, stored_path
from engine.client.documents.iterations import Turns
from engine.client.documents.jobs import trouble_of
from engine.client.documents.records import (
    call_document,
    decision_document,
    error_document,
    is_drawn,
    prompt_document,
    rating_document,
    result_document,
    step_document,
)
from engine.client.gates import WaitingGate, waiting_gates
from engine.client.ids import batch_name, job_name
from engine.config.paths import WorkspacePaths
from engine.contract.tracing import TRACE
from engine.text.amounts import dollars


def job_detail(
    connection: sqlite3.Connection, paths: WorkspacePaths, batch: BatchRow, job: JobRow
) -> dict[str, Any]:
    """Return everything about one job as plain data; its fields are in `docs/cli.md`."""
    steps = queries.steps(connection, job.id)
    critiques = {critique.step_id: critique for critique in queries.critiques(connection, job.id)}
    prompts = queries.prompts(connection, job.id)
    outputs = output_files(paths.root, job.output)
    turns = Turns(paths, outputs, steps, critiques, prompts)
    keys = {step.id: step.key for step in steps}
    return {
        **_head(connection, batch, job),
        "outputs": outputs,
        "gates": [_gate(gate) for gate in waiting_gates(connection, job.id)],
        "iterations": [turns.document(turn) for turn in queries.iterations(connection, job.id)],
        "remarks": [
            _remark(step, critiques[step.id]) for step in steps if _has_remark(step, critiques)
        ],
        "steps": [step_document(step) for step in steps],
        "prompts": [prompt_document(prompt, keys) for prompt in prompts],
        "results": [result_document(step) for step in steps if is_drawn(step)],
        "ratings": [rating_document(row) for row in ratings_of(connection, job.id)],
        "errors": [error_document(error, keys) for error in queries.errors(connection, job.id)],
        "decisions": [decision_document(row) for row in queries.decision_rows(connection, job.id)],
        "api_calls": [call_document(call, keys) for call in queries.api_calls(connection, job.id)],
        "files": [
            stored_file(row, paths, keys)
            for row in queries.artifacts(connection, job.id)
            if row.role != TRACE
        ],
        "traces": [
            {
                "step": keys.get(row.step_id or 0),
                "bytes": row.size,
                "file": stored_path(paths, row.hash),
            }
            for row in queries.artifacts(connection, job.id)
            if row.role == TRACE
        ],
        "progress": [
            {"step": keys.get(row.step_id), "fraction": row.fraction, "message": row.message}
            for row in queries.progress(connection, job.id)
        ],
    }


def _gate(gate: WaitingGate) -> dict[str, Any]:
    return {"key": gate.key, "value": gate.value, "since": gate.since}


def _head(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> dict[str, Any]:
    return {
        "id": job_name(job.id),
        "key": job.key,
        "batch": {"id": batch_name(batch.id), "name": batch.name},
        "recipe": batch.recipe,
        "status": job.state,
        "waits_for": job.reason,
        "message": job.message,
        "error": trouble_of(connection, job),
        "lane": job.lane,
        "stage": job.stage,
        "priority": job.priority,
        "seed": job.seed,
        "starts": job.starts,
        "input": json.loads(job.input),
        "best_score": job.score,
        "rating": rating_word(job.rating),
        "axes": job.cell,
        "cost_usd": dollars(job.cost),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "folder": job.output,
        **_lineage(connection, job),
    }


def _lineage(connection: sqlite3.Connection, job: JobRow) -> dict[str, Any]:
    """Return the part of another job that is its input, and the jobs its parts were sent to."""
    origin = lineage.origin_of(connection, job.id)
    return {
        "sent_from": origin
        and {
            "job": job_name(origin.source_job_id),
            "source": origin.source,
            "step": origin.step_key,
            "artifact": origin.hash,
            "branch": origin.branch,
        },
        "sent_to": [
            {"job": job_name(one.job_id), "source": one.source, "step": one.step_key}
            for one in lineage.sent_from(connection, job.id)
        ],
    }


def _has_remark(step: StepRow, critiques: Mapping[int, CritiqueRow]) -> bool:
    """Return True if a current step outside all iterations has a remark, such as a reason."""
    current = step.superseded_at is None and step.id in critiques
    return current and "iteration-" not in step.scope


def _remark(step: StepRow, critique: CritiqueRow) -> dict[str, Any]:
    return {"step": step.key, "text": critique.text, "missing": json.loads(critique.missing)}
