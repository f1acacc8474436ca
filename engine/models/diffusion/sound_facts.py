"""Facts of a sound pipeline from the configurations in its folder, without loading it."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.models.diffusion.configurations import described, positive
from engine.models.diffusion.sound_samplers import COSINE
from engine.models.diffusion.sound_starts import STARTING

MAX_SECONDS = 120.0
"""Length in seconds that is asked of models that do not state theirs."""


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """Facts of a model of sounds.

    Attributes:
        sample_rate: Sample rate of its sounds in Hz.
        channels: Number of channels of its sounds.
        max_seconds: Maximum length of a sound in seconds.
        scheduler: Class of its scheduler.
        starts: True if it can start from a sound.
    """

    sample_rate: int = 44_100
    channels: int = 2
    max_seconds: float = 2**21 / 44_100
    scheduler: str = COSINE
    starts: bool = True


def sound_facts(folder: Path | None) -> SoundFacts:
    """Return the facts of the pipeline in a folder.

    Args:
        folder: The folder; None, or one without configurations, has the facts of Stable Audio
            Open 1.0.
    """
    if folder is None:
        return SoundFacts()
    vae, usual = described(folder / "vae"), SoundFacts()
    rate = positive(vae, "sampling_rate") or positive(vae, "sample_rate")
    channels = positive(vae, "audio_channels")
    if vocoder := described(folder / "vocoder"):  # AudioLDM 2 has one, for one channel
        rate, channels = positive(vocoder, "sampling_rate"), 1
    rate = rate or usual.sample_rate
    scheduler = described(folder / "scheduler", "scheduler_config.json").get("_class_name")
    return SoundFacts(
        sample_rate=int(rate),
        channels=int(channels or usual.channels),
        max_seconds=_max_seconds(folder, vae, rate),
        scheduler=scheduler if isinstance(scheduler, str) else usual.scheduler,
        starts=described(folder, "model_index.json").get("_class_name") in STARTING,
    )


def _max_seconds(folder: Path, vae: dict[str, Any], rate: float) -> float:
    """Return the window of Stable Audio Open, or the longest length that Stable Audio 3 knows."""
    ratios = vae.get("downsampling_ratios")
    window = positive(described(folder / "transformer"), "sample_size")
    if window and isinstance(ratios, list) and all(isinstance(r, int) and r > 0 for r in ratios):
        known = positive(described(folder / "projection_model"), "max_value")
        return min(window * math.prod(ratios) / rate, known or math.inf)
    return positive(described(folder / "duration_embedder"), "max_val") or MAX_SECONDS
