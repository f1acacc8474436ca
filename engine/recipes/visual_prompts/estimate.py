"""Estimates of a sample's calls."""

from collections.abc import Mapping

from engine.recipes.visual_prompts.input import VisualPromptsInput
from engine.recipes.visual_prompts.settings import VisualPromptsSettings


def calls_of(
    entry: VisualPromptsInput, settings: VisualPromptsSettings
) -> Mapping[str, tuple[int, int]]:
    """Return the minimum and maximum calls of one sample by capability, if nothing fails.

    Each prompt may have to be written again once. Prompts are embedded at the end of a batch, many
    at a time, so that there is at most one call per sample.
    """
    prompts = settings.prompts if entry.sound is not None else 0
    images = prompts if settings.images else 0
    return {
        "text": (prompts, 2 * prompts),
        "embedding": (0, 1),
        "image": (images, images),
        "score": (images, images),
    }
