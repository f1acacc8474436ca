"""Batches over the wire: estimated, queued whole or not at all, appended to."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from db.queries import batches as queries
from db.queries.callers import committed_by
from db.rows import BatchRow
from db.writes.callers import own_batch
from db.writes.webhooks import USUAL_TYPES, NewWebhook
from engine.api.documents import batch_on_the_wire, on_the_wire
from engine.api.endpoint import Call, answer, faults_of
from engine.api.ids import batch_of
from engine.api.intake.bodies import BatchBody, EntriesBody
from engine.api.intake.files import input_path, stored_paths
from engine.api.intake.spending import (
    budget_for,
    check_maximum,
    needs_estimate,
    over_budget,
    require_spending,
)
from engine.api.problems import Problem
from engine.api.reading import encode
from engine.api.services import Services
from engine.client.documents.estimates import estimate_document
from engine.client.errors import as_user_error
from engine.client.ids import batch_name
from engine.text.plural import pluralize

if TYPE_CHECKING:  # the queue is imported by those who send work
    from engine.client.options import InputError, QueueOptions, Source
    from engine.contract.recipe import AnyRecipe

NAME = "api"
"""Name of a batch that its caller has not named."""


def estimate(call: Call) -> Response:
    """Answer with what a batch would take; nothing is kept."""
    body: BatchBody = call.body
    recipe = checked(call.services, body)
    with refusals(body):
        estimated = call.services.workspace.estimate(
            recipe.name, source_of(call.services, body), options=options_of(call.services, body)
        )
    return answer(on_the_wire(estimate_document(estimated)))


Answered = Callable[[sqlite3.Connection, BatchRow], tuple[int, dict[str, Any], dict[str, str]]]
"""Function that returns status, document and headers for a batch that was queued."""


def queue(call: Call) -> Response:
    """Queue a batch: all of it, or nothing."""

    def answered(
        connection: sqlite3.Connection, batch: BatchRow
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        document = batch_on_the_wire(connection, call.services.workspace, batch)
        return 201, document, {"Location": document["links"]["self"]}

    return queue_body(call, call.body, answered)


def queue_body(call: Call, body: BatchBody, answered: Answered) -> Response:
    """Queue a batch and answer; the answer is stored in the transaction that makes it runnable.

    Args:
        call: The request.
        body: The batch.
        answered: Returns the answer.

    Raises:
        Problem: It is refused; nothing was queued.
    """
    services, caller = call.services, call.caller
    recipe = checked(services, body)
    refuse_full_queue(services)
    options = options_of(services, body)
    with refusals(body):
        if needs_estimate(caller, body.max_cost_usd):
            estimated = services.workspace.estimate(
                recipe.name, source_of(services, body), options=options
            )
            check_maximum(estimated, body.max_cost_usd)
            with services.readers.reading() as connection:
                budget = budget_for(connection, caller, body.budget_usd, estimated)
            options = replace(options, budget=budget)
        sealed = _Sealed(call, options.budget, answered)
        services.workspace.queue(
            recipe.name,
            source_of(services, body),
            options=replace(options, on_seal=sealed.on_seal),
        )
    return sealed.response()


class _Sealed:
    """The answer to a batch, stored in the transaction that makes it runnable."""

    def __init__(self, call: Call, budget: int | None, answered: Answered) -> None:
        self._call = call
        self._budget = budget
        self._answered = answered
        self._response: tuple[int, bytes, dict[str, str]] = (500, b"", {})

    def on_seal(self, connection: sqlite3.Connection, batch_id: int) -> None:
        """Store who queued a batch, and the answer.

        Raises:
            Problem: 402: another batch has used the caller's money meanwhile.
        """
        caller = self._call.caller
        own_batch(connection, batch_id, caller.id, self._budget)
        if caller.ceiling is not None and committed_by(connection, caller.id) > caller.ceiling:
            raise over_budget(f"The token {caller.name} has just used its money elsewhere.")
        row = queries.batch(connection, batch_id)
        if row is None:
            raise TypeError("a batch that was just created is there")
        status, document, headers = self._answered(connection, row)
        body = encode(document)
        self._call.receipt.store(connection, status, body.decode(), headers)
        self._response = status, body, headers

    def response(self) -> Response:
        """Return the answer."""
        status, body, headers = self._response
        return Response(body, status, headers, "application/json")


def append(call: Call) -> Response:
    """Append entries to a batch, all of them or none."""
    from engine.client.options import QueueOptions

    services, body = call.services, call.body
    with services.readers.reading() as connection:
        batch = batch_of(connection, call.path("batch"))
        require_spending(services, connection, call.caller, batch)
    refuse_full_queue(services)
    document: dict[str, Any] = {}

    def on_seal(connection: sqlite3.Connection, batch_id: int) -> None:
        row = queries.batch(connection, batch_id)
        if row is not None:
            document.update(batch_on_the_wire(connection, services.workspace, row))
        call.receipt.store(connection, 200, encode(document).decode())

    options = QueueOptions(
        file_format=None if body.input else "json",
        stored=stored_paths(services),
        on_seal=on_seal,
    )
    with refusals(body):
        services.workspace.append(batch_name(batch.id), source_of(services, body), options)
    return answer(document)


def checked(services: Services, body: BatchBody) -> "AnyRecipe":
    """Return the recipe of a body whose settings a caller may set.

    Raises:
        Problem: 422: the recipe is unknown, or a setting is the operator's alone.
    """
    from engine.client.options import UnknownName

    try:
        recipe = services.workspace.catalog.recipe(body.recipe)
    except UnknownName as error:
        raise _invalid(str(error), "/recipe", "recipe") from None
    local = local_settings(recipe)
    for name in body.settings:
        if "." in name or name in local or name == "seed":
            raise _invalid(
                "The setting belongs to the operator of the server, or to another field.",
                f"/settings/{name.replace('~', '~0').replace('/', '~1')}",
                name,
            )
    _refuse_types(recipe, body)
    if len(body.entries or ()) > services.settings.max_entries:
        raise Problem(
            413,
            "too-large",
            f"A body holds at most {pluralize(services.settings.max_entries, 'entry', 'entries')}.",
            remedy="Upload them as a file with POST /v1/artifacts, and name it as `input`.",
        )
    return recipe


def _refuse_types(recipe: "AnyRecipe", body: BatchBody) -> None:
    """Refuse values of another type than the schema says, such as `"yes"` for a truth.

    Files and the command line write everything as text, so the recipe itself would accept them.

    Raises:
        Problem: 422 `invalid`.
    """
    settings: type[BaseModel] = recipe.settings
    for name, value in body.settings.items():
        if value is None and name in _never_null(settings):
            raise _invalid("must not be null; leave it out", f"/settings/{name}", name)
    faults = _type_faults(recipe.settings, body.settings, "/settings")
    if recipe.reader is None or recipe.reader.entry is None:
        for number, entry in enumerate(body.entries or ()):
            if isinstance(entry, dict):
                faults += _type_faults(recipe.input, entry, f"/entries/{number}")
    if faults:
        detail = f"{faults[0]['key']} {faults[0]['message']}."
        raise Problem(422, "invalid", detail, errors=faults[:100])


def _type_faults(
    model: type[BaseModel], values: Mapping[str, Any], place: str
) -> list[dict[str, Any]]:
    """Return the members whose types are wrong; all else is checked when a batch is queued."""
    try:
        model.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        return [
            {**fault, "pointer": f"{place}{fault['pointer']}"}
            for fault, one in zip(faults_of(error), error.errors(), strict=False)
            if one["type"].endswith("_type")
        ]
    return []


@lru_cache(maxsize=64)
def _never_null(model: type[BaseModel]) -> frozenset[str]:
    """Return the settings whose schema has no null."""
    properties = model.model_json_schema().get("properties", {}).items()
    return frozenset(
        name
        for name, schema in properties
        if {"type": "null"} not in schema.get("anyOf", ())
        and ("type" in schema or "anyOf" in schema)
    )


def local_settings(recipe: "AnyRecipe") -> frozenset[str]:
    """Return the settings of a recipe that name files of the server's machine."""
    fields = recipe.settings.model_fields.items()
    extras = {name: field.json_schema_extra for name, field in fields}
    return frozenset(
        name
        for name, extra in extras.items()
        if isinstance(extra, Mapping) and extra.get("format") == "path"
    )


def source_of(services: Services, body: EntriesBody) -> "Source":
    """Return the entries of a body as an input.

    Raises:
        Problem: 422: there is none, both, or the file is unknown.
    """
    if (body.entries is None) == (body.input is None):
        raise _invalid("A batch has either entries or an input.", "", "entries")
    if body.input is not None:
        return Path(input_path(services, body.input))
    entries = [{"prompt": one} if isinstance(one, str) else one for one in body.entries or ()]
    return BytesIO(json.dumps(entries).encode())


def options_of(services: Services, body: BatchBody) -> "QueueOptions":
    """Return the options of a batch."""
    from engine.client.options import QueueOptions

    seed = {} if body.seed is None else {"seed": body.seed}
    return QueueOptions(
        name=body.name or NAME,
        overrides={**body.settings, **seed},
        priority=body.priority,
        in_flight=body.in_flight,
        file_format=None if body.input else "json",
        budget=body.budget_usd,
        stored=stored_paths(services),
        webhooks=webhooks_of(services, body),
    )


def webhooks_of(services: Services, body: BatchBody) -> list[NewWebhook]:
    """Return the webhook of a body, as a list of at most one.

    Raises:
        Problem: 422: events are not sent to its address.
    """
    if body.webhook is None:
        return []
    try:
        services.workspace.webhooks.check(body.webhook.url)
    except Exception as error:
        known = as_user_error(error)
        if known is None:
            raise
        sentence = f"{known.message} {known.remedy}".strip()
        raise _invalid(sentence, "/webhook/url", "url") from None
    return [NewWebhook(body.webhook.url, body.webhook.events or USUAL_TYPES)]


def refuse_full_queue(services: Services) -> None:
    """Refuse work while too many jobs wait.

    Raises:
        Problem: 429 `queue-full`.
    """
    limit = services.settings.max_queued_jobs
    with services.readers.reading() as connection:
        waiting = queries.count_unfinished_jobs(connection)
    if waiting >= limit:
        open_jobs = pluralize(waiting, "job has", "jobs have")
        raise Problem(
            429,
            "queue-full",
            f"{open_jobs} not ended; this server takes new ones below {limit}.",
            remedy="Wait until some have ended.",
            headers={"Retry-After": "30"},
        )


class refusals:  # noqa: N801 - reads as a context
    """Context that turns refusals of the queue into problems with pointers.

    Args:
        body: The body, whose members the pointers name.
    """

    def __init__(self, body: EntriesBody) -> None:
        self._inline = body.input is None

    def __enter__(self) -> None:
        """Begin the context."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Raise the problem of an error.

        Raises:
            Problem: 422 or 409.
        """
        if error is None:
            return
        from engine.client.options import InputError, KnownIds, QueueError, SettingError

        if isinstance(error, InputError):
            raise self._of_input(error) from None
        if isinstance(error, SettingError):
            pointer = "".join(
                f"/{part}" for part in ("settings", *error.setting.split(".")) if part
            )
            raise _invalid(error.message, pointer, error.setting) from None
        if isinstance(error, QueueError):
            known = isinstance(error, KnownIds)
            status, code = (409, "known-id") if known else (422, "invalid")
            raise Problem(status, code, error.message, remedy=error.remedy) from None

    def _of_input(self, error: "InputError") -> Problem:
        faults = [
            {
                "in": "body",
                "pointer": self._pointer(one.entry, one.field),
                "entry": one.entry,
                "key": one.id,
                "message": one.message,
            }
            for one in error.problems[:100]
        ]
        detail = f"The entries have {error.total} mistakes; nothing was queued."
        if error.total == 1:
            detail = "The entries have a mistake; nothing was queued."
        return Problem(422, "invalid", detail, errors=faults)

    def _pointer(self, entry: int | None, field: str) -> str:
        if not self._inline:
            return "/input"
        place = "" if entry is None else f"/{entry - 1}"
        return f"/entries{place}{''.join(f'/{part}' for part in field.split('.') if part)}"


def _invalid(detail: str, pointer: str, key: str) -> Problem:
    fault = {"in": "body", "pointer": pointer, "key": key[:60], "message": detail}
    return Problem(422, "invalid", detail, errors=[fault])
