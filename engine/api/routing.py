"""Endpoints as routes of Starlette: permission, query, body, and errors as problems."""

import inspect
import logging
import sqlite3
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.api.auth.principal import principal_of
from engine.api.endpoint import Call, Endpoint, read_body, read_query
from engine.api.problems import Problem
from engine.api.services import Services
from engine.client.errors import as_user_error
from engine.client.ids import UnknownId
from engine.text.terminal import clean

log = logging.getLogger(__name__)

BUSY_SECONDS = 2

_CODES = {404: "not-found", 405: "method-not-allowed", 400: "bad-request", 413: "too-large"}


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
    if endpoint.body is not None:
        call.raw = await request.body()
        call.body = read_body(endpoint.body, call.raw)
    handler: Callable[[Call], Any] = endpoint.handler
    if inspect.iscoroutinefunction(handler):
        response: Response = await handler(call)
        return response
    return await run_in_threadpool(handler, call)


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


async def refuse(request: Request, error: Exception) -> Response:
    """Return the answer to a request that ended in an error."""
    problem = as_problem(error)
    if problem is None:
        log.error("a request failed: %s %s", request.method, request.url.path, exc_info=error)
        problem = Problem(
            500, "bug", "This is a bug in Safelight.", remedy="See the server's log, and report it."
        )
    return problem.response(request.url.path)
