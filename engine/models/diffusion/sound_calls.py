"""Sounds of one call: the arguments that every pipeline names otherwise, and exact lengths."""

import inspect
from collections.abc import Sequence
from typing import Any

from engine.contract import Permanent, StepError
from engine.models.diffusion.sound_options import SoundTask
from engine.models.seeds import folded
from engine.models.sound.lengths import samples_of
from engine.text.plural import pluralize

_LENGTHS = ("audio_end_in_s", "duration", "audio_length_in_s", "audio_duration_s")
"""Names of the argument for the length in seconds."""


def sound_arguments(pipe: Any, asks: Sequence[SoundTask], sample_rate: int) -> dict[str, Any]:
    """Return the arguments of a call, as far as a pipeline knows them.

    Args:
        pipe: The pipeline.
        asks: The requests, all of one group.
        sample_rate: Sample rate of its sounds in Hz.
    """
    import torch

    known = inspect.signature(pipe.__call__).parameters
    negatives = [ask.negative_prompt for ask in asks]
    generators = [torch.Generator("cpu").manual_seed(folded(ask.seed)) for ask in asks]
    possible = {
        "prompt": [ask.prompt for ask in asks],
        "negative_prompt": negatives if all(negatives) else None,
        "num_inference_steps": asks[0].sampling.steps,
        "guidance_scale": asks[0].sampling.cfg,
        "generator": generators,
        "output_type": "pt",
        **dict.fromkeys(_LENGTHS, _seconds(asks[0].seconds, sample_rate)),
    }
    return {name: value for name, value in possible.items() if name in known and value is not None}


def _seconds(seconds: float, sample_rate: int) -> float:
    """Return the length to ask for: pipelines round samples down, where lengths are rounded."""
    frames = samples_of(seconds, sample_rate)
    return seconds if int(seconds * sample_rate) >= frames else (frames + 0.5) / sample_rate


def sampled_by(pipe: Any, ask: SoundTask) -> dict[str, Any]:
    """Return the steps and the guidance of a pipeline's latest call, which may be its defaults."""
    known = inspect.signature(pipe.__call__).parameters.get("guidance_scale")
    guidance = 1.0 if known is None else known.default
    if known is not None and ask.sampling.cfg is not None:
        guidance = ask.sampling.cfg
    return {"steps": len(pipe.scheduler.timesteps), "guidance": float(guidance)}


def sound_answer(
    waveform: Any, ask: SoundTask, sample_rate: int, sampled: dict[str, Any]
) -> dict[str, Any] | StepError:
    """Return a sound in its exact length, with what is known of its sampling.

    A sound that is louder than full scale is attenuated as a whole, so that nothing is cut off.

    Args:
        waveform: Tensor of shape (channels, frames) or (frames,).
        ask: Its request.
        sample_rate: Its sample rate in Hz.
        sampled: Steps, guidance and device.
    """
    import torch

    if not bool(torch.isfinite(waveform).all()):
        return Permanent(
            "The sound came out as no numbers, as it does where a model overflows.",
            remedy="Set diffusers.dtype to bf16 or fp32.",
        )
    frames = samples_of(ask.seconds, sample_rate)
    plain = waveform.detach().to("cpu", torch.float32).reshape(-1, waveform.shape[-1])[:, :frames]
    notes = []
    if (lacking := frames - plain.shape[1]) > 0:
        plain = torch.nn.functional.pad(plain, (0, lacking))
        short = lacking / sample_rate
        end = pluralize(short, "second is", "seconds are", shown=f"{short:.3g}")
        notes.append(f"The last {end} silence.")
    peak = float(plain.abs().max())
    if peak > 1:
        plain = plain / peak
        notes.append(f"It was louder than full scale, by a factor of {peak:.3g}, and attenuated.")
    return {
        "samples": plain.contiguous().numpy().astype("<f4").tobytes(),
        "channels": plain.shape[0],
        "sample_rate": sample_rate,
        "notes": notes,
        **sampled,
    }
