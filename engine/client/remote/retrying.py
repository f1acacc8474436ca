"""Retries of requests: how long to wait before the next try, and when to stop."""

import random
from collections.abc import Mapping

TRIES = 6
FIRST_SECONDS, MAX_SECONDS = 0.25, 8.0
MAX_RETRY_AFTER = 60.0

_PASSING = frozenset({429, 502, 504})


def delay(tries: int, status: int, headers: Mapping[str, str], code: str = "") -> float | None:
    """Return the seconds to wait before a request is sent again; None to stop.

    A request has a key by which the server knows it, so sending it again does nothing twice.

    Args:
        tries: Number of tries so far.
        status: HTTP status; 0 if there was no answer.
        headers: Headers of the answer.
        code: Code of its refusal.
    """
    wanted = _retry_after(headers)
    passes = status in {0, *_PASSING} or code == "key-at-work" or (status == 503 and wanted)
    if not passes or tries >= TRIES or code == "too-many-streams":
        return None
    usual: float = min(FIRST_SECONDS * 2 ** (tries - 1), MAX_SECONDS)
    return max(wanted or 0.0, usual) * (1 + 0.2 * random.random())  # noqa: S311 - no secret


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return min(float(text), MAX_RETRY_AFTER) if text.isdecimal() and len(text) < 8 else None
