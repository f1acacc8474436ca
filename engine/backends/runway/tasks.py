"""Tasks of Runway's API, by Runway's own client."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from engine.backends.common.error_bodies import said_in
from engine.backends.common.failures import (
    STUMBLES,
    Account,
    cut_off,
    from_exception,
    from_status,
    out_of_time,
    unless_made,
)
from engine.backends.common.http import MAX_JSON_BYTES, LastReply, UnreadableReply, guarded
from engine.backends.common.polling import lookup_error, until_ended
from engine.backends.common.readiness import load
from engine.backends.common.reading import Lenient, plain
from engine.backends.runway.replies import Submitted, Task
from engine.backends.runway.settings import RunwaySettings
from engine.contract import Retryable, StepError

Endpoint = Literal["text_to_video", "image_to_video"]
ReplyT = TypeVar("ReplyT", bound=Lenient)

FIRST_POLL_SECONDS = 1.0
WITHDRAW_SECONDS = 5.0


class RunwayTasks:
    """One task's way through the API.

    Args:
        settings: The backend's settings.
        account: Whose task it is.
        address: Address of the API.
        key: The key.
        asks: Whether a submission of unknown outcome is asked about rather than repeated.
    """

    def __init__(
        self,
        settings: RunwaySettings,
        account: Account,
        address: str,
        key: str | None,
        *,
        asks: bool,
    ) -> None:
        self._settings, self._account = settings, account
        self._address, self._key, self._asks = address, key, asks
        self._heard = LastReply()
        self._http: Any = None
        self._client: Any = None

    async def __aenter__(self) -> Self:
        sdk = await load("runwayml", "runwayml")
        import httpx

        seconds = self._settings.timeout
        limits = guarded(
            httpx, self._address, timeout=seconds, limit=MAX_JSON_BYTES, heard=self._heard
        )
        self._http = httpx.AsyncClient(**limits)
        self._client = sdk.AsyncRunwayML(
            api_key=str(self._key or "none"),
            base_url=self._address,
            http_client=self._http,
            timeout=seconds,
            max_retries=0,  # its retries cover the submit too, which would be billed twice
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client = None
        await self._http.aclose()

    async def submit(self, endpoint: Endpoint, body: dict[str, Any]) -> str:
        """Start a task; never sent twice automatically. Return its id.

        Args:
            endpoint: Whether it starts from words alone or from images.
            body: Its input, by the names of Runway's client.

        Raises:
            OutcomeUnknown: It was sent, and whether Runway took it is not known.
            StepError: It was not taken.
        """
        create = getattr(self._client, endpoint).create
        reply = await self._call(lambda: create(**body), Submitted, unknown=self._asks)
        if not reply.id:
            raise cut_off(self._account, "the reply names no task", unknown=self._asks)
        return reply.id

    async def wait(self, id_: str, progress: Callable[[float | None, str], None]) -> Task:
        """Wait until a task has ended.

        Args:
            id_: Its id.
            progress: Called with its progress and state.

        Raises:
            StepError: It cannot be looked at.
        """

        async def look() -> Task | None:
            task = await self._look(id_)
            if task.has_ended:
                return task
            words = f"Runway is making it ({self._account.say(task.status, 20).lower()})"
            progress(task.fraction, words)
            return None

        return await until_ended(
            look, first_wait=FIRST_POLL_SECONDS, longest_wait=self._settings.poll_seconds
        )

    async def withdraw(self, id_: str) -> None:
        """Delete a task that still waits, as far as Runway can be reached at once.

        One that runs is left alone: Runway gives no credits back for it.
        """
        with contextlib.suppress(StepError, TimeoutError, *_broken()):
            async with asyncio.timeout(WITHDRAW_SECONDS):
                if (await self._look(id_)).is_waiting:
                    await self._client.tasks.delete(id_)

    async def _look(self, id_: str) -> Task:
        try:
            task = await self._call(lambda: self._client.tasks.retrieve(id_), Task)
        except StepError as error:
            raise lookup_error(error, "Runway") from None
        if not task.is_under_way and not task.has_ended:
            state = self._account.say(task.status, 60) or "none"
            raise Retryable(f"What Runway sent is no state of a task ({state}).")
        return task

    async def _call(
        self, call: Callable[[], Awaitable[Any]], kind: type[ReplyT], *, unknown: bool = False
    ) -> ReplyT:
        heard, seconds = self._heard, self._settings.timeout
        heard.answered(0, {})
        try:
            async with asyncio.timeout(seconds):
                await call()
        except TimeoutError:
            raise out_of_time(self._account, seconds, unknown=unknown) from None
        except _broken() as error:
            # Its client stumbles over fields that are not needed; the reply is read as it came.
            if not heard.whole:
                raise from_exception(self._account, error, unknown=unknown) from None
        return self._read(kind, unknown=unknown)

    def _read(self, kind: type[ReplyT], *, unknown: bool) -> ReplyT:
        heard = self._heard
        body = bytes(heard.body)
        if not 200 <= heard.status < 300:
            error = from_status(self._account, heard.status, said_in(body), heard.headers)
            raise unless_made(error, heard.status, unknown=unknown)
        if not isinstance(document := plain(body), dict):
            raise cut_off(self._account, "what came is no JSON", unknown=unknown)
        return kind.model_validate(document)


def _broken() -> tuple[type[Exception], ...]:
    """Return an error for a broken connection, a limit, or a reply that the client rejects."""
    import httpx
    from runwayml import APIError

    return (APIError, httpx.HTTPError, UnreadableReply, OSError, *STUMBLES)
