"""Estimates of the calls of a sound effect, and checks of what a backend can do."""

from collections.abc import Iterator, Mapping

from engine.contract import Backend, ScoreInfo
from engine.contract.audio import AudioField, AudioInfo, AudioRequest
from engine.recipes.sound_effect.input import SoundEffectInput
from engine.recipes.sound_effect.settings import SoundEffectSettings


def calls_of(
    entry: SoundEffectInput, settings: SoundEffectSettings
) -> Mapping[str, tuple[int, int]]:
    """Return the minimum and maximum calls of one entry by capability, if nothing fails."""
    takes, turns = settings.num_variations, settings.max_iterations
    calls = {"audio": (takes, takes * turns), "text": (0, turns - 1)}
    return calls if settings.score is None else {**calls, "score": (takes, takes * turns)}


def check(settings: SoundEffectSettings, backends: Mapping[str, Backend]) -> str:
    """Return a sentence if a backend cannot do what the settings ask for; else nothing."""
    if trouble := _trouble_of_scorer(backends.get("score")):
        return trouble
    info = _audio_info(backends)
    if info is None:
        return ""
    return info.trouble(
        AudioRequest(
            prompt="-",
            seed=0,
            seconds=info.min_seconds,
            steps=settings.steps,
            guidance=settings.cfg_scale,
        )
    )


def _trouble_of_scorer(backend: Backend | None) -> str:
    """Return a sentence if a backend of scores has none for sounds; else nothing."""
    info = None if backend is None else backend.info
    if not isinstance(info, ScoreInfo) or "audio" in info.media:
        return ""
    return f"{info.name} scores images, not sounds; local-sounds does: --set score=local-sounds."


def check_entry(
    entry: SoundEffectInput, settings: SoundEffectSettings, backends: Mapping[str, Backend]
) -> Iterator[tuple[str, str]]:
    """Yield problems of an entry: a length or a sound to start from that the backend lacks."""
    if entry.init_noise is not None and entry.init_audio is None:
        yield "init_noise", "has no effect without init_audio; name a sound, or leave it out"
    if entry.hrtf is not None and entry.events is None:
        yield "hrtf", "has no effect without events; name a file of events, or leave it out"
    info = _audio_info(backends)
    if info is None:
        return
    seconds = entry.audio_length or settings.audio_length
    if trouble := info.trouble(AudioRequest(prompt="-", seed=0, seconds=seconds)):
        yield "audio_length" if entry.audio_length else "", trouble.rstrip(".")
    if entry.init_audio is not None and "init_audio" not in info.takes:
        problem = f"cannot be used: {_named(info)} starts from noise alone"
        yield "init_audio", f"{problem}; name another backend with --set audio=NAME"


def unused(
    entry: SoundEffectInput, settings: SoundEffectSettings, info: AudioInfo
) -> Iterator[str]:
    """Yield a sentence for each value that the backend has no use for."""
    values: dict[AudioField, tuple[str, object]] = {
        "negative_prompt": ("negative_prompt", entry.negative_prompt),
        "steps": ("steps", settings.steps),
        "guidance": ("cfg_scale", settings.cfg_scale),
        "sampler": ("sampler", settings.sampler),
        "loop": ("loop", settings.loop),
    }
    for field, (name, value) in values.items():
        if value not in (None, "", False) and field not in info.takes:
            yield f"{_named(info)} does not use {name}; it has no effect."


def _audio_info(backends: Mapping[str, Backend]) -> AudioInfo | None:
    """Return the description of the audio backend; None if entries are added to a batch."""
    backend = backends.get("audio")
    info = None if backend is None else backend.info
    return info if isinstance(info, AudioInfo) else None


def _named(info: AudioInfo) -> str:
    return f"{info.name} ({info.model})"
