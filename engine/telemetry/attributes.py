"""Names and attributes of spans, from rows; text from outside is cleaned and cut."""

import json
import os
from collections.abc import Sequence
from typing import Any

from db.queries.spans import SpanBatch, SpanJob, SpanStep
from db.rows import ApiCallRow, ScoreRow
from engine.telemetry.genai import HOSTED, MEDIA, SCORES, operation_of, provider_of
from engine.text.amounts import dollars
from engine.text.terminal import clean

CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""Variable that permits prompts and answers in spans."""

MAX_CONTENT = 8000
MAX_TEXT = 200

APPROVAL = "approve"

Attributes = dict[str, Any]


def captures_content() -> bool:
    """Return True if the environment permits prompts and answers in spans."""
    wanted = os.environ.get(CAPTURE, "").strip().lower()
    return wanted in {"true", "1", "span_only", "span_and_event"}


def short(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text from outside, cleaned and cut."""
    return clean(text, limit)


def batch_attributes(batch: SpanBatch) -> Attributes:
    """Return the attributes of a batch's span."""
    return {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": short(batch.recipe),
        "safelight.batch.id": f"b{batch.id}",
        "safelight.batch.state": batch.state,
        "safelight.cost_usd": dollars(batch.cost),
    }


def job_attributes(job: SpanJob) -> Attributes:
    """Return the attributes of a job's span."""
    attributes: Attributes = {
        "safelight.job.id": f"j{job.id}",
        "safelight.job.key": short(job.key),
        "safelight.job.state": job.state,
        "safelight.job.starts": job.starts,
        "safelight.recipe": short(job.recipe),
        "safelight.batch.id": f"b{job.batch_id}",
        "safelight.cost_usd": dollars(job.cost),
    }
    if job.score is not None:
        attributes["safelight.job.score"] = job.score
    if job.state == "failed":
        attributes["error.type"] = short(job.error_type or "_OTHER", 100)
    return attributes


def is_computed(step: SpanStep, calls: Sequence[ApiCallRow]) -> bool:
    """Return True if a step asks no model: a recipe's own computation, or an approval."""
    is_own = step.backend == step.recipe and not calls and not step.kept_calls
    return is_own or step.operation == APPROVAL


def is_of_provider(step: SpanStep, calls: Sequence[ApiCallRow]) -> bool:
    """Return True if a step asks a server."""
    if is_computed(step, calls) or step.backend in HOSTED:
        return False
    return bool(calls or step.kept_calls) or provider_of(step.backend) != step.backend


def step_name(step: SpanStep, calls: Sequence[ApiCallRow], scores: Sequence[ScoreRow]) -> str:
    """Return the name of a step's span."""
    if is_computed(step, calls):
        return f"safelight.step {short(step.operation, 60)}"
    if step.operation in SCORES:
        metric = scores[0].metric if scores else step.operation
        return f"safelight.score {short(metric, 60)}"
    return f"{operation_of(step.operation)} {short(step.model, 100)}"


def step_attributes(step: SpanStep, calls: Sequence[ApiCallRow]) -> Attributes:
    """Return the attributes of a step's span."""
    attributes: Attributes = {
        "safelight.step.key": short(step.key),
        "safelight.step.scope": short(step.scope),
        "safelight.step.attempt": step.attempts,
        "safelight.step.fingerprint": short(step.fingerprint, 80),
        "safelight.step.reused": step.reused_from is not None,
        "safelight.step.operation": short(step.operation, 60),
        "safelight.recipe": short(step.recipe),
        "safelight.batch.id": f"b{step.batch_id}",
        "safelight.cost_usd": dollars(step.cost),
    }
    if step.job_id is not None:
        attributes["safelight.job.id"] = f"j{step.job_id}"
    if step.state == "failed":
        attributes["error.type"] = short(step.error_type or "_OTHER", 100)
    if not is_computed(step, calls):
        attributes |= _of_model(step, calls)
    return attributes


def _of_model(step: SpanStep, calls: Sequence[ApiCallRow]) -> Attributes:
    attributes: Attributes = {
        "gen_ai.provider.name": short(provider_of(step.backend), 60),
        "gen_ai.request.model": short(step.model, 100),
    }
    if step.operation not in SCORES:
        attributes["gen_ai.operation.name"] = operation_of(step.operation)
        attributes |= _output_type(step.operation)
    if isinstance(step.seed, int) and abs(step.seed) < 1 << 63:
        attributes["gen_ai.request.seed"] = step.seed
    if step.device:
        attributes["safelight.device"] = short(step.device, 100)
    if step.request_id:
        attributes["gen_ai.response.id"] = short(step.request_id)
    for name, kept, column in (
        ("gen_ai.usage.input_tokens", step.kept_in, "tokens_in"),
        ("gen_ai.usage.output_tokens", step.kept_out, "tokens_out"),
    ):
        counted = [n for call in calls if (n := getattr(call, column)) is not None]
        if counted or kept is not None:
            attributes[name] = sum(counted) + (kept or 0)
    if step.request:
        attributes["gen_ai.input.messages"] = _message("user", step.request)
    if step.result:
        attributes["gen_ai.output.messages"] = _message("assistant", step.result)
    return attributes


def _output_type(operation: str) -> Attributes:
    """Return the type of what is generated; the conventions have none for sounds and films."""
    medium = MEDIA.get(operation)
    if medium is None:
        return {} if operation == "embed" else {"gen_ai.output.type": "json"}
    name = "gen_ai.output.type" if medium == "image" else "safelight.output.type"
    return {name: medium}


def _message(role: str, text: str) -> str:
    content = clean(text, MAX_CONTENT, keep_newlines=True)
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": content}]}])


def evaluation_attributes(score: ScoreRow) -> Attributes:
    """Return the attributes of the event of a score."""
    return {
        "gen_ai.evaluation.name": short(score.metric, 100),
        "gen_ai.evaluation.score.value": score.value,
        "safelight.scorer": short(score.scorer, 100),
    }


def fault_attributes(call: ApiCallRow) -> Attributes:
    """Return the attributes of the event of a call that failed."""
    return {
        "safelight.attempt": call.attempt,
        "error.type": short(call.status, 60),
        "safelight.cost_usd": dollars(call.cost),
    }
