"""One request on fal, from its submission to its result: submitted once and paid for once."""

from collections.abc import Awaitable, Callable
from typing import Any

from engine.backends.common.failures import Account
from engine.backends.fal.queue import FalQueue
from engine.backends.fal.replies import seconds_in
from engine.backends.fal.settings import FalSettings
from engine.backends.fal.ticket import FalTicket
from engine.contract import CallContext, Permanent, Retryable, StepError
from engine.text.amounts import price_of

Submission = tuple[str, dict[str, Any]]
"""Endpoint and input of a request."""


async def result_of_request(
    queue: FalQueue,
    context: CallContext,
    prepare: Callable[[], Awaitable[Submission]],
    cost: Callable[[dict[str, Any]], int],
) -> Any:
    """Return the result of a call's request, and count what it cost.

    The ticket is stored as soon as fal has taken the request, and a call with a stored ticket goes
    back to its request instead of submitting another. A finished request counts once, also if its
    result does not arrive.

    Args:
        queue: The queue, opened.
        context: Context of the call.
        prepare: Returns what is submitted; called for a new request only.
        cost: Returns the cost in micro-dollars of what fal measured of the finished request.

    Raises:
        OutcomeUnknown: The request was sent, and whether fal took it is not known.
        StepError: It did not work.
    """
    ticket = _stored(context.request_id)
    if ticket is None:
        ticket = await queue.submit(*await prepare())
        await context.submitted(str(ticket))
    measured = await queue.wait(ticket, context.progress)
    try:
        result = await queue.result(ticket)
    except StepError as error:
        if _says_nothing_of_the_model(error):
            await context.charged(cost(measured))
        raise
    await context.charged(cost(measured))
    return result


def time_cost(settings: FalSettings, measured: dict[str, Any]) -> int | None:
    """Return the cost of the model's time in micro-dollars; None if seconds have no price.

    It is the maximum if fal reports no time.
    """
    price = settings.price_per_second
    if price is None:
        return None
    seconds = seconds_in(measured.get("inference_time"))
    return price_of(round(price * (settings.max_seconds if seconds is None else seconds), 12))


def no_result(account: Account, what: str, result: Any) -> Permanent:
    """Return the error for a result without what was asked for."""
    return Permanent(f"fal's result holds no {what}: {account.say(str(result))}")


def _stored(request_id: str | None) -> FalTicket | None:
    if not request_id:
        return None
    try:
        return FalTicket.read(request_id)
    except ValueError as error:
        raise Permanent(f"The request on fal cannot be found again: {error}.") from None


def _says_nothing_of_the_model(error: StepError) -> bool:
    """True if a result exists and only its way here is broken, or it is not read."""
    if isinstance(error, Permanent):
        return error.uncertain
    return isinstance(error, Retryable) and not error.resubmit
