"""Sounds that start from a sound instead of from noise alone.

The sound is encoded, noise is added, and only the rest of the denoising is done, as in
https://arxiv.org/abs/2108.01073. For Stable Audio Open the share of the noise is that of the
logarithms of its levels, as in the backend `stable-audio`; Stable Audio 3 has a pipeline of its
own, whose share is that of the noise itself.
"""

from collections.abc import Sequence
from typing import Any

from engine.contract import Permanent
from engine.models.diffusion.sound_options import SoundTask

WAVEFORMS, LATENTS = "StableAudio3Pipeline", "StableAudioPipeline"
"""Classes of pipelines that can start from a sound."""

STARTING = frozenset({WAVEFORMS, LATENTS})


def start_level(config: Any, share: float) -> float:
    """Return the noise level that Stable Audio Open starts from.

    Args:
        config: Configuration of its scheduler.
        share: Share of the noise, 0 to 1.
    """
    lowest, highest = float(config.sigma_min), float(config.sigma_max)
    return float(lowest * (highest / lowest) ** share)


def init_waveforms(asks: Sequence[SoundTask], channels: int, frames: int) -> Any:
    """Return the sounds to start from, cut or followed by silence, shape (n, channels, frames)."""
    import torch

    rows = []
    for ask in asks:
        values = torch.frombuffer(bytearray(ask.init or b""), dtype=torch.float32)
        sound = values.reshape(channels, -1)[:, :frames]
        rows.append(torch.nn.functional.pad(sound, (0, frames - sound.shape[1])))
    return torch.stack(rows)


def noisy_latents(pipe: Any, asks: Sequence[SoundTask], generators: Sequence[Any]) -> Any:
    """Return encoded sounds with noise, as Stable Audio Open takes them for latents.

    Args:
        pipe: The pipeline, with a scheduler that starts from the level of the noise.
        asks: Requests with a sound to start from.
        generators: Source of the noise of each.
    """
    import torch

    vae = pipe.vae
    frames = int(pipe.transformer.config.sample_size) * int(vae.hop_length)
    sounds = init_waveforms(asks, int(vae.config.audio_channels), frames)
    with torch.no_grad():
        encoded = [
            vae.encode(one[None].to(pipe._execution_device, vae.dtype)).latent_dist.mode()
            for one in sounds
        ]
    latents = torch.cat(encoded).float().cpu()
    noise = torch.stack([torch.randn(latents.shape[1:], generator=one) for one in generators])
    start = float(pipe.scheduler.config.sigma_max)
    scaled = (latents + start * noise) / float(pipe.scheduler.init_noise_sigma)
    return scaled.to(pipe.transformer.dtype)


def starting_pipe(pipe: Any) -> Any:
    """Return Stable Audio 3's pipeline that starts from a sound; it shares every part.

    Raises:
        Permanent: The model starts from noise alone.
    """
    if type(pipe).__name__ != WAVEFORMS:
        raise Permanent(
            "This model starts from noise alone.",
            remedy="Leave out init_audio, or choose Stable Audio Open or Stable Audio 3.",
        )
    from diffusers.pipelines import stable_audio_3

    other: Any = stable_audio_3.StableAudio3AudioToAudioPipeline
    starting = other(**pipe.components)
    starting.set_progress_bar_config(disable=True)
    return starting
