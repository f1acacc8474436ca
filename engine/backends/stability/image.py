"""Capability `image` of Stability AI: one multipart call, one image.

Wire format: https://platform.stability.ai/docs/api-reference (v2beta, Generate).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import AliasChoices, Field, model_validator

from engine.backends.common.chat_client import read_as
from engine.backends.common.download import from_base64, keep_image
from engine.backends.common.error_bodies import said_in
from engine.backends.common.failures import from_status, refused, unless_made
from engine.backends.common.posting import post
from engine.backends.common.reading import Lenient, Seed, plain, word
from engine.backends.common.references import read_reference, references_of
from engine.backends.common.remote_image import RemoteImageBackend
from engine.backends.common.shapes import nearest
from engine.backends.stability.settings import API_URL, KEYS, StabilitySettings
from engine.contract import (
    CallContext,
    GeneratedImage,
    ImageRequest,
    Permanent,
    StepError,
)

RATIOS = ("21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21")
"""Supported shapes; the size in pixels is the model's own."""

MAX_SEED = 2**32 - 1
"""Seeds are below this."""


_SUCCESS = "SUCCESS"


def _first_of_earlier(reply: Any) -> Any:
    """Return the first image of a reply in the format of the earlier interface."""
    listed = reply.get("artifacts") if isinstance(reply, dict) else None
    return listed[0] if isinstance(listed, list) and listed else reply


class _ImageReply(Lenient):
    image: str = Field(validation_alias=AliasChoices("image", "base64"))
    seed: Seed = None
    finish_reason: str = Field(
        _SUCCESS, validation_alias=AliasChoices("finish_reason", "finishReason")
    )

    _of_earlier = model_validator(mode="before")(_first_of_earlier)


class StabilityImages(RemoteImageBackend[StabilitySettings]):
    """Images from Stability AI. A call that was cut off cannot be found again."""

    name = "stability"
    keys, package, module = KEYS, "httpx", "httpx"
    url = API_URL

    def __init__(self, settings: StabilitySettings, environment: Mapping[str, str]) -> None:
        super().__init__(settings, environment, settings.model)
        # The seed is sent.
        self.info = replace(self.info, version=_version(settings), reusable=True)

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        """Generate the requested image.

        Raises:
            OutcomeUnknown: The request was sent, and the image may have been generated.
            StepError: It did not work.
        """
        first = next(iter(references_of(request, 1, self.info.model)), None)
        reference = None if first is None else (await read_reference(context, first)).data
        fields = self._fields(request, reference is not None)
        context.progress(None, f"{self.info.model} is making it")
        reply, data = await self._made(fields, reference)
        if reply.image or data:  # a blurred one costs as much as any other
            await context.charged(self.settings.cost)
        finish = reply.finish_reason.upper()
        if "FILTERED" in finish:
            raise refused(self._account, "its content filter held the image back")
        if finish != _SUCCESS and not reply.image and not data:
            reason = self._account.say(finish, 60)
            raise Permanent(f"{self.info.model} returned no image ({reason}).")
        data = data or from_base64(self._account, reply.image)
        image = await keep_image(context, self._account, data)
        seed = fields["seed"] if reply.seed is None else reply.seed
        return GeneratedImage(image=image, seed=int(seed))

    def _fields(self, request: ImageRequest, has_reference: bool) -> dict[str, str]:
        settings = self.settings
        fields = {
            "prompt": request.prompt,
            "seed": str(request.seed % MAX_SEED),
            "output_format": "png",
        }
        if request.negative_prompt and "turbo" not in self.info.model:
            fields["negative_prompt"] = request.negative_prompt
        if settings.style_preset:
            fields["style_preset"] = settings.style_preset
        if self._endpoint == "sd3":
            fields["model"] = self.info.model
            fields["mode"] = "image-to-image" if has_reference else "text-to-image"
        if not has_reference:
            fields["aspect_ratio"] = nearest(request.width, request.height, RATIOS)
        elif self._endpoint == "core":
            raise Permanent(
                "Stable Image Core takes no reference image.",
                remedy="Set stability.model to ultra or to an sd3 model.",
            )
        else:
            fields["strength"] = f"{settings.strength:g}"
        return fields

    @property
    def _endpoint(self) -> str:
        return "sd3" if self.info.model.startswith("sd3") else self.info.model

    async def _made(
        self, fields: dict[str, str], reference: bytes | None
    ) -> tuple[_ImageReply, bytes]:
        """Return the reply, and the image's bytes if the reply was the image itself."""
        response = await self._send(fields, reference)
        if response.status_code != 200:
            raise self._refusal(response)
        headers = response.headers
        if headers.get("content-type", "").startswith("image/"):
            fields_of_headers = {
                "seed": headers.get("seed"),
                "finish_reason": headers.get("finish-reason"),
            }
            return _ImageReply.model_validate({"image": "", **fields_of_headers}), response.content
        reply = read_as(
            _ImageReply,
            self._account,
            response.content,
            headers,
            what="no image",
            unknown=self.settings.asks,
        )
        return reply, b""

    async def _send(self, fields: dict[str, str], reference: bytes | None) -> Any:
        # Every field is a part of its own, a file too, so that the body is multipart always.
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
        if reference is not None:
            parts.append(("image", ("reference", reference, "application/octet-stream")))
        return await post(
            self._account,
            self.address,
            f"/v2beta/stable-image/generate/{self._endpoint}",
            timeout=self.settings.timeout,
            unknown=self.settings.asks,
            headers={
                "Authorization": f"Bearer {self._key or 'none'}",
                "Accept": "application/json",
            },
            files=parts,
        )

    def _refusal(self, response: Any) -> StepError:
        name, message = _said(response)
        if name == "content_moderation" or "content_moderation" in message:
            return refused(self._account, message)
        error = from_status(self._account, response.status_code, message, response.headers)
        return unless_made(error, response.status_code, unknown=self.settings.asks)


def _said(response: Any) -> tuple[str, str]:
    """Name and words of an error: `{"id", "name", "errors": [...]}`."""
    body = plain(response.content)
    if not isinstance(body, dict):
        return "", str(response.text[:2000])
    errors = body.get("errors")
    words = "; ".join(map(word, errors)) if isinstance(errors, list) else said_in(response.content)
    name = word(body.get("name"))
    return name, f"{name}: {words}" if name else words


def _version(settings: StabilitySettings) -> str:
    style = f"+style={settings.style_preset}" if settings.style_preset else ""
    return f"1+strength={settings.strength:g}{style}"
