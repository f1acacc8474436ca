"""Prompts for images that were exported, as entries of recipes that take a prompt.

The recipe `visual-prompts` exports them as `prompts_for_image_generation.json`, a list of objects.
"""

from collections.abc import Mapping
from typing import Any

TEXT = "visual_prompt"

_ABOUT_IT = frozenset(
    {
        "sample_idx",
        "prompt_id",
        "mode",
        "temperature",
        "features",
        "abc_notation",
        "image_path",
        "status",
        "image_error",
        "scores",
        "generation_metadata",
    }
)
"""Keys that say where a prompt comes from, and what was done with it."""


def is_of_export(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is a prompt of an export."""
    return TEXT in entry and "prompt" not in entry


def prompt_name(sample: int, prompt: int) -> str:
    """Return the name of a prompt: `sample_007_prompt_02`."""
    return f"sample_{sample:03d}_prompt_{prompt:02d}"


def entry_of_export(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a prompt of an export as an entry: `prompt`, and an `id` of its sample and number.

    Keys about its origin go, and all others stay.
    """
    sample, prompt = entry.get("sample_idx"), entry.get("prompt_id")
    kept = {name: value for name, value in entry.items() if name not in _ABOUT_IT}
    text = kept.pop(TEXT)
    if type(sample) is int and type(prompt) is int and min(sample, prompt) >= 0:
        kept.setdefault("id", prompt_name(sample, prompt))
    return {"prompt": text, **kept}
