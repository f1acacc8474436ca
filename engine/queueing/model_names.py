"""Short names of models in inputs, as settings of the backend that makes the medium."""

from collections.abc import Mapping
from typing import Any

from engine.contract.backend_names import names_of
from engine.intake.shared_fields import MODEL
from engine.queueing.overrides import QueueError
from engine.queueing.plan import BatchPlan
from engine.text.terminal import quoted

SHORT_NAMES: Mapping[str, Mapping[str, str]] = {
    "fal": {
        "flux": "fal-ai/flux/dev",
        "flux-dev": "fal-ai/flux/dev",
        "flux-schnell": "fal-ai/flux/schnell",
        "flux-pro": "fal-ai/flux-pro/v1.1",
        "sdxl": "fal-ai/fast-sdxl",
        "sdxl-lightning": "fal-ai/fast-lightning-sdxl",
        "fast-lightning-sdxl": "fal-ai/fast-lightning-sdxl",
        "nano-banana": "fal-ai/nano-banana-2",
    },
    "diffusers": {
        "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
        "flux": "black-forest-labs/FLUX.1-dev",
        "flux-dev": "black-forest-labs/FLUX.1-dev",
        "flux-schnell": "black-forest-labs/FLUX.1-schnell",
    },
}
"""Short names by backend."""

_MEDIA = ("image", "audio", "video")


def with_model(plan: BatchPlan, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with `model` as the setting of a backend.

    Args:
        plan: Plan of the batch.
        settings: Settings of an entry.

    Raises:
        QueueError: The backend has no such model by that name.
    """
    if MODEL not in settings or MODEL in plan.recipe.settings.model_fields:
        return dict(settings)
    others = {name: value for name, value in settings.items() if name != MODEL}
    capability = next((name for name in _MEDIA if name in plan.backends), "")
    if not capability:
        raise QueueError(f"{plan.recipe.name} makes no image, sound or film, so it has no `model`.")
    backend = plan.backends[capability].info
    name = names_of(str(others.get(capability, backend.name)))[0]
    model = str(settings[MODEL])
    known = SHORT_NAMES.get(name, {})
    if name == backend.name and model == backend.model:
        return others
    if model.lower() in known:
        return {**others, f"{name}.model": known[model.lower()]}
    if model in known.values():
        return {**others, f"{name}.model": model}
    if not known:
        raise QueueError(
            f"{quoted(model, 80)} is no model of {name}: no input can name its models.",
            remedy=f"Choose another backend with --set {capability}=NAME.",
        )
    raise QueueError(
        f"{quoted(model, 80)} is no model of {name} that an input may name: it knows "
        f"{', '.join(known)}.",
        remedy=f"Set any other with --set {name}.model=NAME, or choose another backend with "
        f"--set {capability}=NAME.",
    )
