"""Health of the server: alive, ready."""

import sqlite3

from starlette.responses import Response

from db.errors import StoreError
from db.queries.batches import running_engine
from engine.api.endpoint import Call, answer
from engine.api.problems import Problem
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
