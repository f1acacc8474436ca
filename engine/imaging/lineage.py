"""Origin of an image, carried by the image itself in two PNG text chunks.

`parameters` is for the ecosystem's readers (see `engine.imaging.infotext`); `safelight` is JSON
and exact. Neither holds a time or an id of a run, so the same generation gives the same bytes.
"""

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.imaging.infotext import Infotext, format_infotext
from engine.imaging.png import insert_text, read_text

PARAMETERS = "parameters"
"""Keyword of the chunk that the ecosystem reads."""

SAFELIGHT = "safelight"
"""Keyword of the chunk that is read back here."""

VERSION = 1
"""Version of the JSON in the `safelight` chunk."""


def _is_empty(value: tuple[Any, ...]) -> bool:
    return not value


class Used(BaseModel):
    """Something that an image was generated with, and its licence.

    Attributes:
        name: Its name, for example `org/model@1a2b3c4d5e6f`.
        role: What it is: `weights`, `lora`, ...
        licence: Its licence as it states it itself; empty if it states none.
        stated_in: Where the licence stands; empty without one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    role: str
    licence: str = ""
    stated_in: str = ""


class Lineage(BaseModel):
    """Inputs that an image was generated from, and the backend that generated it.

    Attributes:
        prompt: What the backend was asked to show.
        negative_prompt: What it was asked to keep out.
        seed: Source of its randomness, 0 to 2**63 - 1.
        width: Width that was asked for, in pixels.
        height: Height that was asked for, in pixels.
        backend: Name of the backend.
        model: The model it ran.
        version: Version of the backend's own method; empty if unknown.
        reference: SHA-256 of the reference image, if there was one.
        more_references: Those of further ones. Left out of the JSON if empty, so that
            an image without them has the bytes that it always had.
        materials: Weights and the like, with their licences; likewise left out if empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0, lt=2**63)
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    backend: str
    model: str
    version: str = ""
    reference: str | None = None
    more_references: tuple[str, ...] = Field(default=(), exclude_if=_is_empty)
    materials: tuple[Used, ...] = Field(default=(), exclude_if=_is_empty)


def stamp(png: bytes, lineage: Lineage) -> bytes:
    """Write the lineage into a PNG file, replacing an earlier one; pixels are unchanged.

    Raises:
        ImageError: The bytes are not a whole PNG file.
    """
    return insert_text(png, text_chunks(lineage))


def text_chunks(lineage: Lineage) -> dict[str, str]:
    """Return the chunks that `stamp` writes: text by keyword."""
    return {PARAMETERS: parameters_text(lineage), SAFELIGHT: json.dumps(document(lineage))}


def read(png: bytes) -> Lineage | None:
    """Return the lineage that `stamp` wrote, or None if none can be understood.

    Raises:
        ImageError: The bytes are not a whole PNG file.
    """
    return _from_json(read_text(png).get(SAFELIGHT, ""))


def parameters_text(lineage: Lineage) -> str:
    """Return the lineage as the ecosystem's text.

    Readers expect `Steps` and a `Sampler`. One request to a backend is one step here, and the
    sampler is the backend, which decided how the image was drawn.
    """
    parameters = {
        "Steps": "1",
        "Sampler": lineage.backend,
        "Seed": str(lineage.seed),
        "Size": f"{lineage.width}x{lineage.height}",
        "Model": lineage.model,
    }
    if lineage.version:
        parameters["Version"] = lineage.version
    text = format_infotext(
        Infotext(
            prompt=lineage.prompt,
            negative_prompt=lineage.negative_prompt,
            parameters=parameters,
        )
    )
    # A PNG text chunk holds neither NUL nor halves of characters; the JSON chunk is exact.
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def document(lineage: Lineage) -> dict[str, Any]:
    """Return the lineage as the plain data of the JSON chunk."""
    fields = lineage.model_dump(mode="json")
    fields["backend_version"] = fields.pop("version")
    return {"version": VERSION, **fields}


def read_document(data: Any) -> Lineage | None:
    """Return the lineage of such data; None if it cannot be understood."""
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return None
    fields = {**data, "version": data.get("backend_version", "")}
    fields.pop("backend_version", None)
    try:
        return Lineage.model_validate(fields)
    except ValidationError:
        return None


def _from_json(text: str) -> Lineage | None:
    try:
        return read_document(json.loads(text))
    except (ValueError, RecursionError):
        return None
