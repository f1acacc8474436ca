"""Rates of requests: a bucket of tokens per principal, refilled evenly."""

import math
import time
from collections import OrderedDict

from engine.api.problems import Problem

_KEPT = 10_000
"""Number of principals whose rates are remembered; the least recent is forgotten."""


class Rates:
    """Buckets of all principals.

    Args:
        per_minute: Requests per minute that refill a bucket.
        burst: Size of a bucket.
    """

    def __init__(self, per_minute: float, burst: int) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, principal: str) -> None:
        """Count a request.

        Raises:
            Problem: 429 `too-many-requests`, with the seconds until the next is taken.
        """
        now = time.monotonic()
        left, then = self._buckets.pop(principal, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._per_second)
        enough = left >= 1
        self._buckets[principal] = (left - 1 if enough else left, now)
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if not enough:
            raise self._refusal(math.ceil((1 - left) / self._per_second))

    def _refusal(self, seconds: int) -> Problem:
        per_minute = self._per_second * 60
        return Problem(
            429,
            "too-many-requests",
            f"This server takes {per_minute:g} requests per minute of a token.",
            remedy="Wait, or raise api.requests_per_minute; streams and `Prefer: wait` need fewer.",
            headers={
                "Retry-After": str(seconds),
                "RateLimit": f'"token";r=0;t={seconds}',
                "RateLimit-Policy": f'"token";q={self._burst:g};w=60',
            },
        )
