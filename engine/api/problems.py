"""Refusals as `application/problem+json` (RFC 9457), each with a code and a remedy."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
TYPES = "/problems/"
"""Start of the address of a kind of problem, which this server answers."""


class Problem(Exception):
    """A refusal of a request.

    Args:
        status: HTTP status.
        code: Stable name of the kind, as `over-budget`.
        detail: One sentence about this case, without secrets.
        remedy: What to do, as a sentence; empty if the detail includes it.
        errors: What is wrong with each part of the body or the query.
        headers: Further headers, as `Retry-After`.
        extra: Further members of the document.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        remedy: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def document(self, instance: str = "") -> dict[str, Any]:
        """Return it as plain data.

        Args:
            instance: Path of the request.
        """
        document: dict[str, Any] = {
            "type": TYPES + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "remedy": self.remedy,
            **self.extra,
        }
        if self.errors:
            document["errors"] = self.errors
        return document

    def response(self, instance: str = "") -> Response:
        """Return it as an answer."""
        body = json.dumps(self.document(instance)).encode()
        return Response(body, self.status, self.headers, MEDIA_TYPE)
