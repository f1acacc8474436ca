"""Stored files that are in an object store and not cached here: ranges, and whole files."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from engine.api.problems import Problem
from engine.client.stored_files import RangedFile, ranged_file, stored_path
from engine.client.workspace import Workspace
from engine.contract import Blocked, StepError

_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")

RETRY_SECONDS = 30


def fetched(workspace: Workspace, hash_: str) -> Path:
    """Return the path of a stored file, fetched and checked if it is not cached.

    Raises:
        Problem: 404 `file-gone`; 503 `storage`: the object store cannot be reached.
    """
    try:
        return stored_path(workspace, hash_)
    except FileNotFoundError:
        raise Problem(404, "file-gone", f"The stored file {hash_[:12]} is gone.") from None
    except StepError as error:
        raise _unreachable(error) from error


def _unreachable(error: StepError) -> Problem:
    waits = {"Retry-After": str(RETRY_SECONDS)}
    remedy = error.remedy if isinstance(error, Blocked) else ""
    return Problem(503, "storage", error.message, remedy=remedy, headers=waits)


def range_from_store(
    request: Request,
    workspace: Workspace,
    hash_: str,
    tag: str,
    headers: Mapping[str, str],
    media_type: str,
) -> Response | None:
    """Answer with one range of a large file, of which each part is checked before it is sent.

    Returns:
        None if the file has to be fetched whole: no range or several of them, a small file, or one
        whose parts are not known here.

    Raises:
        Problem: 503 `storage`: the object store cannot be reached.
    """
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", tag) != tag:
        return None
    file = ranged_file(workspace, hash_)
    bounds = _bounds(asked, file.size) if file else None
    if file is None or bounds is None:
        return None
    start, end = bounds
    answer_headers = {
        **headers,
        "Content-Range": f"bytes {start}-{end - 1}/{file.size}",
        "Content-Length": str(end - start),
    }
    if request.method == "HEAD":
        return Response(None, 206, answer_headers, media_type)
    return StreamingResponse(_begun(file, hash_, start, end), 206, answer_headers, media_type)


def _bounds(asked: "re.Match[str]", size: int) -> tuple[int, int] | None:
    """Return the first byte of a range and the one after its last; None if it has no byte."""
    first, last, tail = asked.groups()
    if tail is not None:
        start, end = max(0, size - int(tail)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else None


def _begun(file: RangedFile, hash_: str, start: int, end: int) -> Iterator[bytes]:
    """Return the pieces of a range, the first of which is there and checked already.

    Raises:
        Problem: 404 `file-gone`, or 503 `storage`.
    """
    pieces = file.read(start, end)
    try:
        first = next(pieces)
    except FileNotFoundError:
        raise Problem(404, "file-gone", f"The stored file {hash_[:12]} is gone.") from None
    except StepError as error:
        raise _unreachable(error) from error

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()
