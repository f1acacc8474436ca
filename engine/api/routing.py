"""Endpoints as routes of Starlette: permission, query, body, and errors as problems."""

import errno
import inspect
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.api.auth.principal import principal_of
from engine.api.endpoint import Call, Endpoint, read_json, read_query, validated
from engine.api.preferences import applied, wait_seconds
from engine.api.problems import Problem
from engine.api.services import Services
from engine.api.serving.bounded import body_of
from engine.api.serving.receipts import HEADER, Receipt, checked_key, fingerprint_of
from engine.client.errors import as_user_error
from engine.client.ids import UnknownId
from engine.text.terminal import clean

log = logging.getLogger(__name__)

BUSY_SECONDS = 2
JSON = "application/json"

_CODES = {404: "no-address", 405: "method-not-allowed", 400: "bad-request", 413: "too-large"}


def routes(table: Iterable[Endpoint], services: Services) -> list[Route]:
    """Return the routes of a table: one per path, so that a wrong method is 405 with `Allow`."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in table:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [_route(path, methods, services) for path, methods in by_path.items()]


def _route(path: str, methods: dict[str, Endpoint], services: Services) -> Route:
    async def dispatch(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        try:
            return await _answer(methods[method], request, services)
        except Exception as error:  # noqa: BLE001 - every error is an answer
            return await refuse(request, error)

    return Route(path, dispatch, methods=list(methods))


async def _answer(endpoint: Endpoint, request: Request, services: Services) -> Response:
    call = Call(services, request, None)
    if endpoint.scope is not None:
        call.principal = principal_of(request)
        call.principal.require(endpoint.scope)
    call.query = read_query(endpoint.query, request)
    if services.read_only and endpoint.method != "GET":
        raise Problem(403, "read-only", "This server is read-only.", remedy="Use another one.")
    await _read(endpoint, call)
    seconds = wait_seconds(request) if endpoint.waits else 0.0
    if seconds:
        return await _changed(call, endpoint.handler, seconds)
    return await _handled(call, endpoint.handler)


async def _handled(call: Call, handler: Callable[[Call], Any]) -> Response:
    if inspect.iscoroutinefunction(handler):
        response: Response = await handler(call)
        return response
    return await in_thread(call, handler)


async def _changed(call: Call, handler: Callable[[Call], Any], seconds: float) -> Response:
    """Answer once a document differs from what the caller has, or after a while."""
    changes, deadline = call.services.changes, time.monotonic() + seconds
    with changes.watching():
        first = await _handled(call, handler)
        response = first
        while call.request.method == "GET":
            version, left = changes.version, deadline - time.monotonic()
            is_new = response.status_code != 304 and "if-none-match" in call.request.headers
            if is_new or response.headers.get("etag") != first.headers.get("etag") or left <= 0:
                break
            await changes.wait(version, left)
            response = await _handled(call, handler)
    response.headers.update(applied(seconds))
    return response


async def _read(endpoint: Endpoint, call: Call) -> None:
    """Read and validate the body and the idempotency key of a request."""
    key = checked_key(call.request.headers.get(HEADER)) if endpoint.method == "POST" else ""
    document = None
    if endpoint.body is not None:
        _check_type(call.request)
        raw = await body_of(call.request, call.services.max_body)
        document = read_json(raw) if raw else {}
    if key and endpoint.scope is not None:
        url = call.request.url
        print_ = fingerprint_of(endpoint.method, url.path, url.query, document)
        call.receipt = Receipt(call.caller.id, key, print_)
    if endpoint.body is not None:
        call.body = validated(endpoint.body, document)


def _check_type(request: Request) -> None:
    """Refuse a body that is not JSON, as a form of a page is.

    Raises:
        Problem: 415 `wrong-type`.
    """
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON and not kind.endswith("+json"):
        raise Problem(
            415, "wrong-type", "The body has to be JSON.", remedy=f"Send Content-Type: {JSON}"
        )


async def in_thread(call: Call, function: Callable[[Call], Response]) -> Response:
    """Run a function in a thread; a request with a key is carried out once."""
    if not call.receipt.key:
        return await run_in_threadpool(function, call)
    answered = partial(call.services.receipts.answer, call.receipt, partial(function, call))
    return await run_in_threadpool(answered)


def as_problem(error: Exception) -> Problem | None:
    """Return an error as a refusal; None for a bug."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "refused")
        detail = f"{HTTPStatus(error.status_code).phrase}."
        return Problem(error.status_code, code, detail, headers=error.headers)
    if isinstance(error, UnknownId):
        return Problem(404, "not-found", clean(error.message, 300), remedy=error.remedy)
    if _is_busy(error):
        return Problem(
            503,
            "busy",
            "Another program holds the store.",
            remedy="Send the request again.",
            headers={"Retry-After": str(BUSY_SECONDS)},
        )
    if _is_disk_full(error):
        return Problem(
            507, "disk-full", "The disk of the server is full.", remedy="Free some space."
        )
    if isinstance(error, OSError) and error.filename is not None:  # its name is not for callers
        detail = f"A file of the server cannot be used: {error.strerror}."
        return Problem(409, "refused", detail, remedy="There, run: safelight doctor")
    known = as_user_error(error)
    if known is None:
        return None
    remedy = clean(known.remedy, 400)
    return Problem(503 if known.waits else 409, "refused", clean(known.message, 600), remedy=remedy)


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.OperationalError) and (
        code is not None and code & 0xFF == sqlite3.SQLITE_BUSY
    )


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


async def refuse(request: Request, error: Exception) -> Response:
    """Return the answer to a request that ended in an error."""
    problem = as_problem(error)
    if problem is None:
        log.error("a request failed: %s %s", request.method, request.url.path, exc_info=error)
        problem = Problem(
            500, "bug", "This is a bug in Safelight.", remedy="See the server's log, and report it."
        )
    return problem.response(request.url.path)
