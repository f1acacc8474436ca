"""Capability `image` of OpenAI and of servers that speak its language.

Wire format: https://platform.openai.com/docs/api-reference/images
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import AliasChoices, Field

from engine.backends.common.chat_client import whole_reply
from engine.backends.common.download import (
    from_base64,
    keep_image,
)
from engine.backends.common.failures import cut_off, out_of_time, unless_made
from engine.backends.common.http import MAX_IMAGE_BYTES
from engine.backends.common.readiness import load, silent
from engine.backends.common.reading import Count, GeneratedFiles, Lenient, ReplyFile
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import RemoteImageBackend
from engine.backends.common.shapes import nearest
from engine.backends.openai.chat import API_URL, NAME, openai_client, status_error
from engine.backends.openai.settings import KEY_NAMES, OpenAISettings
from engine.contract import (
    Artifact,
    CallContext,
    GeneratedImage,
    ImageRequest,
    Limits,
    MissingRequirement,
    Permanent,
    StepError,
)

GPT_SIZES = ("1024x1024", "1536x1024", "1024x1536")
DALL_E_3_SIZES = ("1024x1024", "1792x1024", "1024x1792")
DALL_E_2_SIZES = ("256x256", "512x512", "1024x1024")

STEP, MAX_LONG, MAX_SHORT, MAX_RATIO = 16, 3840, 2160, 3
"""Sizes of gpt-image-2 and later: multiples of 16, at most 3840 x 2160, at most 3 to 1."""

MAX_REFERENCES = 16
"""Reference images that the GPT image models take; all others take one."""

MIN_PIXELS = 1024 * 640
"""Smaller images are generated at the nearest standard size, which every model supports."""

_ANY_SIZE = re.compile(r"gpt-image-(?:[2-9]|\d\d)")
_Sent = tuple[str, bytes, str]
"""A file as it is sent: name, bytes and media type."""


class _Usage(Lenient):
    input_tokens: Count = Field(
        None, validation_alias=AliasChoices("input_tokens", "prompt_tokens")
    )
    output_tokens: Count = Field(
        None, validation_alias=AliasChoices("output_tokens", "completion_tokens")
    )


class _ImagesReply(GeneratedFiles):
    """Fields that are read from a reply."""

    usage: _Usage = _Usage()


class OpenAIImages(RemoteImageBackend[OpenAISettings]):
    """Images from OpenAI.

    A call that was cut off cannot be found again; an image whose address a reply has named can,
    and is fetched from there until it is here.
    """

    name, keys, url = NAME, KEY_NAMES, API_URL
    package = module = "openai"
    price_name = "price_image"

    def __init__(self, settings: OpenAISettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment, settings.image_model)
        self.info = replace(
            self.info,
            version="1" + (f"+{settings.image_quality}" if settings.image_quality else ""),
            paid=settings.has_image_price or not settings.is_local,
            resumable=True,  # as soon as a reply names the address of the image
            limits=Limits(settings.concurrency, settings.requests_per_minute),
            max_references=MAX_REFERENCES if is_gpt(settings.image_model) else 1,
            client=self.package,
        )

    def unreachable(self) -> MissingRequirement | None:
        """Return a requirement if its server on this machine does not answer, else None."""
        remedy = "Start it, or set openai.base_url to where it is."
        return silent(self.name, self.address, remedy)

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image in the nearest size that the model supports.

        Raises:
            OutcomeUnknown: The request was sent, and the image may have been generated.
            StepError: It did not work.
        """
        if context.request_id:
            image = await self._fetched(context.request_id, context)
            return GeneratedImage(image=image, seed=request.seed)
        references = [
            await _as_file(number, image, context)
            for number, image in enumerate(
                references_of(request, self.info.max_references, self.info.model), 1
            )
        ]
        size = size_for(self.info.model, request.width, request.height)
        context.progress(None, f"{self.info.model} is making it, {size}")
        sent = self._asked(request, size)
        reply = await self._ask(sent, references, asks=self.asks(request))
        file = reply.first
        address = None if file is None else _address(file)
        await context.charged(self._cost(reply.usage, context), address)
        if file is None:
            raise Permanent(f"{self.info.model} returned no image.")
        if file.b64_json:
            data = from_base64(self._account, file.b64_json)
            decoded = await keep_image(context, self._account, data)
            return GeneratedImage(image=decoded, seed=request.seed)
        image = await self._fetched(file.url, context)
        return GeneratedImage(image=image, seed=request.seed)

    async def _fetched(self, url: str, context: CallContext) -> Artifact:
        context.progress(None, "fetching the image")
        return await self.fetch(url, self.settings.download_hosts, context)

    def _cost(self, used: _Usage, context: CallContext) -> int:
        read, written = used.input_tokens or 0, used.output_tokens or 0
        if written:
            context.usage(read, written)
        return self.settings.cost_of_image(read, written)

    def _asked(self, request: ImageRequest, size: str) -> dict[str, Any]:
        words = request.prompt
        if request.negative_prompt:
            words += f"\n\nKeep out of the image: {request.negative_prompt}"
        asked: dict[str, Any] = {"model": self.info.model, "prompt": words, "size": size, "n": 1}
        if self.settings.image_quality:
            asked["quality"] = self.settings.image_quality
        # GPT models always send the image itself, the others only where they are asked to.
        if is_gpt(self.info.model):
            return {**asked, "output_format": "png"}
        return {**asked, "response_format": "b64_json"}

    async def _ask(
        self, asked: dict[str, Any], references: list[_Sent], *, asks: bool
    ) -> _ImagesReply:
        openai = await load("openai", "openai")
        seconds = self.settings.timeout

        async def send() -> Any:
            limit = {"limit": MAX_IMAGE_BYTES}
            async with openai_client(openai, self.settings, self._key, **limit) as client:
                images = client.images.with_raw_response
                if not references:
                    return await images.generate(**asked)
                # One goes under the name that every server knows, several under `image[]`.
                sent = references if len(references) > 1 else references[0]
                return await images.edit(image=sent, **asked)

        def refused(error: Any) -> StepError:
            failure = status_error(self._account, error)
            return unless_made(failure, error.status_code, unknown=asks)

        try:
            async with asyncio.timeout(seconds):
                reply, _ = await whole_reply(
                    openai,
                    self._account,
                    send,
                    _ImagesReply,
                    refused=refused,
                    what="no image",
                    unknown=asks,
                )
        except TimeoutError:
            raise out_of_time(self._account, seconds, unknown=asks) from None
        if not reply.names_some:
            raise cut_off(self._account, "what came is no image", unknown=asks)
        return reply


def _address(file: ReplyFile) -> str | None:
    """URL to fetch an image from; None if it came with the reply."""
    return None if file.b64_json or file.url.startswith("data:") else file.url


async def _as_file(number: int, image: Artifact, context: CallContext) -> _Sent:
    sent = await read_reference(context, image)
    name = f"reference-{number}.{sent.media_type.rpartition('/')[2]}"
    return name, sent.data, sent.media_type


def is_gpt(model: str) -> bool:
    """Return True if a model is one of the GPT image models, which take other arguments."""
    return "gpt-image" in model or model.startswith("chatgpt-image")


def size_for(model: str, width: int, height: int) -> str:
    """Size to request of a model: the wanted one if the model supports it, else the nearest.

    Args:
        model: The model's name; of one that is not known, every size is asked.
        width: Width wanted, in pixels.
        height: Height wanted, in pixels.
    """
    if "dall-e-3" in model:
        return nearest(width, height, DALL_E_3_SIZES)
    if "dall-e-2" in model:
        return nearest(width, height, DALL_E_2_SIZES)
    if not is_gpt(model):
        return f"{width}x{height}"
    if not _ANY_SIZE.search(model) or not _is_free(width, height):
        return nearest(width, height, GPT_SIZES)
    return f"{round(width / STEP) * STEP}x{round(height / STEP) * STEP}"


def _is_free(width: int, height: int) -> bool:
    long, short = max(width, height), min(width, height)
    return (
        long <= MAX_LONG
        and short <= MAX_SHORT
        and long / short <= MAX_RATIO
        and width * height >= MIN_PIXELS
    )
