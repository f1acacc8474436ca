"""Google's errors: which limit was hit, and how long to wait.

Formats: `google.rpc.Status` with `ErrorInfo`, `RetryInfo` and `QuotaFailure` in its details
(https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto).
"""

import re
from collections.abc import Mapping
from typing import Any

from engine.backends.common.account_limits import is_spent
from engine.backends.common.failures import Account, from_status
from engine.contract import StepError

_SECONDS = re.compile(r"(\d{1,6}(?:\.\d{1,9})?)s")


def gemini_error(
    account: Account, status: int, body: Any, headers: Mapping[str, str] | None = None
) -> StepError:
    """Return the error for a reply of Google's with a failing status.

    A day's quota that is used up blocks the lane, as does a limit of 0; a minute's passes. The
    words of the two are the same, so the name of the quota distinguishes them.

    Args:
        account: Whose reply it is.
        status: HTTP status.
        body: The reply's body, parsed; anything that is no `google.rpc.Status` is shown as it is.
        headers: The reply's headers.
    """
    document = body[0] if isinstance(body, list) and body else body
    error = (
        document.get("error", document)
        if isinstance(document, dict)
        else {"message": str(document or "")}
    )
    error = error if isinstance(error, dict) else {"message": str(error)}
    message = " ".join(str(error[key]) for key in ("message", "status") if error.get(key))
    details = [one for one in error.get("details") or [] if isinstance(one, dict)]
    headers = dict(headers or {})
    if wait := _retry_delay(details):
        headers["retry-after"] = wait
    if any(one.get("reason") == "API_KEY_INVALID" for one in details):
        status = 401
    exhausted = _is_for_long(details) or is_spent(message)
    return from_status(account, status, message, headers, exhausted=exhausted)


def _retry_delay(details: list[dict[str, Any]]) -> str:
    for one in details:
        match = _SECONDS.fullmatch(str(one.get("retryDelay", "")))
        if match:
            return match[1]
    return ""


def _is_for_long(details: list[dict[str, Any]]) -> bool:
    violations = [each for one in details for each in one.get("violations") or []]
    return any(
        "PerDay" in str(each.get("quotaId", "")) or str(each.get("quotaValue")) == "0"
        for each in violations
        if isinstance(each, dict)
    )
