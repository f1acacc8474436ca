"""Capability `image` of fal."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from engine.backends.common.download import data_uri
from engine.backends.common.failures import refused
from engine.backends.common.reading import GeneratedFiles, ReplyText, Seed
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import RemoteImageBackend
from engine.backends.fal.inputs import arguments, endpoint, max_references, seed_of, version_of
from engine.backends.fal.queue import FalQueue
from engine.backends.fal.replies import address_of
from engine.backends.fal.requests import Submission, no_result, result_of_request, time_cost
from engine.backends.fal.settings import KEYS, QUEUE_URL, FalSettings
from engine.contract import (
    CallContext,
    GeneratedImage,
    ImageRequest,
    Permanent,
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

        async def submission() -> Submission:
            followed = bool(request.reference or request.more_references)
            sent = await self._arguments(request, context)
            return endpoint(self.settings, followed), sent

        settings, asks = self.settings, self.settings.asks
        async with FalQueue(settings, self._account, self._key or "none", asks=asks) as queue:
            result = await result_of_request(queue, context, submission, self._cost)
        return await self._keep(self._made(result), request, context)

    async def _arguments(self, request: ImageRequest, context: CallContext) -> dict[str, Any]:
        wanted = references_of(
            request, self.info.max_references, self.info.model, max_bytes=MAX_REFERENCE_BYTES
        )
        references = [data_uri(*await read_reference(context, image)) for image in wanted]
        return arguments(self.settings, request, references)

    def _made(self, result: Any) -> _ImagesReply:
        try:
            return _ImagesReply.model_validate(result)
        except ValidationError:
            raise no_result(self._account, "image", result) from None

    def _cost(self, measured: dict[str, Any]) -> int:
        """Cost of a finished request; its maximum if seconds have a price and fal reports none."""
        return self.settings.cost + (time_cost(self.settings, measured) or 0)

    async def _keep(
        self, reply: _ImagesReply, request: ImageRequest, context: CallContext
    ) -> GeneratedImage:
        if reply.is_blacked_out:
            raise refused(self._account, "its safety checker blacked the image out")
        file = reply.first
        if file is None:
            raise self._no_image(reply)
        context.progress(1.0, "fetching the image")
        image = await self.fetch(address_of(file), self.settings.download_hosts, context)
        seed = seed_of(request) if reply.seed is None else reply.seed
        return GeneratedImage(image=image, seed=seed)

    def _no_image(self, reply: _ImagesReply) -> Permanent:
        description = self._account.say(reply.description)
        return Permanent(
            f"{self.info.model} returned no image" + (f": {description}" if description else "."),
            remedy="Change the prompt, or choose an image model (fal.model).",
        )
