"""Inputs of models on fal: every model names them differently.

Names are those of the models' pages (https://fal.ai/models/ID/llms.txt). A model that is not
known here gets the commonest names; settings can override them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.backends.fal.settings import FalSettings
from engine.contract import ImageRequest, Permanent
from engine.contract.data import PromptedRequest

MAX_SEED = 2**32
"""Seeds are sent below this, which every model takes."""

MAX_REFERENCES = 10
"""Reference images for an input that takes a list of them."""


@dataclass(frozen=True, slots=True)
class ModelInputs:
    """Names of a model's inputs.

    Attributes:
        png: The input that chooses the image's format, None if there is none.
        negative: The input for what to keep out, None if there is none.
        reference: The input for a reference image, None if it takes none.
        reference_path: What is added to the model's id to follow a reference image.
        has_size: Whether it takes `image_size` with width and height.
    """

    png: str | None = "output_format"
    negative: str | None = None
    reference: str | None = None
    reference_path: str = ""
    has_size: bool = True


_KNOWN = {
    "fal-ai/fast-lightning-sdxl": ModelInputs("format", None, "image_url", "/image-to-image"),
    "fal-ai/fast-sdxl": ModelInputs("format", "negative_prompt", "image_url", "/image-to-image"),
    "fal-ai/flux/dev": ModelInputs("output_format", None, "image_url", "/image-to-image"),
    "fal-ai/flux": ModelInputs("output_format"),
    "fal-ai/stable-diffusion-v35-large": ModelInputs("output_format", "negative_prompt"),
    "fal-ai/nano-banana": ModelInputs("output_format", None, "image_urls", "/edit", has_size=False),
    "fal-ai/qwen-image": ModelInputs(
        "output_format", "negative_prompt", "image_url", "/image-to-image"
    ),
}
_UNKNOWN = ModelInputs("output_format", "negative_prompt")


def names_of(model: str) -> ModelInputs:
    """Return the names of a model's inputs: those of the longest id that it begins with."""
    known = [id_ for id_ in _KNOWN if model == id_ or model.startswith((f"{id_}/", f"{id_}-"))]
    return _KNOWN[max(known, key=len)] if known else _UNKNOWN


def endpoint(settings: FalSettings, has_reference: bool) -> str:
    """The endpoint that a request goes to.

    Raises:
        Permanent: There is a reference image and the model takes none.
    """
    if not has_reference:
        return settings.model
    names = names_of(settings.model)
    if settings.reference_field is None and names.reference is None:
        raise Permanent(
            f"{settings.model} is not known to take a reference image.",
            remedy="Set fal.reference_field to the input that takes one (and fal.reference_model "
            "to the endpoint that has it), or choose another model.",
        )
    if settings.reference_model is not None:
        return settings.reference_model
    path = names.reference_path
    return settings.model if settings.model.endswith(path) else settings.model + path


def max_references(settings: FalSettings) -> int:
    """Maximum number of reference images in a model's input: the name of a list is a plural."""
    return MAX_REFERENCES if _reference_field(settings).endswith("s") else 1


def _reference_field(settings: FalSettings) -> str:
    return settings.reference_field or names_of(settings.model).reference or "image_url"


def arguments(
    settings: FalSettings, request: ImageRequest, references: Sequence[str]
) -> dict[str, Any]:
    """The model's input for a request.

    Args:
        settings: The backend's settings.
        request: What is asked for.
        references: The reference images as URIs, no more than the model takes.
    """
    names = names_of(settings.model)
    sent: dict[str, Any] = {"prompt": request.prompt, "num_images": 1, "seed": seed_of(request)}
    if names.has_size:
        sent["image_size"] = {"width": request.width, "height": request.height}
    if names.png:
        sent[names.png] = "png"
    if request.negative_prompt and names.negative:
        sent[names.negative] = request.negative_prompt
    if references:
        field = _reference_field(settings)
        sent[field] = list(references) if field.endswith("s") else references[0]
    return {**sent, **settings.arguments}


def seed_of(request: PromptedRequest) -> int:
    """The seed that is sent: the request's own, folded into what every model takes."""
    return request.seed % MAX_SEED


def version_of(settings: FalSettings) -> str:
    """Version of the method; settings that change what comes out are part of it."""
    changed = settings.model_dump(include={"reference_model", "reference_field", "arguments"})
    return version_with(changed)


def version_with(changed: Mapping[str, Any]) -> str:
    """Version of the method with settings that change what comes out; plain if none is set."""
    if not any(changed.values()):
        return "1"
    text = json.dumps(changed, sort_keys=True, default=str)
    return f"1+{hashlib.sha256(text.encode()).hexdigest()[:12]}"
