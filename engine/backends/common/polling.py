"""Looks at a request that a provider has taken, until it has ended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from engine.contract import Blocked, Retryable, StepError

T = TypeVar("T")

MISSES = 5
"""Looks at a request that may fail one after the other before the call is given up for now."""

LONGEST_WAIT_SECONDS = 60.0
"""The longest wait that a provider may ask for between two looks."""


async def until_ended(
    look: Callable[[], Awaitable[T | None]], *, first_wait: float, longest_wait: float
) -> T:
    """Look until there is a result, and return it.

    Args:
        look: Returns the result, or None while the request is under way.
        first_wait: Seconds before the second look; later waits are longer.
        longest_wait: Longest wait in seconds, unless the provider asks for a longer one.

    Raises:
        StepError: As `look` raises it; a `Retryable` only if several looks fail in a row.
    """
    misses, wait = 0, first_wait
    while True:
        try:
            if (result := await look()) is not None:
                return result
            misses, wait = 0, min(wait, longest_wait)
        except Retryable as error:
            misses += 1
            if misses >= MISSES:
                raise
            wait = max(wait, min(error.retry_after or 0.0, LONGEST_WAIT_SECONDS))
        await asyncio.sleep(wait)
        wait *= 1.5


def still_there(error: StepError) -> StepError:
    """Return the same error without the advice to submit again: the request was submitted."""
    return error.without_resubmit() if isinstance(error, Retryable) else error


def lookup_error(error: StepError, provider: str) -> StepError:
    """Return the error of a look at a submitted request.

    A submit reaches the provider under the same address, so what is missing is the request.

    Args:
        error: The error for the reply.
        provider: Name of the provider, for the message.
    """
    if isinstance(error, Blocked) and error.reason == "backend":
        return Retryable(f"{provider} does not know the request: {error.message}")
    return still_there(error)
