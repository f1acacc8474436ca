"""Samplers of sound pipelines by name, and their noise.

A model of sounds is trained for the noise levels of one scheduler, so a sampler is a variant of
that scheduler, never another class.
"""

from collections.abc import Sequence
from typing import Any

from engine.contract import Permanent

DEFAULT = "default"
COSINE = "CosineDPMSolverMultistepScheduler"
"""Scheduler of Stable Audio Open, whose noise is a Brownian tree of torchsde."""


_VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    COSINE: {
        "dpmpp-2m-sde": {"solver_order": 2, "sigma_schedule": "exponential"},
        "dpmpp-2m-sde-karras": {"solver_order": 2, "sigma_schedule": "karras"},
    },
    "EDMDPMSolverMultistepScheduler": {
        "dpmpp-2m": {"solver_order": 2, "algorithm_type": "dpmsolver++"},
        "dpmpp-2m-sde": {"solver_order": 2, "algorithm_type": "sde-dpmsolver++"},
        "dpmpp-3m": {"solver_order": 3, "algorithm_type": "dpmsolver++"},
    },
    "FlowMatchEulerDiscreteScheduler": {
        "euler": {"stochastic_sampling": False},
        "pingpong": {"stochastic_sampling": True},
    },
}
"""Options of each sampler by the class of the model's scheduler."""


def sampler_names(scheduler: str) -> tuple[str, ...]:
    """Return the samplers of a model, `default` first.

    Args:
        scheduler: Class of its scheduler.
    """
    return (DEFAULT, *_VARIANTS.get(scheduler, {}))


def sampler_like(current: Any, name: str) -> Any:
    """Return a fresh scheduler for one call, since schedulers have a state.

    Args:
        current: The model's own scheduler.
        name: One of `sampler_names`.

    Raises:
        Permanent: The model does not run with it.
    """
    scheduler = type(current).__name__
    if name not in sampler_names(scheduler):
        raise unknown_sampler(name, scheduler)
    changes = {} if name == DEFAULT else _VARIANTS[scheduler][name]
    return type(current).from_config(current.config, **changes)


def unknown_sampler(name: str, scheduler: str) -> Permanent:
    """Return the error for a sampler that a model does not have."""
    names = ", ".join(sampler_names(scheduler))
    return Permanent(
        f"This model does not run with the sampler {name}; it has {names}.",
        remedy="Choose one of these.",
    )


def draw_on_processor(scheduler: Any, seeds: Sequence[int]) -> None:
    """Let a scheduler with a Brownian tree draw its noise on the processor, from a seed a sound.

    By itself it draws on the device, where the same seed gives other noise. Schedulers that take
    their noise from the generators of a call are left as they are.
    """
    if type(scheduler).__name__ != COSINE:
        return
    step = scheduler.step

    def step_with_noise(model_output: Any, *args: Any, generator: Any = None, **more: Any) -> Any:
        if scheduler.noise_sampler is None:  # set anew with each schedule of steps
            scheduler.noise_sampler = _noise(scheduler.config, model_output, seeds)
        return step(model_output, *args, generator=generator, **more)

    scheduler.step = step_with_noise


def _noise(config: Any, like: Any, seeds: Sequence[int]) -> Any:
    from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler

    plain = like.detach().float().cpu()
    tree = BrownianTreeNoiseSampler(plain, config.sigma_min, config.sigma_max, seed=list(seeds))
    return lambda sigma, following: tree(sigma, following).to(like.dtype)
