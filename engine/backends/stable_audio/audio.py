"""Capability `audio` of models of stable-audio-tools."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.audio.looping import overlap_of
from engine.backends.common.local_models import version_of
from engine.backends.common.readiness import has_package
from engine.backends.stable_audio.checks import options_of, trouble_with
from engine.backends.stable_audio.finishing import Finish, decoded, finished
from engine.backends.stable_audio.settings import StableAudioSettings
from engine.contract import (
    BaseBackend,
    CallContext,
    Limits,
    MissingRequirement,
    ModelKey,
    Permanent,
    StepError,
    Task,
)
from engine.contract.audio import AudioInfo, AudioRequest, GeneratedAudio
from engine.contract.model_host import ModelNeeds
from engine.contract.packages import missing_packages
from engine.models.sound.model_config import ConfigError, ModelFacts
from engine.models.sound.options import InitSound, SoundAnswer, SoundSampling, SoundTask
from engine.models.sound.packages import AUDIO, LOCAL, TOOLS, tools_command
from engine.models.sound.sources import ModelSources
from engine.models.weights import (
    RequiredWeights,
    lane_of,
    marked,
    missing_weights,
    model_needs,
)

METHOD = "1"
"""Version of the method of generation."""

LOADER = "engine.models.sound.loading:load"
OPERATION = "generate"

MIN_STEPS = 10
"""Least number of denoising steps; a distilled model needs fewer."""

INIT_MARGIN = 0.5
"""Seconds of a sound to start from beyond those that are used, for the filter of another rate."""

_NAMES = (
    *("steps", "cfg", "sampler", "sigma_min", "sigma_max", "rho", "dtype", "trim_tail"),
)  # fmt: skip
"""Settings that change a sound."""


class StableAudioSounds(BaseBackend):
    """Sounds by a model of stable-audio-tools in a model host."""

    info: AudioInfo

    def __init__(self, settings: StableAudioSettings) -> None:
        self.settings = settings
        options = options_of(settings)
        try:
            self._sources = ModelSources.of(options)
        except ConfigError:  # a batch with it is refused
            self._sources = ModelSources(options, is_lora=False, facts=ModelFacts())
        facts = self._sources.facts
        self.info = AudioInfo(
            name="stable-audio",
            model=marked(settings.checkpoint or settings.model),
            version=version_of(settings, METHOD, _NAMES, _parts(settings)),
            lane=lane_of(f"stable-audio:{_short(settings)}", self.weights()),
            reusable=True,  # the seed decides
            limits=Limits(settings.concurrency or 2 * settings.batch),
            client="stable-audio-tools",
            sample_rate=facts.sample_rate,
            channels=facts.channels,
            min_seconds=1 / facts.sample_rate,
            max_seconds=settings.max_seconds or _window(facts),
            min_steps=1 if facts.is_distilled else min(MIN_STEPS, settings.max_steps),
            max_steps=settings.max_steps,
            min_guidance=1.0,
            max_guidance=settings.max_cfg,
            takes=frozenset(
                {
                    *("negative_prompt", "seed", "steps", "guidance", "sampler"),
                    *("init_audio", "loop"),
                }
            ),
        )
        self._key = ModelKey(
            loader=LOADER,
            options=options.model_dump_json(exclude_defaults=True),
            name=self.info.model,
            device=settings.device,
        )
        self._lacking = ""

    def weights(self) -> Sequence[RequiredWeights]:
        """The weights that its settings ask for."""
        return list(self._sources.wanted(self.settings.loras))

    def missing(self) -> list[MissingRequirement]:
        """Packages that are not installed, else weights that are not on this machine."""
        return lacking_packages() or missing_weights(self.weights())

    def needs(self) -> ModelNeeds:
        """Return what a machine needs for its models."""
        return model_needs([*LOCAL, *AUDIO, *TOOLS], self.weights())

    def refusal(self) -> str:
        """Why no batch is queued with its settings: a file that they name cannot be used."""
        return trouble_with(self.settings)

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate the requested sound.

        Raises:
            StepError: It did not work.
        """
        if trouble := self.info.trouble(request):
            raise Permanent(trouble)
        ask = await self._ask(request, context)
        context.progress(None, f"waiting for {self.info.model}")
        answer, notes = await self._generated(ask, context)
        finish = Finish(request.seconds, loop=request.loop, trim=self.settings.trim_tail)
        pcm, channels, rate = answer.pcm, answer.channels, answer.sample_rate
        # The processors encode while the device generates the next sounds.
        wav, more = await context.compute(finished, pcm, channels, rate, finish)
        audio = await context.keep(wav, role="audio")
        return GeneratedAudio(
            audio=audio,
            seed=request.seed,
            device=answer.device,
            steps=answer.steps,
            guidance=answer.guidance,
            notes=(*notes, *more),
        )

    async def _generated(
        self, ask: SoundTask, context: CallContext
    ) -> tuple[SoundAnswer, list[str]]:
        """Return a sound, and a note if the processor has generated it in place of a device."""
        if self._lacking:
            return await self._by_processor(ask, context, self._lacking)
        try:
            return SoundAnswer.model_validate(await context.infer(self._task(ask, self._key))), []
        except StepError as error:
            is_on_cpu = self.settings.device.startswith("cpu")
            if is_on_cpu or not (error.lacks_device and self.settings.cpu_fallback):
                raise
            answer = await self._by_processor(ask, context, error.message)
            self._lacking = error.message  # not tried again with each sound
            return answer

    async def _by_processor(
        self, ask: SoundTask, context: CallContext, reason: str
    ) -> tuple[SoundAnswer, list[str]]:
        task = self._task(ask, replace(self._key, device="cpu"))
        answer = SoundAnswer.model_validate(await context.infer(task))
        return answer, [f"{reason} The processor has generated the sound instead."]

    @staticmethod
    def _task(ask: SoundTask, key: ModelKey) -> Task:
        return Task(key, OPERATION, ask.model_dump(), ask.group())

    async def _ask(self, request: AudioRequest, context: CallContext) -> SoundTask:
        settings = self.settings
        seconds = request.seconds + (overlap_of(request.seconds) if request.loop else 0.0)
        return SoundTask(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            seed=request.seed,
            seconds=seconds,
            init=await self._init(request, seconds, context),
            preview_every=settings.preview_every,
            sampling=SoundSampling(
                steps=request.steps or settings.steps,
                guidance=settings.cfg if request.guidance is None else request.guidance,
                sampler=request.sampler or settings.sampler,
                sigma_min=settings.sigma_min,
                sigma_max=settings.sigma_max,
                rho=settings.rho,
                init_noise=request.init_noise,
                loras=settings.loras,
            ),
        )

    async def _init(
        self, request: AudioRequest, seconds: float, context: CallContext
    ) -> InitSound | None:
        if request.init_audio is None:
            return None
        needed = self._sources.facts.latent_seconds(seconds) + INIT_MARGIN
        fields: dict[str, Any] | None = await context.compute(decoded, needed, request.init_audio)
        if fields is None:
            raise Permanent("The sound to start from cannot be decoded.")
        return InitSound(**fields)


def lacking_packages() -> list[MissingRequirement]:
    """Return packages that are not installed, with the command that installs each group."""
    lacking = {
        extra: [name for name in names if not has_package(name)]
        for extra, names in (("local", LOCAL), ("audio", AUDIO))
    }
    missing = [
        # What finishes sounds on this machine needs the packages for audio here.
        missing_packages(*names, extra=extra, elsewhere=extra == "local")
        for extra, names in lacking.items()
        if names
    ]
    tools = [name for name in TOOLS if not has_package(name)]
    if tools:
        what = f"{'the package' if len(tools) == 1 else 'the packages'} {', '.join(tools)}"
        remedy = f"Run: {tools_command()} (then resume)"
        lacks = MissingRequirement(what=what, remedy=remedy, reason="backend", elsewhere=True)
        missing.append(lacks)
    return missing


def _window(facts: ModelFacts) -> float:
    """Return the longest sound: a LoRA's training run is no limit of its base model."""
    return max(facts.window, ModelFacts().window) if facts.lora else facts.window


def _short(settings: StableAudioSettings) -> str:
    return marked(settings.checkpoint or settings.model).partition("#")[0]


def _parts(settings: StableAudioSettings) -> dict[str, Any]:
    """Models that are loaded with the one that gives its name."""
    sources = {
        "model": settings.model if settings.checkpoint else None,
        "config": settings.config,
        "text_encoder": settings.text_encoder,
    }
    parts: dict[str, Any] = {name: marked(source) for name, source in sources.items() if source}
    counted = [[marked(one.source), one.weight, one.alpha] for one in settings.loras if one.weight]
    return parts | ({"loras": counted} if counted else {})
