"""fal's queue on the wire, spoken by fal's own client with its retries switched off."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import ValidationError

from engine.backends.common.chat_client import read_as
from engine.backends.common.failures import (
    STUMBLES,
    Account,
    cut_off,
    from_exception,
    from_status,
    out_of_time,
    refused,
    unless_made,
)
from engine.backends.common.http import MAX_IMAGE_BYTES, LastReply, UnreadableReply, guarded
from engine.backends.common.polling import lookup_error, still_there, until_ended
from engine.backends.common.readiness import load
from engine.backends.common.reading import plain
from engine.backends.fal.replies import ErrorReply, RequestStatus, Submission, is_refusal
from engine.backends.fal.settings import QUEUE_URL, FalSettings
from engine.backends.fal.ticket import FalTicket
from engine.contract import Blocked, Permanent, Retryable, StepError

T = TypeVar("T")

FIRST_POLL_SECONDS = 0.25

_OUR_FAULT = re.compile(r"bad_request|validation|client_|policy|invalid", re.IGNORECASE)


class FalQueue:
    """One request's way through the queue.

    Args:
        settings: The backend's settings.
        account: Whose request it is.
        key: The key.
        asks: Whether a submission of unknown outcome is asked about rather than repeated.
    """

    def __init__(self, settings: FalSettings, account: Account, key: str, *, asks: bool) -> None:
        self._asks = asks
        self._settings = settings
        self._account = account
        self._key = key
        self._base = settings.base_url or QUEUE_URL
        self._heard = LastReply()
        self._http: Any = None

    async def __aenter__(self) -> Self:
        await load("fal_client", "fal-client")
        import httpx

        limits = guarded(
            httpx,
            self._base,
            timeout=self._settings.timeout,
            limit=MAX_IMAGE_BYTES,
            heard=self._heard,
        )
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Key {self._key}"},
            **limits,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def submit(self, endpoint: str, arguments: dict[str, Any]) -> FalTicket:
        """Put a request into the queue; never sent twice automatically.

        Raises:
            OutcomeUnknown: It was sent, and whether fal took it is not known.
            StepError: It was not submission.
        """
        from fal_client import FalClientHTTPError

        asks = self._asks
        try:
            async with asyncio.timeout(self._settings.timeout):
                await _client(self._http, self._base).submit(endpoint, arguments)
        except TimeoutError:
            raise out_of_time(self._account, self._settings.timeout, unknown=asks) from None
        except FalClientHTTPError as error:
            refusal = self._refusal(error.response)
            raise unless_made(refusal, error.status_code, unknown=asks) from None
        except _broken() as error:
            # Its client stumbles over fields that are not needed; the reply is read as it came.
            if not self._heard.whole or not 200 <= self._heard.status < 300:
                raise from_exception(self._account, error, unknown=asks) from None
        return self._ticket(endpoint)

    def _ticket(self, endpoint: str) -> FalTicket:
        body, headers, asks = bytes(self._heard.body), self._heard.headers, self._asks
        what = "no request of fal's"
        submission = read_as(Submission, self._account, body, headers, what=what, unknown=asks)
        try:
            return submission.ticket(self._base)
        except ValueError:
            pass
        try:
            return submission.usual_ticket(endpoint, self._base)
        except ValueError as error:
            raise cut_off(self._account, str(error), unknown=asks) from None

    async def wait(
        self, ticket: FalTicket, progress: Callable[[float | None, str], None]
    ) -> dict[str, Any]:
        """Wait until a request has ended.

        Args:
            ticket: The request.
            progress: Called with the reports of the queue and the model.

        Returns:
            What fal measured of it, for example `inference_time` in seconds.

        Raises:
            StepError: It has failed, or cannot be looked at.
        """

        async def look() -> RequestStatus | None:
            status = await self._look(self._status(ticket))
            if status.has_ended:
                return status
            progress(*status.progress())
            return None

        longest = self._settings.poll_seconds
        status = await until_ended(look, first_wait=FIRST_POLL_SECONDS, longest_wait=longest)
        self._refuse_failure(status)
        return status.metrics

    async def _status(self, ticket: FalTicket) -> RequestStatus:
        response = await self._http.get(self._url(ticket.status), params={"logs": "true"})
        if response.status_code not in {200, 202}:
            raise self._lookup_refusal(response)
        try:
            status = RequestStatus.model_validate(plain(response.content))
        except ValidationError:
            status = RequestStatus(status="")
        if not status.is_under_way and not status.has_ended:
            named = self._account.say(status.status, 60) or "none"
            raise Retryable(f"What fal sent is no status of a request ({named}).")
        return status

    async def result(self, ticket: FalTicket) -> Any:
        """Return the result of a finished request.

        Raises:
            StepError: It has no result, or it cannot be fetched.
        """

        async def fetch() -> Any:
            response = await self._http.get(self._url(ticket.response))
            if response.status_code != 200:
                error = self._made_nothing(response)
                raise error if _is_the_models(response) else still_there(error)
            if (document := plain(response.content)) is None:
                raise still_there(cut_off(self._account, "its result is no JSON"))
            return document

        return await self._look(fetch())

    # -- what goes wrong ----------------------------------------------------------------------

    async def _look(self, call: Awaitable[T]) -> T:
        """Call about a known request: whatever fails, the request stays."""
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await call
        except TimeoutError:
            raise still_there(out_of_time(self._account, self._settings.timeout)) from None
        except _broken() as error:
            raise still_there(from_exception(self._account, error)) from None

    def _refusal(self, response: Any, *, resubmit: bool = False) -> StepError:
        reply = ErrorReply.read(response.content, response.headers)
        if reply.is_of_content and response.status_code in {400, 403, 422}:
            return refused(self._account, reply.text)
        return from_status(
            self._account, response.status_code, reply.text, response.headers, resubmit=resubmit
        )

    def _lookup_refusal(self, response: Any) -> StepError:
        return lookup_error(self._refusal(response), "fal")

    def _made_nothing(self, response: Any) -> StepError:
        """A request that has ended answers with the status of its model."""
        error = self._refusal(response, resubmit=True)
        if isinstance(error, Blocked) and error.reason == "backend":
            return Permanent(f"fal has no result for the request: {error.message}")
        return error

    def _refuse_failure(self, status: RequestStatus) -> None:
        if status.failure is None:
            return
        kind, reason = status.failure
        if is_refusal(kind, reason):
            raise refused(self._account, reason or kind)
        message = f"fal could not do it ({self._account.say(kind, 60) or 'no reason'}): "
        message += self._account.say(reason) or "it says no more."
        if _OUR_FAULT.search(kind):
            raise Permanent(message)
        raise Retryable(message, resubmit=True)  # the runner's fault, which fal does not bill

    # -- addresses ----------------------------------------------------------------------------

    def _url(self, path: str) -> str:
        return f"{self._base}/{path}"


def _client(http: Any, base_url: str) -> Any:
    """Fal's client on our own connection, which has limits, and at the configured address."""
    import fal_client
    import fal_client.client as module

    _switch_off_retries()
    # Both are read when a request is submitted, in this same turn of the event loop.
    module.QUEUE_URL_FORMAT = f"{base_url}/"

    async def ready() -> Any:
        return http

    class Client(fal_client.AsyncClient):
        @property
        def _client(self) -> Any:
            return ready()

    return Client(key="", default_timeout=http.timeout.read)


def _broken() -> tuple[type[Exception], ...]:
    """Return an error for a broken connection, a limit, or a reply that is not fal's."""
    import httpx

    return (httpx.HTTPError, UnreadableReply, *STUMBLES)


def _switch_off_retries() -> None:
    import fal_client.client as module

    module.MAX_ATTEMPTS = 1  # its retries cover the submit too, which would be billed twice


def _is_the_models(response: Any) -> bool:
    """True if the status of a result is its model's own, not one of a gateway in between."""
    passing = {408, 409, 425, 429, 502, 503, 504}
    named = "x-fal-error-type" in response.headers or '"error_type"' in response.text[:2000]
    return response.status_code not in passing or named
