"""Budgets over the wire, and the priority of a batch."""

import asyncio
from typing import Any

from pydantic import Field
from starlette.responses import Response

from db.clock import now
from db.queries.spending import days
from engine.api.commands import send
from engine.api.documents import batch_on_the_wire
from engine.api.endpoint import Body, Call, answer
from engine.api.ids import batch_of
from engine.api.intake.bodies import MAX_PRIORITY
from engine.api.intake.spending import check_ceiling
from engine.api.money import Dollars
from engine.api.problems import Problem
from engine.api.reading import conditional, encode, etag_of, matches
from engine.client.actions import action_of
from engine.text.amounts import decimal_text, limit_of

_WHOLE = frozenset({"workspace", "day"})


class BudgetBody(Body):
    """A new maximum cost; null for none."""

    budget_usd: Dollars | None = Field(description="Maximum cost.")


class BatchPatch(Body):
    """Changes of a queued batch."""

    priority: int | None = Field(
        None, ge=-MAX_PRIORITY, le=MAX_PRIORITY, description="Highest runs first."
    )
    budget_usd: Dollars | None = Field(None, description="Maximum cost; null for none.")


def budget(call: Call) -> Response:
    """Answer with a budget and what of it is spent."""
    subject = call.path("subject")
    limits = call.services.workspace.settings.budget
    with call.services.readers.reading() as connection:
        if subject not in _WHOLE:
            batch = batch_of(connection, subject)
            return conditional(call.request, _document(subject, batch.budget, batch.cost))
        today = now()[:10] if subject == "day" else ""
        spent = sum(one.cost for one in days(connection) if one.day.startswith(today))
    limit = limits.day if subject == "day" else limits.total
    return conditional(
        call.request, _document(subject, None if limit is None else limit_of(limit), spent)
    )


def _document(subject: str, limit: int | None, spent: int) -> dict[str, Any]:
    return {
        "subject": subject,
        "budget_usd": None if limit is None else decimal_text(limit),
        "cost_usd": decimal_text(spent),
        "links": {"self": f"/v1/budgets/{subject}"},
    }


async def set_budget(call: Call) -> Response:
    """Change the budget of a batch."""
    body: BudgetBody = call.body
    subject = call.path("subject")
    if subject in _WHOLE:
        raise Problem(
            409,
            "operators-setting",
            "The budget of the workspace is a setting of its operator.",
            remedy="Set budget.total or budget.day in safelight.toml.",
        )
    call.request.path_params["batch"] = subject
    return await send(call, action_of("budget"), "batch", {"budget": body.budget_usd})


async def patch(call: Call) -> Response:
    """Change priority and budget of a batch, if it is still as the caller has seen it."""
    body: BatchPatch = call.body
    change = await asyncio.to_thread(_change_of, call, body)
    responses = []
    if "budget_usd" in body.model_fields_set:
        call.caller.require("spend")
        await asyncio.to_thread(_check_budget, call, body.budget_usd)
    if change:
        responses.append(await send(call, action_of("priority"), "batch", {"change": change}))
    if "budget_usd" in body.model_fields_set:
        arguments = {"budget": body.budget_usd}
        responses.append(await send(call, action_of("budget"), "batch", arguments))
    pending = next((one for one in responses if one.status_code == 202), None)
    return await asyncio.to_thread(_present, call) if pending is None else pending


def _check_budget(call: Call, budget: int | None) -> None:
    """Refuse a budget before anything else of a change is done.

    Raises:
        Problem: 403 or 402.
    """
    with call.services.readers.reading() as connection:
        check_ceiling(connection, call.caller, batch_of(connection, call.path("batch")), budget)


def _change_of(call: Call, body: BatchPatch) -> int:
    """Return the change of a batch's priority.

    Raises:
        Problem: 428 or 412: `If-Match` is missing or old.
    """
    wanted = call.request.headers.get("if-match")
    if wanted is None:
        raise Problem(
            428,
            "if-match-missing",
            "A change needs the ETag of the batch that it is about.",
            remedy="Send If-Match with the ETag of GET /v1/batches/{batch}.",
        )
    services = call.services
    with services.readers.reading() as connection:
        batch = batch_of(connection, call.path("batch"))
        tag = etag_of(encode(batch_on_the_wire(connection, services.workspace, batch)))
    if not matches(wanted, tag):
        raise Problem(
            412,
            "changed-meanwhile",
            "The batch has changed since it was read.",
            remedy="Read it again, and send the new ETag.",
            headers={"ETag": tag},
        )
    return 0 if body.priority is None else body.priority - batch.priority


def _present(call: Call) -> Response:
    services = call.services
    with services.readers.reading() as connection:
        batch = batch_of(connection, call.path("batch"))
        return answer(batch_on_the_wire(connection, services.workspace, batch))
