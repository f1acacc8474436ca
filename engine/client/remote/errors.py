"""Errors of a server, as errors that a user can put right."""

import json
from collections.abc import Mapping
from typing import Any

from engine import __version__
from engine.text.errors import UserError
from engine.text.terminal import clean, quoted

PROBLEM = "application/problem+json"


class RemoteError(UserError):
    """A server has refused a request, or cannot be reached.

    Args:
        message: One sentence.
        remedy: What to do.
        status: HTTP status; 0 if there was no answer.
        code: Stable name of the refusal, as `over-budget`; empty if it has none.
        errors: What is wrong with each part of the request.
        waits: True if the request is right, and something has to be done first.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        status: int = 0,
        code: str = "",
        errors: list[dict[str, Any]] | None = None,
        waits: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.code = code
        self.errors = errors or []
        self.waits = waits


class NotSafelight(RemoteError):
    """An answer is not one of Safelight's."""

    def __init__(self, status: int, media_type: str) -> None:
        kind = clean(media_type, 60) or "nothing"
        super().__init__(
            f"The address does not answer as a Safelight server: {status}, {kind}.",
            remedy="Check the address. `safelight api` prints that of the server.",
            status=status,
        )


class Unreachable(RemoteError):
    """There is no answer."""

    def __init__(self, url: str, error: Exception) -> None:
        why = clean(str(error) or type(error).__name__, 200)
        super().__init__(
            f"{clean(url, 200)} cannot be reached: {why}.",
            remedy="Check the address, and that `safelight api` runs there.",
        )


class OtherVersion(RemoteError):
    """A server does not know an address that this version asks, or the other way round."""


def error_of(
    method: str, path: str, status: int, headers: Mapping[str, str], content: bytes
) -> RemoteError:
    """Return the error of an answer that is a refusal."""
    document = _problem(headers, content)
    if 300 <= status < 400:
        where = quoted(headers.get("location", ""), 200)
        return RemoteError(f"The server is at {where}.", remedy="Give that address.", status=status)
    if document is None:
        return NotSafelight(status, headers.get("content-type", ""))
    if status in {404, 405} and document.get("code") in {"no-address", "method-not-allowed"}:
        return _other_version(method, path, status, headers)
    remedy = clean(str(document.get("remedy", "")), 600)
    errors = [one for one in document.get("errors", []) if isinstance(one, dict)]
    if status == 401:
        remedy = (
            "Make a token on its machine (safelight token create), and keep it here: "
            "safelight login URL"
        )
    return RemoteError(
        _sentence(document, errors),
        remedy=remedy,
        status=status,
        code=str(document.get("code", "")),
        errors=errors,
        waits=status in {429, 503},
    )


def _problem(headers: Mapping[str, str], content: bytes) -> dict[str, Any] | None:
    """Return a refusal as plain data; None if it is not one of ours."""
    if not headers.get("content-type", "").startswith(PROBLEM):
        return None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _sentence(document: Mapping[str, Any], errors: list[dict[str, Any]]) -> str:
    """Return what a refusal says, with the first faults of the request."""
    detail = clean(str(document.get("detail", "")), 600) or "The server refuses it."
    faults = (
        f"{one.get('pointer') or one.get('key') or 'the body'}: {one.get('message', '')}"
        for one in errors[:5]
    )
    return " ".join([detail, *(clean(f"{fault.rstrip('.')}.", 300) for fault in faults)])


def _other_version(method: str, path: str, status: int, headers: Mapping[str, str]) -> OtherVersion:
    version = clean(headers.get("safelight-version", ""), 40) or "of another version"
    return OtherVersion(
        f"The server (Safelight {version}) has no {method} {clean(path, 100)}; this client is "
        f"Safelight {__version__}.",
        remedy="Install the same version here and there.",
        status=status,
    )
