"""Documents of jobs, which `show --json` prints and `show` draws."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.clock import seconds_between
from db.queries import jobs as queries
from db.queries import lineage
from db.queries.ratings import RatingRow, ratings_of
from db.rating import rating_word
from db.rows import (
    ApiCallRow,
    ArtifactRow,
    BatchRow,
    CritiqueRow,
    DecisionRow,
    ErrorRow,
    IterationRow,
    JobRow,
    PromptRow,
    StepRow,
)
from engine.cli.jobs import output_files, trouble_of
from engine.cli.render import dollars
from engine.client.drawn_text import draws_results
from engine.client.gates import WaitingGate, waiting_gates
from engine.client.ids import batch_name, job_name
from engine.config.paths import WorkspacePaths
from engine.contract.tracing import TRACE
from engine.outputs.names import SUFFIXES
from engine.runtime.artifacts import ArtifactStore


def job_detail(
    connection: sqlite3.Connection, paths: WorkspacePaths, batch: BatchRow, job: JobRow
) -> dict[str, Any]:
    """Return everything about one job as plain data; its fields are in `docs/cli.md`."""
    steps = queries.steps(connection, job.id)
    critiques = {critique.step_id: critique for critique in queries.critiques(connection, job.id)}
    prompts = queries.prompts(connection, job.id)
    outputs = output_files(paths.root, job.output)
    turns = _Turns(paths, outputs, steps, critiques, prompts)
    keys = {step.id: step.key for step in steps}
    return {
        **_head(connection, batch, job),
        "outputs": outputs,
        "gates": [_gate(gate) for gate in waiting_gates(connection, job.id)],
        "iterations": [turns.document(turn) for turn in queries.iterations(connection, job.id)],
        "remarks": [
            _remark(step, critiques[step.id]) for step in steps if _has_remark(step, critiques)
        ],
        "steps": [_step(step) for step in steps],
        "prompts": [_prompt(prompt, keys) for prompt in prompts],
        "results": [_result(step) for step in steps if _is_drawn(step)],
        "ratings": [_rating(row) for row in ratings_of(connection, job.id)],
        "errors": [_error(error, keys) for error in queries.errors(connection, job.id)],
        "decisions": [_decision(row) for row in queries.decision_rows(connection, job.id)],
        "api_calls": [_call(call, keys) for call in queries.api_calls(connection, job.id)],
        "files": [
            _stored(row, paths, keys)
            for row in queries.artifacts(connection, job.id)
            if row.role != TRACE
        ],
        "traces": [
            {"step": keys.get(row.step_id or 0), "bytes": row.size, "file": _file(paths, row.hash)}
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


class _Turns:
    """Rows of each iteration of a job, whatever its recipe calls its steps."""

    def __init__(
        self,
        paths: WorkspacePaths,
        outputs: list[str],
        steps: list[StepRow],
        critiques: Mapping[int, CritiqueRow],
        prompts: list[PromptRow],
    ) -> None:
        self._paths = paths
        self._outputs = {Path(path).name: path for path in reversed(outputs)}
        self._steps = [step for step in steps if step.superseded_at is None]
        self._critiques = critiques
        self._prompts = prompts

    def document(self, turn: IterationRow) -> dict[str, Any]:
        steps = [step for step in self._steps if step.scope == turn.scope]
        critique = next((self._critiques[s.id] for s in steps if s.id in self._critiques), None)
        prompt, negative = _asked(steps)
        version = self._version(prompt)
        return {
            "number": turn.number,
            "scope": turn.scope,
            "prompt": prompt,
            "negative_prompt": negative,
            "author": version.author if version else None,
            "reason": version.reason if version else None,
            "score": turn.score,
            "critique": critique.text if critique else None,
            "missing": json.loads(critique.missing) if critique else [],
            "measurements": json.loads(critique.measurements) if critique else {},
            "image": self._image(turn),
            "artifact": turn.artifact,
            "cost_usd": dollars(turn.cost),
            "seconds": _sum_seconds(steps),
        }

    def _version(self, prompt: str | None) -> PromptRow | None:
        """Return the version that has a prompt's text; the newest of equal ones."""
        return next((p for p in reversed(self._prompts) if p.text == prompt), None)

    def _image(self, turn: IterationRow) -> str | None:
        """Return the path of the image in the results folder, else of the stored file."""
        if turn.artifact is None:
            return None
        endings = (".png", *SUFFIXES.values())
        names = (f"iteration_{turn.number}{ending}" for ending in endings)
        written = next((self._outputs[name] for name in names if name in self._outputs), None)
        if written is not None and "/" not in turn.scope:
            return written
        return _file(self._paths, turn.artifact)


def _stored(row: ArtifactRow, paths: WorkspacePaths, keys: Mapping[int, str]) -> dict[str, Any]:
    """Return a file of a step with the facts of its kind."""
    return {
        "step": keys.get(row.step_id or 0),
        "role": row.role,
        "kind": row.kind,
        "media_type": row.media_type,
        "bytes": row.size,
        "width": row.width,
        "height": row.height,
        "facts": json.loads(row.facts),
        "artifact": row.hash,
        "file": _file(paths, row.hash),
    }


def _file(paths: WorkspacePaths, hash_: str) -> str:
    """Return the path of a stored file, relative to the workspace."""
    return str(ArtifactStore(paths.artifacts).path(hash_).relative_to(paths.root))


def _asked(steps: list[StepRow]) -> tuple[str | None, str | None]:
    """Return prompt and negative prompt of the first step of a scope that has one."""
    for step in steps:
        request = json.loads(step.request)
        if isinstance(request, dict) and isinstance(request.get("prompt"), str):
            return request["prompt"], request.get("negative_prompt") or ""
    return None, None


def _sum_seconds(steps: list[StepRow]) -> float:
    spent = (seconds_between(step.started_at, step.finished_at) or 0.0 for step in steps)
    return round(sum(spent), 3)


def _has_remark(step: StepRow, critiques: Mapping[int, CritiqueRow]) -> bool:
    """Return True if a current step outside all iterations has a remark, such as a reason."""
    current = step.superseded_at is None and step.id in critiques
    return current and "iteration-" not in step.scope


def _remark(step: StepRow, critique: CritiqueRow) -> dict[str, Any]:
    return {"step": step.key, "text": critique.text, "missing": json.loads(critique.missing)}


def _step(step: StepRow) -> dict[str, Any]:
    return {
        "id": step.id,
        "key": step.key,
        "state": "superseded" if step.superseded_at else step.state,
        "operation": step.operation,
        "kind": step.kind,
        "backend": step.backend,
        "model": step.model,
        "attempts": step.attempts,
        "request_id": step.request_id,
        "cost_usd": dollars(step.cost),
        "reused_from": step.reused_from,
        "saved_usd": dollars(step.saved),
        "started_at": step.started_at,
        "finished_at": step.finished_at,
        "seconds": seconds_between(step.started_at, step.finished_at),
    }


def _is_drawn(step: StepRow) -> bool:
    """Return whether the result of a step is drawn by its kind."""
    is_current = step.state == "done" and step.superseded_at is None
    return is_current and step.result is not None and draws_results(step.kind)


def _result(step: StepRow) -> dict[str, Any]:
    request = json.loads(step.request)
    return {"step": step.key, "kind": step.kind, "result": step.decoded, "request": request}


def _prompt(prompt: PromptRow, keys: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": prompt.id,
        "step": keys.get(prompt.step_id or 0),
        "parent": prompt.parent_id,
        "text": prompt.text,
        "negative_prompt": prompt.negative,
        "author": prompt.author,
        "reason": prompt.reason,
        "created_at": prompt.created_at,
    }


def _error(error: ErrorRow, keys: Mapping[int, str]) -> dict[str, Any]:
    return {
        "at": error.created_at,
        "step": keys.get(error.step_id or 0),
        "kind": error.kind,
        "type": error.type,
        "message": error.message,
        "remedy": error.remedy,
        "traceback": error.traceback,
    }


def _rating(row: RatingRow) -> dict[str, Any]:
    return {
        "part": row.part,
        "rating": rating_word(row.value),
        "note": row.note,
        "author": row.author,
        "created_at": row.created_at,
    }


def _decision(decision: DecisionRow) -> dict[str, Any]:
    return {
        "key": decision.key,
        "value": json.loads(decision.value),
        "author": decision.author,
        "created_at": decision.created_at,
        "undone_at": decision.undone_at,
    }


def _call(call: ApiCallRow, keys: Mapping[int, str]) -> dict[str, Any]:
    return {
        "step": keys.get(call.step_id),
        "backend": call.backend,
        "model": call.model,
        "attempt": call.attempt,
        "request_id": call.request_id,
        "status": call.status,
        "error": call.error,
        "wait_seconds": call.wait_seconds,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "cost_usd": dollars(call.cost),
        "started_at": call.started_at,
        "finished_at": call.finished_at,
    }
