"""Spans of OpenTelemetry, created from rows of the store by its SDK.

Ids are hashes of the workspace, the row and its start, so that the same rows give the same spans.
A job is a trace of its own, linked to its batch: a batch may have a million jobs.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from db.queries.spans import Ended, SpanBatch, SpanJob, SpanStep
from engine import __version__
from engine.telemetry.attributes import (
    batch_attributes,
    evaluation_attributes,
    fault_attributes,
    is_of_provider,
    job_attributes,
    short,
    step_attributes,
    step_name,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context

SCOPE = "safelight"
MAX_SPAN_EVENTS = 64

_NANOSECONDS = 1000


class _RowIds(IdGenerator):
    """The ids of the next span."""

    trace_id = span_id = 1

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _Collected(SpanProcessor):
    """Spans that have ended."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


@dataclass(frozen=True, slots=True)
class _Trace:
    """A trace with its first span.

    Attributes:
        id: Its id.
        root: Id of its first span.
        sampled: True if it is exported.
    """

    id: int
    root: int
    sampled: bool

    def context(self) -> SpanContext:
        """Return the context of its first span."""
        flags = TraceFlags(TraceFlags.SAMPLED if self.sampled else TraceFlags.DEFAULT)
        return SpanContext(self.id, self.root, is_remote=False, trace_flags=flags)


class SpanMaker:
    """Makes spans from rows. Resource, sampler and limits are those of the `OTEL_` variables.

    Args:
        workspace: The random id of the workspace.
    """

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace
        self._ids, self._collected = _RowIds(), _Collected()
        self._provider = TracerProvider(
            id_generator=self._ids, resource=_resource(workspace), shutdown_on_exit=False
        )
        self._provider.add_span_processor(self._collected)
        self._tracer = self._provider.get_tracer(SCOPE, __version__)

    def spans(self, ended: Ended) -> list[ReadableSpan]:
        """Return the spans of what has ended, in its order."""
        for step in ended.steps:
            self._step(step, ended)
        for job in ended.jobs:
            self._job(job)
        for batch in ended.batches:
            self._batch(batch)
        spans, self._collected.spans = self._collected.spans, []
        return spans

    def _trace(self, *of: object) -> _Trace:
        """Return the trace of a row, by its kind, number and start."""
        trace_id = self._hash(16, "trace", *of)
        sampled = self._provider.sampler.should_sample(None, trace_id, SCOPE)
        is_sampled = sampled.decision is Decision.RECORD_AND_SAMPLE
        return _Trace(trace_id, self._hash(8, "span", trace_id), is_sampled)

    def _trace_of_batch(self, batch_id: int, created_at: str) -> _Trace:
        return self._trace("batch", batch_id, created_at)

    def _hash(self, size: int, *of: object) -> int:
        text = "\0".join(map(str, (self._workspace, *of)))
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:size]) or 1

    def _batch(self, batch: SpanBatch) -> None:
        trace = self._trace_of_batch(batch.id, batch.created_at)
        self._span(
            f"invoke_workflow {short(batch.recipe, 60)}",
            trace,
            start=batch.started_at or batch.created_at,
            end=batch.finished_at,
            attributes=batch_attributes(batch),
        )

    def _job(self, job: SpanJob) -> None:
        of_batch = self._trace_of_batch(job.batch_id, job.batch_created_at)
        self._span(
            f"safelight.job {short(job.recipe, 60)}",
            self._trace("job", job.id, job.started_at or job.created_at),
            start=job.started_at or job.created_at,
            end=job.finished_at,
            attributes=job_attributes(job),
            links=[Link(of_batch.context(), {"safelight.batch.id": f"b{job.batch_id}"})],
            error=job.state == "failed",
        )

    def _step(self, step: SpanStep, ended: Ended) -> None:
        if step.job_id is None:
            trace = self._trace_of_batch(step.batch_id, step.batch_created_at)
        else:
            trace = self._trace("job", step.job_id, step.job_started_at or step.job_created_at)
        calls, scores = ended.calls.get(step.id, []), ended.scores.get(step.id, [])
        events = [
            *(("safelight.attempt.failed", c.finished_at, fault_attributes(c))
              for c in calls if c.status != "done"),
            *(("gen_ai.evaluation.result", step.finished_at, evaluation_attributes(s))
              for s in scores),
        ]  # fmt: skip
        place = (trace.id, step.id, step.attempts)
        if step.waited:
            self._wait(step, trace, self._hash(8, "wait", *place))
        self._span(
            step_name(step, calls, scores),
            trace,
            start=step.started_at,
            end=step.finished_at,
            attributes=step_attributes(step, calls),
            kind=SpanKind.CLIENT if is_of_provider(step, calls) else SpanKind.INTERNAL,
            span_id=self._hash(8, "step", *place),
            events=events[:MAX_SPAN_EVENTS],
            error=step.state == "failed",
        )

    def _wait(self, step: SpanStep, trace: _Trace, span_id: int) -> None:
        """Make the span of the wait for the lane, which ended when the step began."""
        waited = int((step.waited or 0) * 1_000_000) * _NANOSECONDS
        begun = nanoseconds(step.started_at)
        self._span(
            "safelight.lane.wait",
            trace,
            start=begun - waited,
            end=begun,
            attributes={
                "safelight.step.key": short(step.key),
                "safelight.lane": short(step.lane or step.backend),
            },
            span_id=span_id,
        )

    def _span(
        self,
        name: str,
        trace: _Trace,
        *,
        start: str | int,
        end: str | int,
        attributes: Mapping[str, Any],
        kind: SpanKind = SpanKind.INTERNAL,
        span_id: int = 0,
        events: Sequence[tuple[str, str, Mapping[str, Any]]] = (),
        links: Sequence[Link] = (),
        error: bool = False,
    ) -> None:
        """Make a span: the first one of its trace without a `span_id`, else one below that."""
        parent: Context | None = None
        if span_id:
            parent = set_span_in_context(NonRecordingSpan(trace.context()))
        self._ids.trace_id, self._ids.span_id = trace.id, span_id or trace.root
        begun = nanoseconds(start)
        span = self._tracer.start_span(
            name, parent, kind, attributes, links, begun, record_exception=False
        )
        for event, at, facts in events:
            span.add_event(event, facts, nanoseconds(at))
        if error:
            span.set_status(Status(StatusCode.ERROR))
        span.end(max(begun, nanoseconds(end)))


def nanoseconds(time: str | int) -> int:
    """Return a stored time in nanoseconds since 1970; 0 for what is no time."""
    if isinstance(time, int):
        return time
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:  # a store written by another program
        return 0
    whole = int(moment.replace(microsecond=0).timestamp())
    return (whole * 1_000_000 + moment.microsecond) * _NANOSECONDS


def _resource(workspace: str) -> Resource:
    """Return the resource of all spans: the environment's, and ours where it names nothing."""
    ours = {"service.version": __version__, "safelight.workspace.id": workspace[:64]}
    attributes = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not os.environ.get("OTEL_SERVICE_NAME") and "service.name" not in attributes:
        ours["service.name"] = "safelight"
    return Resource.create().merge(Resource(ours))
