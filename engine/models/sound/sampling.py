"""Denoising of latents by the samplers of k-diffusion and stable-audio-tools.

Each sound has its own noise, drawn by a generator of its own on the processor, so that a seed gives
the same sound with any others in the call. One sound alone on a processor is, to the bit, what
`generate_diffusion_cond` of stable-audio-tools returns for the same seed and as many latents.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.contract import Permanent
from engine.models.seeds import folded
from engine.models.sound import library
from engine.models.sound.model_config import Objective
from engine.models.sound.options import FLOW_SAMPLERS, V_SAMPLERS, SoundSampling

STEPS, GUIDANCE = 100, 7.0
"""Usual number of denoising steps and scale of guidance."""

DISTILLED_STEPS, DISTILLED_GUIDANCE = 8, 1.0
"""The same for a distilled model (https://arxiv.org/abs/2505.08175)."""

_K_SAMPLERS = {
    "dpmpp-2m-sde": "sample_dpmpp_2m_sde",
    "dpmpp-3m-sde": "sample_dpmpp_3m_sde",
    "dpmpp-2m": "sample_dpmpp_2m",
    "k-heun": "sample_heun",
    "k-lms": "sample_lms",
    "k-dpm-2": "sample_dpm_2",
    "k-dpmpp-2s-ancestral": "sample_dpmpp_2s_ancestral",
}
"""Functions of k-diffusion by the names that stable-audio-tools gives them."""

_BROWNIAN = frozenset({"dpmpp-2m-sde", "dpmpp-3m-sde"})
"""Samplers that draw noise from a Brownian tree."""

_ANCESTRAL = frozenset({"k-dpmpp-2s-ancestral"})
"""Samplers that draw noise at each step."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A sampling with all defaults of its model filled in.

    Attributes:
        steps: Denoising steps.
        guidance: Scale of classifier-free guidance.
        sampler: Name of the sampler.
        sampling: The rest of it.
    """

    steps: int
    guidance: float
    sampler: str
    sampling: SoundSampling

    @property
    def start(self) -> float:
        """Noise level from which a sound to start from is denoised, with the objective v.

        The levels are spaced evenly by their logarithms, and `init_noise` is the share of them that
        is gone through, as `denoise` is in ComfyUI.
        """
        lowest, highest = self.sampling.sigma_min, self.sampling.sigma_max
        return float(lowest * (highest / lowest) ** self.sampling.init_noise)


def schedule_of(sampling: SoundSampling, objective: Objective) -> Schedule:
    """Fill in the defaults of a model's objective.

    Raises:
        Permanent: The sampler is for models of another objective.
    """
    known = V_SAMPLERS if objective == "v" else FLOW_SAMPLERS
    is_distilled = objective == "rf_denoiser"
    sampler = sampling.sampler or ("pingpong" if is_distilled else known[0])
    if sampler not in known:
        raise Permanent(
            f"The sampler {sampler!r} is not for a model with the objective {objective}.",
            remedy=f"Choose one of: {', '.join(known)}.",
        )
    steps = sampling.steps or (DISTILLED_STEPS if is_distilled else STEPS)
    guidance = sampling.guidance
    if guidance is None:
        guidance = DISTILLED_GUIDANCE if is_distilled else GUIDANCE
    return Schedule(steps, guidance, sampler, sampling)


@dataclass(slots=True)
class Sampler:
    """A call of a denoiser.

    Attributes:
        model: The whole model.
        schedule: How it is sampled.
        conditions: What the denoiser is given at each step, a row for each sound.
        device: Device for torch.
        on_step: Called at the end of each step with the latents as they are denoised so far.
    """

    model: Any
    schedule: Schedule
    conditions: dict[str, Any]
    device: str
    on_step: Callable[[Any], None]

    def latents(self, seeds: Sequence[int], shape: tuple[int, int], init: Any = None) -> Any:
        """Return latents of shape (sounds, channels, length), as 32-bit floats.

        Args:
            seeds: Seed of each sound.
            shape: Channels and length of the latents.
            init: Latents to start from, of the shape of the result; None for noise alone.
        """
        import torch

        if init is not None and self.schedule.sampling.init_noise == 0:
            return init
        generators = [torch.Generator("cpu").manual_seed(folded(seed)) for seed in seeds]
        noise = torch.stack([torch.randn(shape, generator=one) for one in generators])
        noise = noise.to(self.device)
        sample = self._by_velocity if self.model.diffusion_objective == "v" else self._by_flow
        with torch.inference_mode(), library.quiet():
            return sample(noise, init, generators).float()

    def _by_velocity(self, noise: Any, init: Any, generators: Sequence[Any]) -> Any:
        schedule, sampling = self.schedule, self.schedule.sampling
        if schedule.sampler not in _K_SAMPLERS:
            return self._by_ddim(noise, init)
        library_ = library.k_diffusion()
        highest = sampling.sigma_max if init is None else schedule.start
        sigmas = library_.sampling.get_sigmas_polyexponential(
            schedule.steps, sampling.sigma_min, highest, sampling.rho, device=self.device
        )
        start = noise * sigmas[0] if init is None else init + noise * sigmas[0]
        options: dict[str, Any] = {}
        # With a single step, which draws no noise, the samplers with trees fail.
        name = "dpmpp-2m" if schedule.steps == 1 else schedule.sampler
        if name in _BROWNIAN:
            options["noise_sampler"] = _brownian(start, sigmas, generators)
        elif name in _ANCESTRAL:
            options["noise_sampler"] = _independent(start, generators)
        function = getattr(library_.sampling, _K_SAMPLERS[name])
        denoiser = library_.external.VDenoiser(self._denoise)
        return function(
            denoiser,
            start,
            sigmas,
            extra_args=self._arguments(),
            callback=self._step,
            disable=True,
            **options,
        )

    def _by_ddim(self, noise: Any, init: Any) -> Any:
        sampling = self.schedule.sampling
        return library.sampling().sample_k(
            self._denoise,
            noise,
            init,
            self.schedule.steps,
            sampler_type=self.schedule.sampler,
            sigma_max=1.0 if init is None else sampling.init_noise,
            device=self.device,
            callback=self._step,
            **self._arguments(),
        )

    def _by_flow(self, noise: Any, init: Any, generators: Sequence[Any]) -> Any:
        if self.schedule.sampler != "pingpong":
            return self._flow(noise, init, self.conditions)
        import torch

        sounds = []
        for row, generator in enumerate(generators):
            rows = slice(row, row + 1)
            conditions = {
                name: value if value is None else value[rows]
                for name, value in self.conditions.items()
            }
            with torch.random.fork_rng():
                _continue(generator)
                part = None if init is None else init[rows]
                sounds.append(self._flow(noise[rows], part, conditions))
        return torch.cat(sounds)

    def _flow(self, noise: Any, init: Any, conditions: dict[str, Any]) -> Any:
        return library.sampling().sample_rf(
            self._denoise,
            noise,
            init_data=init,
            steps=self.schedule.steps,
            sampler_type=self.schedule.sampler,
            sigma_max=1 if init is None else self.schedule.sampling.init_noise,
            device=self.device,
            callback=self._step,
            dist_shift=self.model.dist_shift,
            **self._arguments(conditions),
        )

    def _denoise(self, latents: Any, times: Any, **conditions: Any) -> Any:
        """Call the denoiser in its own precision; return 32-bit floats, with what it tells more."""
        output = self.model.model(latents, times, **conditions)
        if isinstance(output, tuple):
            return output[0].float(), *output[1:]
        return output.float()

    def _arguments(self, conditions: dict[str, Any] | None = None) -> dict[str, Any]:
        guidance = {
            "cfg_scale": self.schedule.guidance,
            "batch_cfg": True,
            "rescale_cfg": True,
        }
        return (self.conditions if conditions is None else conditions) | guidance

    def _step(self, report: dict[str, Any]) -> None:
        self.on_step(report["denoised"])


def _brownian(start: Any, sigmas: Any, generators: Sequence[Any]) -> Any:
    """Return a source of noise with a Brownian tree for each sound."""
    import torch

    trees = library.k_diffusion().sampling.BrownianTreeNoiseSampler
    seeds = [int(torch.randint(0, 2**63 - 1, [], generator=one)) for one in generators]
    return trees(start, sigmas[sigmas > 0].min(), sigmas.max(), seed=seeds)


def _independent(start: Any, generators: Sequence[Any]) -> Callable[[Any, Any], Any]:
    """Return a source of noise that draws each sound's from its own generator."""
    import torch

    def draw(_sigma: Any, _next: Any) -> Any:
        shape = start.shape[1:]
        return torch.stack([torch.randn(shape, generator=one) for one in generators]).to(start)

    return draw


def _continue(generator: Any) -> None:
    """Let torch's own generators continue where the generator of a sound has stopped."""
    import torch

    torch.set_rng_state(generator.get_state())
    if torch.cuda.is_available():
        torch.cuda.manual_seed(generator.initial_seed())
