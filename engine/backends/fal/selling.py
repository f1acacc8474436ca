"""Backends of fal whose requests have one file as their result."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from engine.backends.common.reading import Files, Lenient, ReplyFile, Seed
from engine.backends.common.remote import RemoteBackend
from engine.backends.fal.queue import FalQueue
from engine.backends.fal.replies import address_of
from engine.backends.fal.requests import Submission, no_result, result_of_request
from engine.backends.fal.settings import KEYS, QUEUE_URL, FalSettings
from engine.contract import CallContext


class FileReply(Lenient):
    """Result with a file, of which some fields are used."""

    seed: Seed = None

    @property
    def files(self) -> Files:
        """Its files."""
        return ()

    @property
    def first(self) -> ReplyFile | None:
        """The first file that is there, or None."""
        return next((one for one in self.files if one.url or one.b64_json), None)


ReplyT = TypeVar("ReplyT", bound=FileReply)


class OnFal(RemoteBackend[FalSettings]):
    """A backend whose requests are never given up, and give one file."""

    name = "fal"
    keys, package, module = KEYS, "fal-client", "fal_client"
    url = QUEUE_URL

    async def result_of(
        self,
        context: CallContext,
        prepare: Callable[[], Awaitable[Submission]],
        *,
        worst: int | None,
        asks: bool,
    ) -> Any:
        """Return the result of a request, or of the one that is stored with the call.

        Args:
            context: Context of the call.
            prepare: Returns what is submitted; called for a new request only.
            worst: Its cost in micro-dollars; None if it is not known.
            asks: Whether a submission of unknown outcome is asked about.

        Raises:
            OutcomeUnknown: The request was sent, and whether fal took it is not known.
            StepError: It did not work.
        """

        def cost(measured: dict[str, Any]) -> int:
            return worst or 0

        settings, key = self.settings, self._key or "none"
        async with FalQueue(settings, self._account, key, asks=asks) as queue:
            return await result_of_request(queue, context, prepare, cost)

    async def fetched(
        self, result: Any, kind: type[ReplyT], what: str, context: CallContext
    ) -> tuple[ReplyT, bytes]:
        """Return a result as it is read, and the bytes of its file.

        Args:
            result: The result.
            kind: Its fields.
            what: Name of the file in messages.
            context: Context of the call.

        Raises:
            StepError: There is no file, or it cannot be fetched.
        """
        try:
            reply = kind.model_validate(result)
        except ValidationError:
            raise no_result(self._account, what, result) from None
        if reply.first is None:
            raise no_result(self._account, what, result)
        context.progress(1.0, f"fetching the {what}")
        data = await self.download(address_of(reply.first), self.settings.download_hosts)
        return reply, data
