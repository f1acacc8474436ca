"""Conditional reads: weak ETags of documents, and 304 for a caller that has the newest."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

_ETAG_DIGITS = 24


def conditional(
    request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """Return a document with its weak ETag, or 304 if the caller has it."""
    return conditional_bytes(request, encode(document), headers)


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document as the bytes of its JSON."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def conditional_bytes(
    request: Request, body: bytes, headers: Mapping[str, str] | None = None, tag: str = ""
) -> Response:
    """Return a JSON body with its weak ETag, or 304 if the caller has it.

    Args:
        request: The request.
        body: The body.
        headers: Further headers.
        tag: Its ETag, if that is known already.
    """
    tag = tag or etag_of(body)
    more = {**(headers or {}), "ETag": tag, "Cache-Control": "private, no-cache"}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, more)
    return Response(body, 200, more, "application/json")


def etag_of(body: bytes) -> str:
    """Return the weak ETag of a body."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:_ETAG_DIGITS]}"'


def matches(header: str, tag: str) -> bool:
    """Return whether a header If-None-Match or If-Match names an ETag, compared weakly."""
    wanted = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in wanted or tag.removeprefix("W/") in wanted
