"""One take of a sound: generated, finished and measured."""

from pydantic import Field

from engine.audio.lineage import SoundLineage
from engine.contract.audio import AUDIO, INIT_NOISE, AudioRequest, GeneratedAudio
from engine.contract.backend import FrozenModel
from engine.contract.backend_names import names_of
from engine.contract.job import Iteration, Job, Scope
from engine.recipes.sound_effect.finishing import METHOD as FINISH_METHOD
from engine.recipes.sound_effect.finishing import (
    FinishedTake,
    FinishRequest,
    finish_take,
    needs_finish,
)
from engine.recipes.sound_effect.input import SoundEffectInput
from engine.recipes.sound_effect.scoring import score_take
from engine.recipes.sound_effect.settings import SoundEffectSettings
from engine.recipes.sound_effect.steps import METHOD, MeasuredTake, MeasureRequest, measure_take

GENERATE, FINISH, MEASURE = "generate", "finish", "measure"
"""Names of the steps of a take."""

SoundEffectJob = Job[SoundEffectInput, SoundEffectSettings]


def _is_none(value: object) -> bool:
    return value is None


class Take(FrozenModel):
    """One take.

    Attributes:
        number: Its number within the job, from 1.
        iteration: Number of the prompt that it is of, from 1.
        prompt: The prompt.
        negative_prompt: The negative prompt.
        audio: The sound as it was generated.
        finished: The sound after its last touches; None if there were none.
        measured: Its measures and its judgement.
    """

    number: int
    iteration: int
    prompt: str
    negative_prompt: str
    audio: GeneratedAudio
    finished: FinishedTake | None = Field(None, exclude_if=_is_none)
    measured: MeasuredTake


async def generate_take(
    job: SoundEffectJob, iteration: Iteration, number: int, prompts: tuple[str, str]
) -> Take:
    """Generate, finish and measure one take.

    Args:
        job: Its job.
        iteration: Iteration of its prompt.
        number: Its number within the job, from 1.
        prompts: The prompt and the negative prompt.

    Raises:
        Permanent: It failed for good.
    """
    scope: Scope = iteration.scope(take_scope(number))
    request = _request(job, number, prompts)
    audio = await scope.step(GENERATE, job.use(AUDIO).generate, request)
    for note in audio.notes:
        await job.warn(note)
    done = await _finished(job, scope, request, audio)
    sound = done.audio if done else audio.audio
    measuring = MeasureRequest(
        sound=sound,
        brief=job.input.prompt,
        seconds=request.seconds,
        generated=audio.audio if done else None,
        scores=await score_take(job, scope, sound, request.prompt),
    )
    measured = await scope.local(MEASURE, measure_take, measuring, method=METHOD)
    return Take(
        number=number,
        iteration=iteration.number,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        audio=audio,
        finished=done,
        measured=measured,
    )


def _request(job: SoundEffectJob, number: int, prompts: tuple[str, str]) -> AudioRequest:
    settings, noise = job.settings, job.input.init_noise
    return AudioRequest(
        prompt=prompts[0],
        negative_prompt=prompts[1],
        seconds=seconds_of(job),
        seed=job.seed_for(number - 1),
        steps=settings.steps,
        guidance=settings.cfg_scale,
        sampler=settings.sampler,
        init_audio=job.input.init_audio,
        init_noise=INIT_NOISE if noise is None else noise,
        loop=settings.loop,
    )


async def _finished(
    job: SoundEffectJob, scope: Scope, request: AudioRequest, audio: GeneratedAudio
) -> FinishedTake | None:
    """Return a take after its last touches; None if there are none."""
    settings = job.settings
    if not needs_finish(settings, audio.audio):
        return None
    touches = FinishRequest(
        sound=audio.audio,
        audio_format=settings.audio_format,
        fade=settings.fade,
        target_lufs=settings.target_lufs,
        lineage=_lineage(job, request, audio),
    )
    done = await scope.local(FINISH, finish_take, touches, method=FINISH_METHOD)
    for note in done.notes:
        await scope.warn(note)
    return done


def _lineage(job: SoundEffectJob, request: AudioRequest, audio: GeneratedAudio) -> SoundLineage:
    """Return the origin of a take; the backend is only known if there is no other one."""
    is_only = len(names_of(job.settings.audio)) == 1
    info = job.use(AUDIO).info
    return SoundLineage(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed=audio.seed,
        seconds=request.seconds,
        backend=info.name if is_only else "",
        model=info.model if is_only else "",
        steps=request.steps if audio.steps is None else audio.steps,
        guidance=request.guidance if audio.guidance is None else audio.guidance,
    )


def take_scope(number: int) -> str:
    """Return the name of the scope of a take's steps."""
    return f"take-{number}"


def seconds_of(job: SoundEffectJob) -> float:
    """Return the length that is asked for."""
    return job.input.audio_length or job.settings.audio_length
