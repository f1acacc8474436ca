"""Inputs of a task at Runway."""

import asyncio
import re
from typing import Any

from engine.backends.common.download import data_uri
from engine.backends.common.references import read_reference
from engine.backends.common.shapes import nearest
from engine.backends.runway.models import RunwayModel
from engine.backends.runway.settings import RunwaySettings
from engine.backends.runway.tasks import Endpoint
from engine.contract import Artifact, CallContext, Permanent
from engine.contract.video import VideoRequest
from engine.imaging.sending import within

MAX_URI = 5 * 10**6
"""Most characters of an image inside a request; Runway takes 5 MB."""

_MAX_BYTES = MAX_URI // 4 * 3 - 100
_MAX_SEED = 2**32


def endpoint_of(model: RunwayModel, name: str, request: VideoRequest) -> Endpoint:
    """Return where a request goes.

    Raises:
        Permanent: The model cannot do without a first image.
    """
    if request.first_image is not None:
        return "image_to_video"
    if request.last_image is not None:
        raise Permanent("A clip with a last image also needs a first image.")
    if not model.text:
        raise Permanent(
            f"{name} starts from an image, and there is none.",
            remedy="Choose another model with runway.model.",
        )
    return "text_to_video"


async def task_input(
    settings: RunwaySettings, model: RunwayModel, request: VideoRequest, context: CallContext
) -> dict[str, Any]:
    """Return the input of a task, by the names of Runway's client.

    Raises:
        Permanent: An image cannot be sent.
    """
    endpoint = endpoint_of(model, settings.model, request)
    sent: dict[str, Any] = {
        "model": settings.model,
        "prompt_text": fitted(request.prompt, model.max_prompt),
        "duration": round(request.seconds),
    }
    if ratios := model.image if endpoint == "image_to_video" else model.text:
        sent["ratio"] = nearest(request.width, request.height, ratios)
    if request.first_image is not None:
        sent["prompt_image"] = await _images(request, context)
    if model.seed:
        sent["seed"] = seed_of(request)
    if model.negative and request.negative_prompt:
        sent["negative_prompt"] = request.negative_prompt
    if model.sound:
        sent["audio"] = request.sound
    return sent


async def _images(request: VideoRequest, context: CallContext) -> list[dict[str, str]]:
    images = {"first": request.first_image, "last": request.last_image}
    return [
        {"position": position, "uri": await _uri(image, context)}
        for position, image in images.items()
        if image is not None
    ]


async def _uri(image: Artifact, context: CallContext) -> str:
    sendable = await read_reference(context, image)
    sendable = await asyncio.to_thread(within, sendable, _MAX_BYTES)
    if len(sendable.data) > _MAX_BYTES:
        raise Permanent(
            f"An image has {len(sendable.data) / 1e6:.1f} MB; Runway takes {_MAX_BYTES / 1e6:.1f}.",
            remedy="Use a smaller one.",
        )
    return data_uri(*sendable)


def seed_of(request: VideoRequest) -> int:
    """Return the seed that is sent: the request's own, below 2**32."""
    return request.seed % _MAX_SEED


def fitted(prompt: str, limit: int) -> str:
    """Return a prompt cut after its last whole word within a limit.

    Args:
        prompt: The prompt.
        limit: Maximum length in UTF-16 code units.
    """
    data = prompt.encode("utf-16-le")
    if len(data) <= 2 * limit:
        return prompt
    cut = data[: 2 * limit].decode("utf-16-le", "ignore")
    return re.sub(r"\s+\S*$", "", cut).rstrip(" ,;") or cut
