"""fal's queue on the wire, spoken by fal's own client with its retries switched off."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from engine.backends.common.failures import (
    STUMBLES,
    Account,
    from_exception,
    from_status,
    out_of_time,
    refused,
    unless_made,
)
from engine.backends.common.http import MAX_PICTURE_BYTES, UnreadableReply, guarded
from engine.backends.common.readiness import load
from engine.backends.fal.settings import QUEUE_URL, FalSettings
from engine.backends.fal.ticket import Ticket
from engine.capabilities import Blocked, Permanent, Retryable, StepError
from engine.text import clean

T = TypeVar("T")

FIRST_POLL_SECONDS = 0.25
MISSES = 5
"""Looks at a request that may fail one after the other before the call is given up for now."""

_PERCENT = re.compile(r"(?<!\d)(\d{1,3})%\|")
_REFUSED = re.compile(r"content[_ -]policy|content[_ -]checker|safety|nsfw", re.IGNORECASE)
_OUR_FAULT = re.compile(r"bad_request|validation|client_|policy|invalid", re.IGNORECASE)


class FalQueue:
    """One request's way through the queue.

    Args:
        settings: The backend's settings.
        account: Whose request it is.
        key: The key.
    """

    def __init__(self, settings: FalSettings, account: Account, key: str) -> None:
        self._settings = settings
        self._account = account
        self._key = key
        self._base = settings.base_url or QUEUE_URL
        self._http: Any = None

    async def __aenter__(self) -> Self:
        await load("fal_client", "fal-client")
        import httpx

        limits = guarded(httpx, self._base, timeout=self._settings.timeout, limit=MAX_PICTURE_BYTES)
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

    async def submit(self, endpoint: str, arguments: dict[str, Any]) -> Ticket:
        """Puts a request into the queue; never sent twice by itself.

        Raises:
            OutcomeUnknown: It was sent, and whether fal took it is not known.
            StepError: It was not taken.
        """
        from fal_client import FalClientHTTPError

        asks = self._settings.asks
        try:
            async with asyncio.timeout(self._settings.timeout):
                handle = await _client(self._http, self._base).submit(endpoint, arguments)
            return self._ticket(endpoint, handle)
        except TimeoutError:
            raise out_of_time(self._account, self._settings.timeout, unknown=asks) from None
        except FalClientHTTPError as error:
            found = self._refusal(error)
            raise unless_made(found, error.status_code, unknown=asks) from None
        except _broken() as error:
            raise from_exception(self._account, error, unknown=asks) from None

    def _ticket(self, endpoint: str, handle: Any) -> Ticket:
        try:
            return Ticket.from_urls(
                handle.request_id, handle.response_url, handle.status_url, self._base
            )
        except (ValueError, AttributeError, TypeError):
            # Without usable addresses, those that fal's client makes from the id are as good.
            made = type(handle).from_request_id(None, endpoint, str(handle.request_id))
            return Ticket.from_urls(made.request_id, made.response_url, made.status_url, self._base)

    async def wait(
        self, ticket: Ticket, progress: Callable[[float | None, str], None]
    ) -> dict[str, Any]:
        """Waits until a request has ended.

        Args:
            ticket: The request.
            progress: Told what the queue and the model say.

        Returns:
            What fal measured of it, for example `inference_time` in seconds.

        Raises:
            StepError: It has failed, or cannot be looked at.
        """
        from fal_client import Completed

        handle, misses, pause = self._handle(ticket), 0, FIRST_POLL_SECONDS
        while True:
            try:
                status = await self._look(handle.status(with_logs=True))
                misses = 0
            except Retryable as error:
                misses += 1
                if misses >= MISSES:
                    raise
                pause = max(pause, min(error.retry_after or 0.0, 60.0))
            else:
                if isinstance(status, Completed):
                    self._refuse_failure(status)
                    return status.metrics if isinstance(status.metrics, dict) else {}
                progress(*_told(status))
            pause = min(pause, self._settings.poll_seconds) if not misses else pause
            await asyncio.sleep(pause)
            pause *= 1.5

    async def result(self, ticket: Ticket) -> Any:
        """What a request that has ended has made.

        Raises:
            StepError: It has made nothing, or it cannot be fetched.
        """

        async def fetch() -> Any:
            response = await self._http.get(self._url(ticket.response))
            if response.status_code != 200:
                error = self._made_nothing(response)
                raise error if _is_the_models(response) else _still_there(error)
            return response.json()

        return await self._look(fetch())

    # -- what goes wrong ----------------------------------------------------------------------

    async def _look(self, call: Awaitable[T]) -> T:
        """A call about a request that is known: whatever goes wrong, the request stays."""
        from fal_client import FalClientHTTPError

        try:
            async with asyncio.timeout(self._settings.timeout):
                return await call
        except TimeoutError:
            raise _still_there(out_of_time(self._account, self._settings.timeout)) from None
        except FalClientHTTPError as error:
            raise self._lookup_refusal(error) from None
        except _broken() as error:
            raise _still_there(from_exception(self._account, error)) from None

    def _refusal(self, error: Any) -> StepError:
        said = _said(error.message)
        if _REFUSED.search(said) and error.status_code in {400, 422}:
            return refused(self._account, said)
        return from_status(self._account, error.status_code, said, error.response_headers)

    def _lookup_refusal(self, error: Any) -> StepError:
        found = _still_there(self._refusal(error))
        if isinstance(found, Blocked) and found.reason == "backend":
            # A submit reaches fal under the same address, so this request is what is not there.
            return Retryable(f"fal does not know the request: {found.message}")
        return found

    def _made_nothing(self, response: Any) -> StepError:
        """A request that has ended answers with the status of its model."""
        said = response.text[:2000]
        if _REFUSED.search(said) and response.status_code in {400, 422}:
            return refused(self._account, said)
        error = from_status(
            self._account, response.status_code, said, response.headers, resubmit=True
        )
        if isinstance(error, Blocked) and error.reason == "backend":
            return Permanent(f"fal has no result for the request: {error.message}")
        return error

    def _refuse_failure(self, status: Any) -> None:
        kind, said = str(status.error_type or ""), _said(status.error)
        if not kind and not status.error:
            return
        if _REFUSED.search(f"{kind} {said}"):
            raise refused(self._account, said or kind)
        message = f"fal could not do it ({self._account.say(kind, 60) or 'no reason'}): "
        message += self._account.say(said) or "it says no more."
        if _OUR_FAULT.search(kind):
            raise Permanent(message)
        raise Retryable(message, resubmit=True)  # the runner's fault, which fal does not bill

    # -- addresses ----------------------------------------------------------------------------

    def _url(self, path: str) -> str:
        return f"{self._base}/{path}"

    def _handle(self, ticket: Ticket) -> Any:
        from fal_client import AsyncRequestHandle

        _switch_off_retries()
        return AsyncRequestHandle(
            request_id=ticket.request_id,
            response_url=self._url(ticket.response),
            status_url=self._url(ticket.status),
            cancel_url="",
            client=self._http,
        )


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
    """What a broken connection raises, a limit, or fal's client on a reply that is not fal's."""
    import httpx

    return (httpx.HTTPError, UnreadableReply, *STUMBLES)


def _switch_off_retries() -> None:
    import fal_client.client as module

    module.MAX_ATTEMPTS = 1  # its retries cover the submit too, which would be billed twice


def _told(status: Any) -> tuple[float | None, str]:
    """How far a request is, as fraction and words."""
    from fal_client import Queued

    if isinstance(status, Queued):
        return None, f"in fal's queue, {clean(str(status.position), 12)} before it"
    logs = status.logs if isinstance(status.logs, list) else []
    last = logs[-1] if logs and isinstance(logs[-1], dict) else {}
    words = clean(str(last.get("message") or ""), 120)
    percent = _PERCENT.findall(words)
    fraction = min(int(percent[-1]), 100) / 100 if percent else None
    return fraction, words or "fal is making it"


def _said(detail: Any) -> str:
    """What fal says of an error: a sentence, or a list of what is wrong with the input."""
    if isinstance(detail, list):
        parts = [item for item in detail if isinstance(item, dict)]
        return "; ".join(f"{item.get('msg', '')} ({item.get('type', '')})" for item in parts)
    return "" if detail is None else str(detail)


def _is_the_models(response: Any) -> bool:
    """True if the status of a result is its model's own, not one of a gateway in between."""
    passing = {408, 409, 425, 429, 502, 503, 504}
    named = "x-fal-error-type" in response.headers or '"error_type"' in response.text[:2000]
    return response.status_code not in passing or named


def _still_there(error: StepError) -> StepError:
    """The same error, without the advice to submit anew: the request was taken."""
    if isinstance(error, Retryable):
        return error.without_resubmit()
    return error
