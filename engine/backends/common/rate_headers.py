"""Limits that providers report in the headers of a reply, beside `Retry-After`.

| who | headers |
|---|---|
| OpenAI, and who speaks its language | `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` |
| Anthropic | `anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}` |
| IETF draft `ratelimit-headers` | `RateLimit-Policy: "name";q=100;w=60` |

https://platform.openai.com/docs/guides/rate-limits
https://platform.claude.com/docs/en/api/rate-limits
https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
"""

import datetime as dt
import re
import time
from collections.abc import Mapping

_KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
_DURATION = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,6}(?:\.\d{1,9})?)(m?)s)?")
_POLICY = re.compile(r"(?:;\s*q=)?\b(\d{1,9})\s*;\s*w=(\d{1,6})\b")
_MINUTE = 60


def allowed_a_minute(headers: Mapping[str, str], moment: float | None = None) -> float | None:
    """Calls per minute that a provider allows, from the headers of a refusal.

    Only where it is the number of calls that ran out, and not that of tokens; and only where they
    come back within a minute, since a day's limit is written in the same headers.

    Args:
        headers: A reply's headers.
        moment: Seconds since the epoch to count a date from; now by default.

    Returns:
        More than 0, or None if they do not say.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    if policy := _POLICY.search(lowered.get("ratelimit-policy", "")):
        calls, seconds = int(policy[1]), int(policy[2])
        return _MINUTE * calls / seconds if 0 < seconds <= _MINUTE and calls else None
    limit, remaining, reset = _said(lowered, "requests")
    back = _seconds(reset, moment)
    if remaining != "0" or back is None or back > _MINUTE:
        return None
    return float(limit) if re.fullmatch(r"[1-9]\d{0,8}", limit) else None


def until_reset(headers: Mapping[str, str], moment: float | None = None) -> float | None:
    """Seconds until the exhausted limit resets, if `Retry-After` is missing; None if unknown."""
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    waits = [
        _seconds(reset, moment)
        for _, remaining, reset in (_said(lowered, kind) for kind in _KINDS)
        if remaining == "0"
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _said(headers: Mapping[str, str], kind: str) -> tuple[str, str, str]:
    """Limit, remaining and reset of one kind of limit, each empty if it is not reported."""
    parts = ("limit", "remaining", "reset")
    limit, remaining, reset = (
        headers.get(f"x-ratelimit-{part}-{kind}")
        or headers.get(f"anthropic-ratelimit-{kind}-{part}")
        or ""
        for part in parts
    )
    return limit, remaining, reset


def _seconds(written: str, moment: float | None) -> float | None:
    """Seconds from a duration (`6m0s`, `120ms`) or until a moment as RFC 3339 writes it."""
    duration = _DURATION.fullmatch(written)
    if written and duration:
        hours, minutes, seconds, milli = duration.groups()
        last = float(seconds or 0) / (1000 if milli else 1)
        return 3600 * int(hours or 0) + 60 * int(minutes or 0) + last
    try:
        at = dt.datetime.fromisoformat(written)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return max(0.0, at.timestamp() - (time.time() if moment is None else moment))
