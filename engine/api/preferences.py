"""`Prefer: wait=N` (RFC 7240): how long a caller would like an answer to be waited for."""

from starlette.requests import Request

MAX_WAIT = 30.0
"""Maximum wait, in seconds."""


def wait_seconds(request: Request, default: float = 0.0) -> float:
    """Return the seconds that a caller wants to wait; what is not a preference is ignored."""
    for part in request.headers.get("prefer", "").split(","):
        name, _, value = part.partition(";")[0].strip().partition("=")
        text = value.strip().strip('"')
        if name.strip().lower() == "wait" and text.isascii() and text.isdecimal():
            return min(float(text[:6]), MAX_WAIT)
    return default


def applied(seconds: float) -> dict[str, str]:
    """Return the header that says that a wait was applied; nothing if there was none."""
    return {"Preference-Applied": f"wait={seconds:g}"} if seconds else {}
