"""Commands over the wire: the registry's actions on batches, jobs and the engine."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from pydantic import Field, create_model
from starlette.responses import Response

from db.queries.callers import has_pending_commands
from db.rows import CommandRow
from engine.api.auth.principal import Scope
from engine.api.documents import command_on_the_wire
from engine.api.endpoint import Body, Call, answer
from engine.api.ids import batch_of, command_of, job_of
from engine.api.intake.spending import check_ceiling, require_spending
from engine.api.money import Dollars
from engine.api.preferences import applied, wait_seconds
from engine.api.problems import MEDIA_TYPE, Problem
from engine.api.reading import conditional, encode
from engine.client.actions import ACTIONS, Argument, OperatorAction
from engine.client.commands import ANSWER_SECONDS, TargetIds

SCOPES: Mapping[str, Scope] = {
    "decide": "decide",
    "undo": "decide",
    "approve": "decide",
    "reject": "decide",
    "rate": "decide",
    "budget": "spend",
    "lane": "admin",
    "pause_all": "admin",
    "resume_all": "admin",
    "drain": "admin",
    "delete": "admin",
}
"""Permission that each command needs; `write` for all others."""

_COMMITTING = frozenset(
    {"budget", *(action.verb for action in ACTIONS if action.is_command and action.starts_work)}
)
"""Commands that may raise what their caller's batches can cost."""

_TYPES: Mapping[str, Any] = {
    "integer": int,
    "number": float,
    "dollars": Dollars | None,
    "text": str,
    "json": Any,
    "mapping": dict[str, Any],
}

COMMANDS: tuple[OperatorAction, ...] = tuple(action for action in ACTIONS if action.is_command)
"""Actions that an engine carries out, or this process if none runs."""


def body_of(action: OperatorAction) -> type[Body]:
    """Return the body of a command, from the arguments of its action."""
    name = "".join(part.capitalize() for part in action.verb.split("_"))
    fields: dict[str, Any] = {one.name: _field(one) for one in action.arguments}
    return create_model(f"{name}Command", __base__=Body, __doc__=action.help, **fields)


def _field(argument: Argument) -> tuple[Any, Any]:
    kind = _TYPES[argument.kind]
    if argument.required:
        return kind, Field(description=argument.help)
    return (kind if argument.kind == "json" else kind | None), Field(
        None, description=argument.help
    )


Handler = Callable[[Call], Coroutine[Any, Any, Response]]


def command(action: OperatorAction, subject: str) -> Handler:
    """Return a handler that writes a command and waits a while for its answer.

    Args:
        action: The action.
        subject: `batch`, `job`, or `engine` for one without a target.
    """

    async def write_command(call: Call) -> Response:
        body: Body = call.body
        arguments = body.model_dump(exclude_unset=True)
        return await send(call, action, subject, arguments)

    return write_command


async def send(
    call: Call, action: OperatorAction, subject: str, arguments: Mapping[str, Any]
) -> Response:
    """Write a command, wait for its answer, and answer with it: 200, or 202 if it has none yet.

    Raises:
        Problem: 409 `command-refused`, with the engine's own sentence.
    """
    from engine.api.routing import in_thread

    def write(call: Call) -> Response:
        return _write(call, action, subject, arguments)

    response = await in_thread(call, write)
    if response.status_code != 202 or "Idempotency-Replayed" in response.headers:
        return response
    number = int(response.headers["location"].rpartition("/c")[2])
    seconds = wait_seconds(call.request, ANSWER_SECONDS)
    row = await _answered(call, number, seconds)
    if row is None or row.state == "pending":
        response.headers.update(applied(seconds))
        return response
    return await asyncio.to_thread(_final, call, row)


def _write(
    call: Call, action: OperatorAction, subject: str, arguments: Mapping[str, Any]
) -> Response:
    """Write a command, and its answer so far, in one transaction."""
    services = call.services
    commits = call.caller.ceiling is not None and action.verb in _COMMITTING
    if commits:
        services.workspace.commands.process()  # what an engine that has ended left
    targets: list[TargetIds] = []
    with services.readers.reading() as connection:
        if subject != "engine":
            targets = [_target(call, connection, action, subject, arguments)]
    body, source = b"", f"api:{call.caller.id}"[:100]

    def on_add(connection: sqlite3.Connection, numbers: list[int]) -> None:
        nonlocal body
        if commits:
            _require_no_other(connection, source, numbers[0])
            _target(call, connection, action, subject, arguments)
        body = encode(command_on_the_wire(command_of(connection, f"c{numbers[0]}")))
        headers = {"Location": f"/v1/commands/c{numbers[0]}"}
        call.receipt.store(connection, 202, body.decode(), headers)

    number = services.workspace.commands.add(
        action.verb, targets, arguments, source=source, on_add=on_add
    )[0]
    headers = {"Location": f"/v1/commands/c{number}", "Retry-After": "1"}
    return Response(body, 202, headers, "application/json")


def _require_no_other(connection: sqlite3.Connection, source: str, number: int) -> None:
    """Refuse a command that commits money while another of its caller waits.

    Both would be checked against the same rest of the caller's ceiling.

    Raises:
        Problem: 409 `command-pending`.
    """
    if has_pending_commands(connection, source, _COMMITTING, number):
        raise Problem(
            409,
            "command-pending",
            "Another command of this token that commits money has not been carried out yet.",
            remedy="Send it again in a second.",
            headers={"Retry-After": "1"},
        )


def _target(
    call: Call,
    connection: sqlite3.Connection,
    action: OperatorAction,
    subject: str,
    arguments: Mapping[str, Any],
) -> TargetIds:
    if subject == "batch":
        batch = batch_of(connection, call.path("batch"))
        target = {"batch": batch.id}
    else:
        batch, job = job_of(connection, call.path("job"))
        target = {"job": job.id}
    if action.starts_work:
        require_spending(call.services, connection, call.caller, batch)
    if action.verb == "budget":
        check_ceiling(connection, call.caller, batch, arguments["budget"])
    return target


async def _answered(call: Call, number: int, seconds: float) -> CommandRow | None:
    """Return a command once it has an answer, or as it is after a while."""
    changes, deadline = call.services.changes, time.monotonic() + seconds
    with changes.watching():
        while True:
            version = changes.version
            with call.services.readers.reading() as connection:
                row = command_of(connection, f"c{number}")
            left = deadline - time.monotonic()
            if row.state != "pending" or left <= 0:
                return row
            await changes.wait(version, min(left, 1.0))
            await asyncio.to_thread(call.services.workspace.commands.process)


def _final(call: Call, row: CommandRow) -> Response:
    """Return the answer to a command that was carried out or refused, and keep it for its key."""
    if row.state == "refused":
        sentence = row.answer or "The engine refuses it."
        problem = Problem(409, "command-refused", sentence, extra={"command": f"c{row.id}"})
        response, headers = problem.response(call.request.url.path), {"Content-Type": MEDIA_TYPE}
    else:
        response, headers = answer(command_on_the_wire(row)), {}
    receipt = call.receipt
    if receipt.key:
        with call.services.workspace.store.intake() as write:
            write(
                lambda connection: receipt.replace(
                    connection, response.status_code, bytes(response.body).decode(), headers
                )
            )
    return response


def show(call: Call) -> Response:
    """Answer with a command."""
    with call.services.readers.reading() as connection:
        document = command_on_the_wire(command_of(connection, call.path("command")))
    return conditional(call.request, document)
