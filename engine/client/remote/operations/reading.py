"""Reads: the engine, batches, jobs, events, costs, recipes and backends."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from engine.client.remote.asking import Operation, Pause, each, get, pages
from engine.client.remote.errors import Unreachable
from engine.client.remote.operations.ids import PAGE, resolve, resolve_batch, resolve_job

POLL_SECONDS = 1.0
PATIENCE = 20
"""Rounds of tries, of about eight seconds each, until a server that is followed is given up."""

OVER = frozenset({"done", "done_with_failures", "cancelled"})

OnUpdate = Callable[[Mapping[str, Any], list[dict[str, Any]]], None]
"""Function that gets a batch and its new events as documents."""


def status(*, limit: int | None = None, archived: bool = False) -> Operation[dict[str, Any]]:
    """Read the engine, the lanes, the hosts and the newest batches, as `status --json` has them.

    Args:
        limit: Maximum number of batches; None for all.
        archived: Archived ones too.
    """
    engine = yield from get("/v1/engine")
    lanes = yield from get("/v1/lanes")
    hosts = yield from get("/v1/hosts")
    items = yield from batches(limit=limit, archived=archived)
    paused = engine.pop("paused", False)
    engine.pop("links", None)
    return {
        "engine": engine,
        "paused": paused,
        "lanes": lanes["lanes"],
        "hosts": hosts["hosts"],
        "batches": items,
    }


def batches(*, limit: int | None = None, archived: bool = False) -> Operation[list[dict[str, Any]]]:
    """Read the batches, newest first; arguments as for `status`."""
    query = {"limit": min(limit or PAGE, PAGE), "archived": archived or None}
    return (yield from pages("/v1/batches", "batches", query, limit=limit))


def batch(text: str) -> Operation[dict[str, Any]]:
    """Read one batch."""
    id_ = yield from resolve_batch(text)
    return (yield from get(f"/v1/batches/{id_}"))


def jobs(
    batch: str, *, state: str | None = None, sort: str = "position", limit: int | None = None
) -> Operation[list[dict[str, Any]]]:
    """Read the jobs of a batch, one line each.

    Args:
        batch: The batch.
        state: Only jobs in this state.
        sort: `position`, in the order of the input, or `score`, the best first.
        limit: Maximum number; None for all.
    """
    id_ = yield from resolve_batch(batch)
    query = {"state": state, "sort": sort, "limit": min(limit or PAGE, PAGE)}
    return (yield from pages(f"/v1/batches/{id_}/jobs", "jobs", query, limit=limit))


def job(text: str) -> Operation[dict[str, Any]]:
    """Read everything about a job."""
    id_ = yield from resolve_job(text)
    return (yield from get(f"/v1/jobs/{id_}"))


def results(batch: str) -> Operation[list[dict[str, Any]]]:
    """Read everything about each job of a batch, in the order of the input."""
    lines = yield from jobs(batch)
    return (yield from each(get(f"/v1/jobs/{line['id']}") for line in lines))


def events(
    text: str | None = None, *, after: int = 0, last: int | None = None
) -> Operation[list[dict[str, Any]]]:
    """Read events, oldest first.

    Args:
        text: A batch or a job; None for all.
        after: Only events with a larger number.
        last: Only the newest.
    """
    query = {"after": after, "limit": PAGE, **(yield from event_query(text))}
    items = yield from pages("/v1/events", "events", query)
    return items if last is None else items[len(items) - min(last, len(items)) :]


def event_query(text: str | None) -> Operation[dict[str, str]]:
    """Return the query of events of a batch or a job."""
    if text is None:
        return {}
    subject = yield from resolve(text)
    return {{"batches": "batch", "jobs": "job"}[subject.kind]: subject.id}


def costs() -> Operation[dict[str, Any]]:
    """Read the spending by provider, model, purpose and day."""
    return (yield from get("/v1/costs"))


def retries(batch: str | None = None) -> Operation[dict[str, Any]]:
    """Read what faults have cost and what recovered, of a batch or of the workspace."""
    query = {} if batch is None else {"batch": (yield from resolve_batch(batch))}
    return (yield from get("/v1/costs/retries", query))


def search(
    text: str,
    *,
    batch: str | None = None,
    recipe: str | None = None,
    min_score: float | None = None,
    rating: str | None = None,
    limit: int = 50,
) -> Operation[dict[str, Any]]:
    """Search the words of finished jobs, as `search --json` has them.

    Args:
        text: Words that all occur; `"..."` is a phrase, `-word` leaves jobs out.
        batch: Only this batch.
        recipe: Only batches of this recipe.
        min_score: Only jobs with at least this headline score.
        rating: Only jobs rated like this: `4`, `keep`, `>=4`.
        limit: Maximum number of jobs, at most 200.
    """
    query = {"words": text, "recipe": recipe, "min_score": min_score, "rating": rating}
    query |= {"limit": limit, "batch": (yield from resolve_batch(batch)) if batch else None}
    return (yield from get("/v1/search", query))


def waiting(text: str) -> Operation[list[dict[str, Any]]]:
    """Read what a job, or every job of a batch, shows at gates that wait for approval."""
    subject = yield from resolve(text)
    if subject.kind == "jobs":
        ids = [subject.id]
    else:
        lines = yield from jobs(subject.id, state="parked")
        ids = [line["id"] for line in lines if line["waits_for"] == "approval"]
    items: list[dict[str, Any]] = []
    for id_ in ids:
        document = yield from get(f"/v1/jobs/{id_}")
        items += [{"job": id_, **gate} for gate in document["gates"]]
    return items


def ratings(job: str) -> Operation[list[dict[str, Any]]]:
    """Read the ratings of a job and of its parts, oldest first."""
    id_ = yield from resolve_job(job)
    return list((yield from get(f"/v1/jobs/{id_}/ratings"))["ratings"])


def recipes() -> Operation[list[dict[str, Any]]]:
    """Read the recipes of the server."""
    return list((yield from get("/v1/recipes"))["recipes"])


def schema(recipe: str, *, settings: bool = False) -> Operation[dict[str, Any]]:
    """Read the JSON schema of one entry of a recipe's input, or of its settings."""
    document = yield from get(f"/v1/recipes/{quote(recipe, safe='')}/schema")
    return dict(document["settings" if settings else "entry"])


def backends() -> Operation[list[dict[str, Any]]]:
    """Read the backends of the server, with what they lack."""
    return list((yield from get("/v1/backends"))["backends"])


def follow(batch: str, progress: OnUpdate | None = None) -> Operation[dict[str, Any]]:
    """Wait until a batch has ended or is parked; return it.

    Args:
        batch: The batch.
        progress: Called with the batch and its new events whenever it was read.
    """
    id_ = yield from resolve_batch(batch)
    seen, lost = 0, 0
    while True:
        try:
            document = yield from get(f"/v1/batches/{id_}")
            items = yield from pages(
                "/v1/events", "events", {"batch": id_, "after": seen, "limit": PAGE}
            )
        except Unreachable:  # the batch goes on without us, so a restart of the server is no end
            lost += 1
            if lost == PATIENCE:
                raise
            yield Pause(POLL_SECONDS)
            continue
        lost = 0
        seen = items[-1]["id"] if items else seen
        if progress is not None:
            progress(document, items)
        if document["status"] in OVER or document["status"] == "parked":
            return document
        yield Pause(POLL_SECONDS)
