"""Decisions of operators over the wire, with their consequences before they are sent."""

from typing import Any

from pydantic import Field
from starlette.responses import Response

from db.queries.jobs import steps
from engine.api.commands import send
from engine.api.endpoint import Body, Call, answer
from engine.api.ids import job_of
from engine.api.problems import Problem
from engine.client.actions import action_of
from engine.text.amounts import decimal_text


class DecisionBody(Body):
    """A decision about a job."""

    value: Any = Field(description="The value that replaces the recipe's own.")


class PreviewBody(DecisionBody):
    """A decision that may be sent."""

    key: str = Field(min_length=1, max_length=200, description="The decision's key.")


async def decide(call: Call) -> Response:
    """Decide something in a recipe's place."""
    body: DecisionBody = call.body
    arguments = {"key": call.path("key"), "value": body.value}
    return await send(call, action_of("decide"), "job", arguments)


def preview(call: Call) -> Response:
    """Answer with what a decision would have run again, and what that has cost."""
    from engine.client.consequences import consequence_of, refusal_of_decision

    body: PreviewBody = call.body
    with call.services.readers.reading() as connection:
        _, job = job_of(connection, call.path("job"))
        if sentence := refusal_of_decision(connection, job.id, body.key, body.value):
            raise Problem(409, "decision-unfit", sentence)
        again = consequence_of(connection, job.id, body.key)
        done = [
            step
            for step in steps(connection, job.id)
            if step.state == "done" and step.superseded_at is None
        ]
    scope = body.key.rpartition("/")[0]
    first = next((step.id for step in done if scope and step.scope == scope), None)
    later = [step for step in done if first is not None and step.id >= first]
    return answer(
        {
            "key": body.key,
            "again": again,
            "steps": {"least": 0, "most": len(later)},
            "cost_usd": {"least": "0.00", "most": decimal_text(sum(one.cost for one in later))},
        }
    )
