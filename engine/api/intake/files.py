"""Stored files as callers name them: `sha256:` and the hash."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from db.queries.callers import stored_file
from engine.api.problems import Problem
from engine.api.services import Services
from engine.client.stored_files import stored_path

_NAMED = re.compile(r"sha256:([0-9a-f]{64})")


def stored_paths(services: Services) -> Callable[[str], Path]:
    """Return a function that returns the path of a stored file which a caller names.

    It raises `ValueError`, the end of a sentence, for paths of this machine and unknown hashes.
    """

    def stored(written: str) -> Path:
        match = _NAMED.fullmatch(written)
        if match is None:
            raise ValueError(
                "is not a stored file; upload it with POST /v1/artifacts and write sha256:HASH"
            )
        return path_of(services, match[1])

    return stored


def path_of(services: Services, hash_: str) -> Path:
    """Return the path of a stored file that a row names.

    Raises:
        ValueError: There is none; the end of a sentence.
    """
    with services.readers.reading() as connection:
        known = stored_file(connection, hash_)
    if known is not None:
        with suppress(FileNotFoundError):
            return stored_path(services.workspace, hash_)
    raise ValueError("is not a stored file; upload it with POST /v1/artifacts first")


def input_path(services: Services, named: str) -> Path:
    """Return the path of an uploaded file of entries.

    Raises:
        Problem: 422: there is none.
    """
    try:
        return stored_paths(services)(named)
    except ValueError as error:
        fault = {"in": "body", "pointer": "/input", "key": "input", "message": str(error)}
        raise Problem(422, "invalid", f"The input {error}.", errors=[fault]) from None
