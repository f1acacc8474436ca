"""Schedulers by name, created from a model's own configuration.

Each name stands for a class of diffusers and its options. Schedulers whose noise does not come
from the generators passed to a call (DPM++ SDE draws from its own Brownian tree) are left out:
with them, a seed would not determine an image.
"""

from typing import Any

from engine.contract import Permanent

_CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "dpm++-2m": ("DPMSolverMultistepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpm++-2m-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpm++-2s": ("DPMSolverSinglestepScheduler", {"algorithm_type": "dpmsolver++"}),
    "dpm2": ("KDPM2DiscreteScheduler", {}),
    "dpm2-a": ("KDPM2AncestralDiscreteScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "pndm": ("PNDMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
}

KARRAS = frozenset(
    {
        "default",  # known only when the model is loaded
        "deis",
        "dpm++-2m",
        "dpm++-2m-sde",
        "dpm++-2s",
        "dpm2",
        "dpm2-a",
        "euler",
        "heun",
        "unipc",
    }
)
"""Names of the schedulers that support the noise levels of Karras et al."""

_DISTILLED = frozenset({"lcm", "tcd"})
"""Schedulers of distilled models; diffusers lists them as compatible with nothing."""


def scheduler_like(current: Any, name: str, *, karras: bool) -> Any:
    """Return a fresh scheduler for one call, since schedulers have a state.

    Args:
        current: The model's own scheduler.
        name: One of the names, or `default` for the model's own.
        karras: True to use the noise levels of Karras et al.

    Raises:
        Permanent: The model does not run with it.
    """
    import diffusers

    class_name, changes = _CLASSES.get(name, (type(current).__name__, {}))
    scheduler = type(current) if name == "default" else getattr(diffusers, class_name)
    if name != "default" and not _fits(current, scheduler, name):
        raise Permanent(
            f"This model does not run with the scheduler {name}.",
            remedy="Set diffusers.scheduler to default.",
        )
    if karras:
        if "use_karras_sigmas" not in current.config and name == "default":
            raise Permanent(
                "The model's own scheduler does not know Karras noise levels.",
                remedy="Set diffusers.scheduler to euler or dpm++-2m, or diffusers.karras to "
                "false.",
            )
        changes = {**changes, "use_karras_sigmas": True}
    return scheduler.from_config(current.config, **changes)


def _fits(current: Any, scheduler: type, name: str) -> bool:
    compatible = current.compatibles
    return (
        scheduler is type(current)
        or scheduler in compatible
        or (name in _DISTILLED and bool(compatible))
    )
