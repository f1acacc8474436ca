"""One call to a provider that has no client of its own, within its time and size."""

import asyncio
from typing import Any

from engine.backends.common.failures import Account, from_exception, out_of_time
from engine.backends.common.http import MAX_IMAGE_BYTES, UnreadableReply, guarded


async def post(
    account: Account,
    address: str,
    path: str,
    *,
    timeout: float,  # noqa: ASYNC109 - of the whole call, to the last byte
    unknown: bool,
    **request: Any,
) -> Any:
    """Return the response of a POST, whatever its status.

    Args:
        account: Account that is called.
        address: Address of the provider.
        path: Path below it.
        timeout: Seconds that the call may take.
        unknown: Whether a call of unknown outcome is asked about instead of repeated.
        **request: Further arguments of `httpx.AsyncClient.post`.

    Raises:
        OutcomeUnknown: It was sent, and may have been carried out.
        StepError: It could not be sent, or its reply is not readable.
    """
    import httpx

    limits = guarded(httpx, address, timeout=timeout, limit=MAX_IMAGE_BYTES)
    try:
        async with asyncio.timeout(timeout), httpx.AsyncClient(**limits) as client:
            return await client.post(f"{address}{path}", **request)
    except TimeoutError:
        raise out_of_time(account, timeout, unknown=unknown) from None
    except (httpx.HTTPError, UnreadableReply, ValueError) as error:
        raise from_exception(account, error, unknown=unknown) from None
