"""Bodies within limits: refused by their stated length, then counted as they come in."""

from collections.abc import AsyncIterator

from starlette.requests import Request

from engine.api.problems import Problem


def refuse_stated(request: Request, limit: int) -> None:
    """Refuse a body that says itself that it is too large.

    Raises:
        Problem: 413 `too-large`.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limit:
        raise too_large(limit)


async def chunks(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield a body in pieces while it comes in.

    Raises:
        Problem: 413 `too-large`, as soon as it has too many bytes.
    """
    refuse_stated(request, limit)
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
        if count > limit:
            raise too_large(limit)
        yield chunk


async def body_of(request: Request, limit: int) -> bytes:
    """Return a whole body.

    Raises:
        Problem: 413 `too-large`.
    """
    return b"".join([chunk async for chunk in chunks(request, limit)])


def too_large(limit: int) -> Problem:
    """Return the refusal of a body with too many bytes."""
    return Problem(
        413,
        "too-large",
        f"The body has more than {limit} bytes.",
        remedy="Send less, or raise api.max_body_mb or api.max_upload_mb.",
        headers={"Connection": "close"},
    )
