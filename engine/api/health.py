"""Health of the server: alive, ready."""

import sqlite3

from starlette.responses import Response

from db.errors import StoreError
from db.queries.batches import running_engine
from engine.api.codes import CODES
from engine.api.endpoint import Call, answer
from engine.api.ids import missing
from engine.api.problems import Problem
from engine.api.reading import conditional_bytes
from engine.text.errors import UserError


def healthz(_call: Call) -> Response:
    """Answer that the server is alive, and nothing else."""
    return answer({"status": "alive"})


def readyz(call: Call) -> Response:
    """Answer whether the store opens, and whether an engine is at work."""
    services = call.services
    try:
        with services.readers.reading() as connection:
            running_engine(connection)
    except (UserError, StoreError, sqlite3.Error):
        raise Problem(
            503, "not-ready", "The store cannot be read.", remedy="See: safelight doctor"
        ) from None
    return answer({"status": "ready", "engine": services.workspace.engine_process() is not None})


def openapi(call: Call) -> Response:
    """Answer with the OpenAPI document of this server."""
    return conditional_bytes(call.request, call.services.openapi)


def problem(call: Call) -> Response:
    """Answer with the meaning of a kind of refusal."""
    code = call.path("code")
    if code not in CODES:
        raise missing(code)
    return answer({"code": code, "meaning": CODES[code]})
