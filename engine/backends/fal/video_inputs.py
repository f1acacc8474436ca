"""Inputs of a request for a clip on fal."""

from typing import Any

from engine.backends.common.shapes import nearest
from engine.backends.fal.inputs import seed_of, version_with
from engine.backends.fal.settings import FalSettings
from engine.backends.fal.video_models import ClipModel, ImageEndpoint, Resolution
from engine.contract import Permanent
from engine.contract.video import VideoRequest

_ENLARGED = 0.98
"""Part of a side that a resolution has to have, so that it is not too small for a request."""


def endpoint_for(model: ClipModel, request: VideoRequest) -> str | ImageEndpoint:
    """Return the endpoint that a request goes to: an id, or one that starts from images.

    Raises:
        Permanent: The model has no endpoint for such a request.
    """
    first, last = request.first_image, request.last_image
    if first is None and last is not None:
        raise Permanent("A clip with a last image also needs a first image.")
    if first is None:
        if model.text is None:
            raise Permanent(
                f"{model.endpoints[0]} starts from an image, and there is none.",
                remedy="Choose another model with fal.video_model.",
            )
        return model.text
    if model.image is None or (last and model.image.last is None and model.between is None):
        name = "a first image" if model.image is None else "a last image"
        raise Permanent(f"{model.endpoints[0]} does not take {name}.")
    return model.between if last and model.between else model.image


def resolution_for(settings: FalSettings, model: ClipModel, request: VideoRequest) -> Resolution:
    """Return the smallest resolution that is large enough, or the largest one there is.

    Raises:
        Permanent: The model does not have the one of the settings.
    """
    wanted = settings.video_arguments.get(model.resolution or "") or settings.video_resolution
    if wanted is not None and model.resolution:
        for one in model.resolutions:
            if one.name == wanted:
                return one
        names = ", ".join(one.name for one in model.resolutions)
        raise Permanent(
            f"fal.video_resolution: the model does not have {wanted}.",
            remedy=f"Use one of: {names}.",
        )
    side = min(request.width, request.height) * _ENLARGED
    usable = [one for one in model.resolutions if one.longest >= request.seconds]
    return next((one for one in usable if one.side >= side), usable[-1])


def price_factor(settings: FalSettings, model: ClipModel, request: VideoRequest) -> float:
    """Return the price of a clip as a multiple of that of a silent one of the usual resolution."""
    sound = model.sound_price if request.sound and model.sound else 1.0
    return sound * resolution_for(settings, model, request).price


def clip_arguments(
    settings: FalSettings, model: ClipModel, request: VideoRequest, images: list[str]
) -> dict[str, Any]:
    """Return the model's input for a request; inputs of the settings win.

    Args:
        settings: Settings of the backend.
        model: The model.
        request: The request.
        images: The first image and the last one, as far as there are any, as URIs.
    """
    chosen = endpoint_for(model, request)
    sent = {"prompt": request.prompt, **model.fixed, model.seconds: _length(model, request)}
    if isinstance(chosen, ImageEndpoint):
        names = (chosen.first, chosen.last)
        sent |= {name: image for name, image in zip(names, images, strict=False) if name}
    if model.ratio and (isinstance(chosen, str) or model.ratio_of_image):
        sent[model.ratio] = nearest(request.width, request.height, model.shapes)
    if model.resolution:
        sent[model.resolution] = resolution_for(settings, model, request).name
    return {**sent, **_optional(model, request), **settings.video_arguments}


def _optional(model: ClipModel, request: VideoRequest) -> dict[str, Any]:
    values: list[tuple[str | None, Any]] = [
        (model.seed, seed_of(request)),
        (model.negative, request.negative_prompt or None),
        (model.steps, request.steps),
        (model.guidance, request.guidance),
        (model.sound, request.sound),
    ]
    return {name: value for name, value in values if name and value is not None}


def _length(model: ClipModel, request: VideoRequest) -> str | int | float:
    if model.frames is not None:
        return model.frames.within(request.seconds * model.frame_rate)
    seconds = int(request.seconds) if request.seconds.is_integer() else request.seconds
    return seconds if model.seconds_as is None else model.seconds_as.format(seconds)


def clips_version(settings: FalSettings) -> str:
    """Version of the method; settings that change what comes out are part of it."""
    return version_with(settings.model_dump(include={"video_arguments", "video_resolution"}))
