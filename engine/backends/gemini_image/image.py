"""Capability `image` of Gemini, by the package `google-genai`.

Wire format: https://ai.google.dev/gemini-api/docs/image-generation
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from engine.backends.common.download import ROLE, checked, from_base64
from engine.backends.common.failures import STUMBLES, from_exception, out_of_time, refused
from engine.backends.common.http import MAX_IMAGE_BYTES, LastReply, UnreadableReply, guarded
from engine.backends.common.readiness import load
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import RemoteImageBackend
from engine.backends.common.shapes import nearest
from engine.backends.common.spending import report
from engine.backends.gemini.genai import genai_client
from engine.backends.gemini.reading import ContentPart, GeminiReply, reply_in
from engine.backends.gemini_image.settings import API_URL, KEYS, GeminiImageSettings
from engine.contract import (
    CallContext,
    GeneratedImage,
    ImageRequest,
    Permanent,
)

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
"""Shapes that every model of the family makes."""

MAX_SEED = 2**31
"""Seeds are below this."""

MAX_REFERENCES, MAX_REFERENCES_OF_FIRST = 14, 3
"""Reference images that a model takes, and that `gemini-2.5-flash-image` takes."""

MAX_REFERENCE_BYTES = 14 * 2**20
"""Bytes of all reference images; as base64 they stay under the 20 MB of an inline request."""

_REFUSALS = re.compile(r"SAFETY|PROHIBITED|RECITATION|BLOCKLIST|SPII")


class GeminiImages(RemoteImageBackend[GeminiImageSettings]):
    """Images from Gemini. A call that was cut off cannot be found again."""

    name = "gemini-image"
    keys, package, module = KEYS, "google-genai", "google.genai"
    url = API_URL

    def __init__(self, settings: GeminiImageSettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment, settings.model)
        first = "gemini-2.5" in settings.model
        self.info = replace(
            self.info,
            version=f"1+size={settings.image_size}" if settings.image_size else "1",
            max_references=MAX_REFERENCES_OF_FIRST if first else MAX_REFERENCES,
            client=self.package,
        )

    def worst_cost(self, request: ImageRequest) -> int | None:
        """Maximum cost of an image, in micro-dollars; None if it is not known."""
        return self.settings.worst_of(self._size(request))

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image.

        Raises:
            OutcomeUnknown: The request was sent, and the image may have been generated.
            StepError: It did not work.
        """
        references = references_of(
            request, self.info.max_references, self.info.model, max_bytes=MAX_REFERENCE_BYTES
        )
        images = [await read_reference(context, item) for item in references]
        genai = await load("google.genai", "google-genai")
        context.progress(None, f"{self.info.model} is making it")
        reply = await self._ask(genai, contents(genai, request, images), request)
        report(context, reply.usage, self.settings)
        generated = self._image(reply)
        await context.charged(self.settings.cost_of(self._size(request)))
        data = from_base64(self._account, generated.inline.data)
        image = await context.keep(await checked(self._account, data), role=ROLE)
        return GeneratedImage(image=image, seed=request.seed % MAX_SEED)

    async def _ask(self, genai: Any, parts: list[Any], request: ImageRequest) -> GeminiReply:
        settings, asks, heard = self.settings, self.asks(request), LastReply()
        try:
            async with asyncio.timeout(settings.timeout), self._connection(heard) as http:
                client = genai_client(genai, http, self.address, self._key, settings.timeout)
                await client.aio.models.generate_content(
                    model=self.info.model, contents=parts, config=self._config(genai, request)
                )
        except TimeoutError:
            raise out_of_time(self._account, settings.timeout, unknown=asks) from None
        except (genai.errors.APIError, *_broken()) as error:
            # It gives up replies over what is not needed; they are read as they came.
            if not heard.whole:
                raise from_exception(self._account, error, unknown=asks) from None
        return reply_in(self._account, heard, unknown=asks)

    def _connection(self, heard: LastReply) -> AbstractAsyncContextManager[Any]:
        import httpx

        seconds = self.settings.timeout
        limits = guarded(httpx, self.address, timeout=seconds, limit=MAX_IMAGE_BYTES, heard=heard)
        return httpx.AsyncClient(**limits)

    def _config(self, genai: Any, request: ImageRequest) -> Any:
        return genai.types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            should_return_http_response=True,
            seed=request.seed % MAX_SEED,
            image_config=genai.types.ImageConfig(
                aspect_ratio=nearest(request.width, request.height, RATIOS),
                image_size=self._size(request),
            ),
        )

    def _size(self, request: ImageRequest) -> str:
        return self.settings.image_size or size_for(request.width, request.height)

    def _image(self, reply: GeminiReply) -> ContentPart:
        """Return the last image; earlier ones are drafts."""
        if reply.blocked:
            raise refused(self._account, f"the prompt is blocked ({reply.blocked})")
        for one in reply.candidates:
            if images := [part for part in one.answer if part.inline.is_image]:
                return images[-1]
        candidate = reply.candidates[0]
        reason, message = candidate.finish, f"{candidate.message} {candidate.text}".strip()
        if _REFUSALS.search(reason):
            raise refused(self._account, f"{reason} {message}".strip())
        words = f": {self._account.say(message)}" if message else "."
        reason = self._account.say(reason, 60) or "no reason"
        raise Permanent(
            f"{self.info.model} returned no image ({reason}){words}",
            remedy="Say more plainly in the prompt that an image is wanted, or what is in it.",
        )


def contents(genai: Any, request: ImageRequest, images: Sequence[tuple[bytes, str]]) -> list[Any]:
    """Return the model's input: the reference images, then the words.

    Args:
        genai: The package.
        request: What is asked for.
        images: Any number of reference images with their media types.
    """
    part = genai.types.Part
    words = request.prompt
    if request.negative_prompt:
        words += f"\n\nKeep out of the image: {request.negative_prompt}"
    return [
        *(part.from_bytes(data=data, mime_type=kind) for data, kind in images),
        part.from_text(text=words),
    ]


def size_for(width: int, height: int) -> str:
    """Return the smallest supported size that is at least the requested one."""
    longest = max(width, height)
    return "1K" if longest <= 1536 else "2K" if longest <= 3072 else "4K"


def _broken() -> tuple[type[Exception], ...]:
    """Return an error for a broken connection, a limit, or a reply that Google's client rejects."""
    import httpx

    return (httpx.HTTPError, UnreadableReply, OSError, *STUMBLES)
