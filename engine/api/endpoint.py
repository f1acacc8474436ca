"""Endpoints: one line of the table of routes each, for the server and for OpenAPI alike."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from engine.api.auth.principal import Principal, Scope
from engine.api.problems import Problem
from engine.api.services import Services
from engine.api.serving.receipts import Receipt, no_receipt

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
"""A whole number as JSON writes it; Python would also read `+5`, `1_000`, `5.0` and ` 5`."""


class Parameters(BaseModel):
    """Base of query parameters: unknown ones are refused, so that a typo is no silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(BaseModel):
    """Base of JSON bodies; unknown fields are refused, and so is `false` for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(slots=True)
class Call:
    """One request, with everything that its handler needs.

    Attributes:
        services: What requests of the server share.
        request: The request.
        principal: The caller; None on addresses that are open.
        query: Its query parameters, validated.
        body: Its JSON body, validated; None if the endpoint takes none.
        receipt: Stores the answer, if the request has an idempotency key.
    """

    services: Services
    request: Request
    principal: Principal | None
    query: Any = None
    body: Any = None
    receipt: Receipt = field(default_factory=no_receipt)

    @property
    def caller(self) -> Principal:
        """The caller of an endpoint that needs one."""
        if self.principal is None:
            raise TypeError("this endpoint is open")
        return self.principal

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])


Handler = Callable[[Call], Response] | Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One line of the table of routes.

    Attributes:
        method: The method; GET answers HEAD too.
        path: The path, with `{name}` for its parts.
        handler: Answers a call; a plain function runs in a thread.
        scope: The permission that it needs; None if it is open.
        summary: One line.
        success: Status of success, or several.
        query: Its query parameters.
        body: Its JSON body.
        form: Description of each file of its form.
        form_body: The other fields of its form.
        problems: Further statuses of its refusals.
        takes_file: True if its body is a file.
        gives_file: True if it answers with a file.
        gives_stream: True if it answers with a stream of events on demand.
        gives_text: True if it answers with plain text.
        waits: True if it waits for a change on demand.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    summary: str
    success: int | tuple[int, ...]
    query: type[Parameters] | None = None
    body: Any = None
    form: Mapping[str, str] | None = None
    form_body: Any = None
    problems: tuple[int, ...] = ()
    takes_file: bool = False
    gives_file: bool = False
    gives_stream: bool = False
    gives_text: bool = False
    waits: bool = False


def answer(
    document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a document as JSON."""
    body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return Response(body, status, headers, "application/json")


def read_query(model: type[Parameters] | None, request: Request) -> Parameters | None:
    """Return the validated query parameters of a request.

    Raises:
        Problem: 400 `bad-query`: one is unknown, twice there or not valid.
    """
    pairs = request.query_params.multi_items()
    if model is None:
        if pairs:
            raise _bad_query([_fault("query", pairs[0][0], "is not a parameter of this address")])
        return None
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise _bad_query([_fault("query", max(names, key=names.count), "is there twice")])
    for name, text in pairs:
        if _is_whole_number(model, name) and not _WHOLE.fullmatch(text):
            raise _bad_query([_fault("query", name, "is not a whole number")])
    try:
        return model.model_validate_strings(dict(pairs))
    except ValidationError as error:
        raise _bad_query(faults_of(error, "query")) from None


def _is_whole_number(model: type[Parameters], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and int in (field.annotation, *get_args(field.annotation))


def read_json(raw: bytes) -> Any:
    """Return a JSON body as plain data.

    Raises:
        Problem: 400 `bad-json`.
    """
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "bad-json", f"The body is not JSON: {error}.") from None


def validated(model: Any, document: Any) -> Any:
    """Return a validated body.

    Raises:
        Problem: 422 `invalid`, with a pointer to each fault.
    """
    try:
        return TypeAdapter(model).validate_python(document)
    except ValidationError as error:
        raise Problem(
            422, "invalid", "The body has mistakes; nothing was done.", errors=faults_of(error)
        ) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _bad_query(errors: list[dict[str, Any]]) -> Problem:
    sentence = f"The parameter {errors[0]['key']} {errors[0]['message']}."
    return Problem(400, "bad-query", sentence, errors=errors)


def _fault(place: str, key: str, message: str) -> dict[str, Any]:
    from engine.text.terminal import clean

    return {"in": place, "key": clean(key, 60), "message": message}


def faults_of(error: ValidationError, place: str = "body") -> list[dict[str, Any]]:
    """Return what a validation found, with a JSON pointer to each."""
    from engine.client.inputs import validation_sentence
    from engine.text.terminal import clean

    return [
        {
            "in": place,
            "pointer": pointer(one["loc"]),
            "key": clean(str(one["loc"][-1]), 60) if one["loc"] else "",
            "message": clean(validation_sentence(one), 300),
        }
        for one in error.errors(include_url=False)[:100]
    ]


def pointer(parts: tuple[int | str, ...]) -> str:
    """Return a JSON pointer (RFC 6901)."""
    texts = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{text}" for text in texts)
