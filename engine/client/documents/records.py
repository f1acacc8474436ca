"""Documents of what a job's recipe and its calls left behind: steps, prompts, errors, calls."""

import json
from collections.abc import Mapping
from typing import Any

from db.clock import seconds_between
from db.queries.ratings import RatingRow
from db.rating import rating_word
from db.rows import ApiCallRow, DecisionRow, ErrorRow, PromptRow, StepRow
from engine.client.drawn_text import draws_results
from engine.text.amounts import dollars


def step_document(step: StepRow) -> dict[str, Any]:
    """Return a step as plain data."""
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


def is_drawn(step: StepRow) -> bool:
    """Return whether the result of a step is drawn by its kind."""
    is_current = step.state == "done" and step.superseded_at is None
    return is_current and step.result is not None and draws_results(step.kind)


def result_document(step: StepRow) -> dict[str, Any]:
    """Return the result of a step with its request as plain data."""
    request = json.loads(step.request)
    return {"step": step.key, "kind": step.kind, "result": step.decoded, "request": request}


def prompt_document(prompt: PromptRow, keys: Mapping[int, str]) -> dict[str, Any]:
    """Return a version of a prompt as plain data."""
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


def error_document(error: ErrorRow, keys: Mapping[int, str]) -> dict[str, Any]:
    """Return an error as plain data."""
    return {
        "at": error.created_at,
        "step": keys.get(error.step_id or 0),
        "kind": error.kind,
        "type": error.type,
        "message": error.message,
        "remedy": error.remedy,
        "traceback": error.traceback,
    }


def rating_document(row: RatingRow) -> dict[str, Any]:
    """Return a rating as plain data."""
    return {
        "part": row.part,
        "rating": rating_word(row.value),
        "note": row.note,
        "author": row.author,
        "created_at": row.created_at,
    }


def decision_document(decision: DecisionRow) -> dict[str, Any]:
    """Return a decision as plain data."""
    return {
        "key": decision.key,
        "value": json.loads(decision.value),
        "author": decision.author,
        "created_at": decision.created_at,
        "undone_at": decision.undone_at,
    }


def call_document(call: ApiCallRow, keys: Mapping[int, str]) -> dict[str, Any]:
    """Return a call of a provider as plain data."""
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
