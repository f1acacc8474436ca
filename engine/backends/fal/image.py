"""Capability `image` of fal."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from engine.backends.common.download import data_uri
from engine.backends.common.failures import refused
from engine.backends.common.reading import GeneratedFiles, ReplyFile, ReplyText, Seed
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import RemoteImageBackend
from engine.backends.fal.inputs import arguments, endpoint, max_references, seed_of, version_of
from engine.backends.fal.queue import FalQueue
from engine.backends.fal.replies import seconds_in
from engine.backends.fal.settings import KEYS, QUEUE_URL, FalSettings
from engine.backends.fal.ticket import FalTicket
from engine.contract import (
    CallContext,
    GeneratedImage,
    ImageRequest,
    Permanent,
    Retryable,
    StepError,
)

MAX_REFERENCE_BYTES = 16 * 2**20
"""Bytes of all reference images, which travel inside the request."""


class _ImagesReply(GeneratedFiles):
    """Fields of a result that are used."""

    seed: Seed = None
    has_nsfw_concepts: tuple[Any, ...] = ()
    description: ReplyText = ""

    @property
    def is_blacked_out(self) -> bool:
        """True if the safety checker rejected the first image."""
        return self.has_nsfw_concepts[:1] == (True,)


class FalImages(RemoteImageBackend[FalSettings]):
    """Images from models on fal.

    A request that was submitted is never given up: its ticket is stored as soon as fal has taken
    it, and whoever comes later goes back to it. A job that is cancelled lets its request end, so
    that what is paid for is kept.
    """

    name = "fal"
    keys, package, module = KEYS, "fal-client", "fal_client"
    url = QUEUE_URL

    def __init__(self, settings: FalSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment, settings.model)
        self.info = replace(
            self.info,
            version=version_of(settings),
            resumable=True,
            reusable=True,  # the seed is sent
            max_references=max_references(settings),
            client=self.package,
        )

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image, or resume the request that is generating it.

        Raises:
            OutcomeUnknown: The request was sent, and whether fal took it is not known.
            StepError: It did not work.
        """
        async with FalQueue(self.settings, self._account, self._key or "none") as queue:
            ticket = self._stored(context.request_id)
            if ticket is None:
                sent = await self._arguments(request, context)
                followed = bool(request.reference or request.more_references)
                ticket = await queue.submit(endpoint(self.settings, followed), sent)
                await context.submitted(str(ticket))
            measured = await queue.wait(ticket, context.progress)
            try:
                result = await queue.result(ticket)
            except StepError as error:
                if _says_nothing_of_the_model(error):
                    await context.charged(self._cost(measured))
                raise
        await context.charged(self._cost(measured))
        return await self._keep(self._made(result), request, context)

    def _stored(self, request_id: str | None) -> FalTicket | None:
        if not request_id:
            return None
        try:
            return FalTicket.read(request_id)
        except ValueError as error:
            raise Permanent(f"The request on fal cannot be found again: {error}.") from None

    async def _arguments(self, request: ImageRequest, context: CallContext) -> dict[str, Any]:
        wanted = references_of(
            request, self.info.max_references, self.info.model, max_bytes=MAX_REFERENCE_BYTES
        )
        references = [data_uri(*await read_reference(context, image)) for image in wanted]
        return arguments(self.settings, request, references)

    def _made(self, result: Any) -> _ImagesReply:
        try:
            reply = _ImagesReply.model_validate(result)
        except ValidationError:
            raise Permanent(
                f"fal's result holds no image: {self._account.say(str(result))}"
            ) from None
        return reply

    def _cost(self, measured: dict[str, Any]) -> int:
        """Cost of a finished request; its maximum if seconds have a price and fal reports none."""
        settings, price = self.settings, self.settings.price_per_second
        if price is None:
            return settings.cost
        seconds = seconds_in(measured.get("inference_time"))
        if seconds is None:
            return settings.worst or 0
        return settings.cost + int(-(-seconds * price * 1_000_000 // 1))

    async def _keep(
        self, reply: _ImagesReply, request: ImageRequest, context: CallContext
    ) -> GeneratedImage:
        if reply.is_blacked_out:
            raise refused(self._account, "its safety checker blacked the image out")
        file = reply.first
        if file is None:
            raise self._no_image(reply)
        context.progress(1.0, "fetching the image")
        image = await self.fetch(_address(file), self.settings.download_hosts, context)
        seed = seed_of(request) if reply.seed is None else reply.seed
        return GeneratedImage(image=image, seed=seed)

    def _no_image(self, reply: _ImagesReply) -> Permanent:
        description = self._account.say(reply.description)
        return Permanent(
            f"{self.info.model} returned no image" + (f": {description}" if description else "."),
            remedy="Change the prompt, or choose an image model (fal.model).",
        )


def _address(file: ReplyFile) -> str:
    return file.url or f"data:;base64,{file.b64_json}"


def _says_nothing_of_the_model(error: StepError) -> bool:
    """True if a result exists and only its way here is broken, or it is not read."""
    if isinstance(error, Permanent):
        return error.uncertain
    return isinstance(error, Retryable) and not error.resubmit
