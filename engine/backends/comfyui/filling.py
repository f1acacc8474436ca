"""Fill the slots of a workflow from a request and the settings."""

from typing import Any

from engine.backends.comfyui.settings import ComfySettings
from engine.backends.comfyui.sizes import base_size, in_steps
from engine.backends.comfyui.workflow import SlotName, Workflow
from engine.contract import ImageRequest

REFINER_SHARE = 0.8
"""Share of the steps that the base model makes before the refiner."""


def values_for(
    workflow: Workflow, settings: ComfySettings, request: ImageRequest, reference: str | None
) -> dict[SlotName, Any]:
    """The value of each slot; None leaves what the workflow itself has there.

    Args:
        workflow: The workflow.
        settings: The settings.
        request: What is asked for.
        reference: The server's name of the reference image, if there is one.
    """
    steps = settings.steps or workflow.value("steps")
    wide, high = in_steps(request.width), in_steps(request.height)
    base_wide, base_high = base_size(request.width, request.height)
    return {
        "prompt": request.prompt,
        "negative": request.negative_prompt,
        "seed": request.seed,
        "width": wide,
        "height": high,
        "base_width": base_wide,
        "base_height": base_high,
        "steps": settings.steps,
        "switch_step": round(steps * REFINER_SHARE) if isinstance(steps, int) else None,
        "cfg": settings.cfg,
        "denoise": settings.denoise,
        "reference": reference,
        "checkpoint": settings.model or None,
        "refiner": settings.refiner,
        "upscaler": settings.upscaler,
    }
