"""The Interactions API, spoken by Google's own client: requests in the background."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from engine.backends.common.error_bodies import MAX_WORDS
from engine.backends.common.failures import (
    STUMBLES,
    Account,
    cut_off,
    from_exception,
    out_of_time,
    unless_made,
)
from engine.backends.common.http import LastReply, UnreadableReply, guarded
from engine.backends.common.polling import lookup_error, until_ended
from engine.backends.common.readiness import load
from engine.backends.common.reading import Lenient, plain
from engine.backends.gemini.failures import gemini_error
from engine.backends.gemini.genai import genai_client
from engine.backends.gemini_video.replies import FileState, Interaction
from engine.backends.gemini_video.settings import GeminiVideoSettings
from engine.contract import Permanent, StepError

ReplyT = TypeVar("ReplyT", bound=Lenient)

FIRST_POLL_SECONDS = 0.5

MAX_REPLY_BYTES = 128 * 2**20
"""The largest reply, which may hold a clip, in bytes."""

_OK = 200


class Interactions:
    """One request's way through the API.

    Args:
        settings: The backend's settings.
        account: Whose request it is.
        address: Address of the API.
        key: The key.
        asks: Whether a submission of unknown outcome is asked about rather than repeated.
    """

    def __init__(
        self,
        settings: GeminiVideoSettings,
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
        genai = await load("google.genai", "google-genai")
        import httpx

        seconds = self._settings.timeout
        limits = guarded(
            httpx, self._address, timeout=seconds, limit=MAX_REPLY_BYTES, heard=self._heard
        )
        self._http = httpx.AsyncClient(**limits)
        self._client = genai_client(genai, self._http, self._address, self._key, seconds)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client = None
        await self._http.aclose()

    async def submit(self, **body: Any) -> str:
        """Start a request in the background; never sent twice automatically. Return its id.

        Raises:
            OutcomeUnknown: It was sent, and whether Google took it is not known.
            StepError: It was not taken.
        """
        create = self._client.aio.interactions.create
        reply = await self._call(
            lambda: create(background=True, store=True, **body), Interaction, unknown=self._asks
        )
        if not reply.id:
            raise cut_off(self._account, "the reply names no request", unknown=self._asks)
        return reply.id

    async def wait(self, id_: str, progress: Callable[[float | None, str], None]) -> Interaction:
        """Wait until a request has ended.

        Args:
            id_: Its id.
            progress: Called with its state.

        Raises:
            StepError: It cannot be looked at.
        """
        get = self._client.aio.interactions.get

        async def look() -> Interaction | None:
            reply = await self._call(lambda: get(id_), Interaction)
            if reply.is_under_way:
                progress(None, f"Google is making it ({self._account.say(reply.status, 20)})")
                return None
            return reply

        return await self._until(look)

    async def wait_for_file(self, name: str) -> None:
        """Wait until a stored file can be fetched.

        Raises:
            StepError: It has failed, or cannot be looked at.
        """
        get = self._client.aio.files.get

        async def look() -> FileState | None:
            reply = await self._call(lambda: get(name=name), FileState)
            return None if reply.state in {"PROCESSING", "STATE_UNSPECIFIED"} else reply

        if (await self._until(look)).state == "FAILED":
            raise Permanent("Google could not store the finished clip.")

    async def _until(self, look: Callable[[], Awaitable[ReplyT | None]]) -> ReplyT:
        async def careful() -> ReplyT | None:
            try:
                return await look()
            except StepError as error:
                raise lookup_error(error, "Google") from None

        return await until_ended(
            careful, first_wait=FIRST_POLL_SECONDS, longest_wait=self._settings.poll_seconds
        )

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
            # It gives up replies over what is not needed; they are read as they came.
            if not heard.whole:
                raise from_exception(self._account, error, unknown=unknown) from None
        return self._read(kind, unknown=unknown)

    def _read(self, kind: type[ReplyT], *, unknown: bool) -> ReplyT:
        heard = self._heard
        body = plain(heard.body)
        if heard.status != _OK:
            words = heard.body[:MAX_WORDS].decode("utf-8", "replace") if body is None else body
            error = gemini_error(self._account, heard.status, words, heard.headers)
            raise unless_made(error, heard.status, unknown=unknown)
        if not isinstance(body, dict):
            raise cut_off(self._account, "what came is no JSON", unknown=unknown)
        return kind.model_validate(body)


def _broken() -> tuple[type[Exception], ...]:
    """Return an error for a broken connection, a limit, or a reply that Google's client rejects."""
    import httpx
    from google.genai import errors
    from google.genai._interactions_errors import APIError

    return (APIError, errors.APIError, httpx.HTTPError, UnreadableReply, OSError, *STUMBLES)
