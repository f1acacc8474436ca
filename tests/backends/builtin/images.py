"""Synthetic images and the examples, for the tests of the embedded backends."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.recipes.refine.input import RefineInput

EXAMPLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "examples" / "prompts.json").read_text("utf-8")
)


def brief(example: dict[str, Any]) -> str:
    """The prompt of an example as the recipe puts it together."""
    return RefineInput.model_validate(example).full_prompt


def size(example: dict[str, Any], longer: int) -> tuple[int, int]:
    """Width and height of an example, reduced to `longer` pixels on the longer side."""
    width, height = example.get("width", 1024), example.get("height", 1024)
    return round(width * longer / max(width, height)), round(height * longer / max(width, height))


def png(pixels: np.ndarray) -> bytes:
    """Encodes sRGB values of 0..1, shape (h, w, 3)."""
    out = io.BytesIO()
    Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def flat(colour: tuple[float, float, float], width: int = 64, height: int = 64) -> np.ndarray:
    """An image of one colour."""
    return np.broadcast_to(np.array(colour), (height, width, 3)).copy()


def pixels(image: bytes) -> np.ndarray:
    """Decodes an image to sRGB values of 0..1."""
    with Image.open(io.BytesIO(image)) as decoded:
        return np.asarray(decoded.convert("RGB"), dtype=float) / 255
