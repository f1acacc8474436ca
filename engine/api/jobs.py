"""Reads of jobs: one, its parts, and those of a batch page by page."""

import math
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from db.queries import jobs as queries
from db.queries.ratings import ratings_of
from db.rows import JobRow
from engine.api.documents import job_links, job_on_the_wire, on_the_wire
from engine.api.endpoint import Call, Parameters
from engine.api.ids import batch_of, job_of, missing, number_of
from engine.api.problems import Problem
from engine.api.reading import conditional, conditional_bytes, encode, etag_of
from engine.api.waiting import remedy_of
from engine.client.ids import batch_name, job_name

MAX_PAGE = 200
"""Maximum number of items of a page."""

JobState = Literal["queued", "running", "paused", "parked", "done", "failed", "cancelled"]


_SCORE = r"-?[0-9]{1,17}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?"
_AFTER = rf"^([0-9]{{1,18}}|(none|{_SCORE}):[0-9]{{1,18}})$"
"""A position, or a score and a position."""


class JobPage(Parameters):
    """Query of jobs: those in a state, in an order."""

    state: JobState | None = Field(None, description="Only jobs in this state.")
    sort: Literal["position", "score"] = Field(
        "position", description="`score`: the best first, then those without one."
    )
    after: str | None = Field(None, pattern=_AFTER, description="From the link `next`.")
    limit: int = Field(50, ge=1, le=MAX_PAGE)


async def job(call: Call) -> Response:
    """Answer with everything about a job: at once if the store has not changed since the last."""
    remembered, key = call.services.remembered, ("job", call.path("job"))
    version, result = remembered.look(key)
    if result is None:
        result = await run_in_threadpool(_job, call)
        remembered.keep(key, version, result)
    body, tag = result
    return conditional_bytes(call.request, body, tag=tag)


def _job(call: Call) -> tuple[bytes, str]:
    services = call.services
    with services.readers.reading() as connection:
        batch, row = job_of(connection, call.path("job"))
        body = encode(job_on_the_wire(connection, services.workspace, batch, row))
    return body, etag_of(body)


PARTS = ("steps", "prompts", "errors", "calls", "decisions", "ratings")
"""Parts of a job that have addresses of their own, by name."""


def _read_part(
    name: str, connection: sqlite3.Connection, job: JobRow, keys: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Return a part of a job as plain data."""
    from engine.client.documents import records  # it loads the kinds

    if name == "steps":
        return [
            {**records.step_document(step), "links": {"self": f"/v1/steps/s{step.id}"}}
            for step in queries.steps(connection, job.id)
        ]
    if name == "prompts":
        return [records.prompt_document(row, keys) for row in queries.prompts(connection, job.id)]
    if name == "errors":
        return [records.error_document(row, keys) for row in queries.errors(connection, job.id)]
    if name == "calls":
        return [records.call_document(row, keys) for row in queries.api_calls(connection, job.id)]
    if name == "decisions":
        return [records.decision_document(r) for r in queries.decision_rows(connection, job.id)]
    return [records.rating_document(row) for row in ratings_of(connection, job.id)]


def part(name: str) -> Callable[[Call], Response]:
    """Return a handler that answers with one part of a job, as a list under its name."""

    def answer_part(call: Call) -> Response:
        with call.services.readers.reading() as connection:
            _, row = job_of(connection, call.path("job"))
            keys = {step.id: step.key for step in queries.steps(connection, row.id)}
            items = _read_part(name, connection, row, keys)
        address = f"/v1/jobs/{job_name(row.id)}"
        links = {"self": f"{address}/{name}", "job": address}
        return conditional(call.request, {name: on_the_wire(items), "links": links})

    return answer_part


def step(call: Call) -> Response:
    """Answer with a step, its request and its result."""
    from engine.client.documents.records import result_document, step_document

    with call.services.readers.reading() as connection:
        number = number_of(call.path("step"), "s")
        row = queries.step(connection, number)
        if row is None:
            raise missing(call.path("step"))
        document = {**step_document(row), **result_document(row)}
    owner = {"job": f"/v1/jobs/{job_name(row.job_id)}"} if row.job_id else {}
    links = {
        "self": f"/v1/steps/s{row.id}",
        "batch": f"/v1/batches/{batch_name(row.batch_id)}",
        **owner,
    }
    return conditional(call.request, {**on_the_wire(document), "links": links})


def jobs_of_batch(call: Call) -> Response:
    """Answer with a page of a batch's jobs."""
    query: JobPage = call.query
    with call.services.readers.reading() as connection:
        batch = batch_of(connection, call.path("batch"))
        if query.sort == "score":
            rows, following = _by_score(connection, batch.id, query)
        else:
            rows, following = _by_position(connection, batch.id, query)
        items = [_line(connection, row) for row in rows]
    address = f"/v1/batches/{batch_name(batch.id)}/jobs"
    links = {"self": address, "batch": f"/v1/batches/{batch_name(batch.id)}"}
    if following:
        links["next"] = _next(address, query, following)
    return conditional(call.request, {"jobs": items, "links": links})


def _line(connection: sqlite3.Connection, row: JobRow) -> dict[str, Any]:
    """Return a job as a line of a list."""
    from db.rating import rating_word
    from engine.client.documents.jobs import trouble_of
    from engine.text.amounts import decimal_text

    return {
        "id": job_name(row.id),
        "key": row.key,
        "status": row.state,
        "waits_for": row.reason,
        "remedy": remedy_of(row),
        "error": trouble_of(connection, row),
        "stage": row.stage,
        "iterations": row.iterations,
        "best_score": row.score,
        "rating": rating_word(row.rating),
        "cost_usd": decimal_text(row.cost),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "links": job_links(row),
    }


def _by_position(
    connection: sqlite3.Connection, batch_id: int, query: JobPage
) -> tuple[list[JobRow], str]:
    after = _whole(query.after or "0")
    rows = queries.jobs_page(
        connection, batch_id, after=after, limit=query.limit + 1, state=query.state
    )
    page = rows[: query.limit]
    return page, str(page[-1].position) if len(rows) > query.limit else ""


def _by_score(
    connection: sqlite3.Connection, batch_id: int, query: JobPage
) -> tuple[list[JobRow], str]:
    after = _place(query.after) if query.after else None
    rows = queries.jobs_by_score(
        connection, batch_id, after=after, limit=query.limit + 1, state=query.state
    )
    page = rows[: query.limit]
    if len(rows) <= query.limit:
        return page, ""
    last = page[-1]
    return page, f"{'none' if last.score is None else repr(last.score)}:{last.position}"


def _whole(text: str) -> int:
    if ":" in text:
        raise _bad_place()
    return int(text)


def _place(text: str) -> tuple[float | None, int]:
    score, colon, position = text.partition(":")
    value = None if score == "none" else float(score)
    if not colon or (value is not None and not math.isfinite(value)):
        raise _bad_place()
    return value, int(position)


def _bad_place() -> Problem:
    return Problem(
        400,
        "bad-query",
        "The parameter after is not one that a link `next` has.",
        remedy="Follow the link `next` of the page before.",
    )


def _next(address: str, query: JobPage, following: str) -> str:
    from urllib.parse import urlencode

    values = query.model_dump(exclude_defaults=True) | {"after": following}
    return f"{address}?{urlencode(values)}"
