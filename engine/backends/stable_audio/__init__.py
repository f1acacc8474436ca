"""Sounds by Stable Audio Open and fine-tuned models of stable-audio-tools, on your devices."""

from collections.abc import Mapping

from engine.backends.stable_audio.settings import StableAudioSettings
from engine.contract import BackendFamily
from engine.contract.audio import AudioBackend

__all__ = ["FAMILY", "StableAudioSettings"]


def _audio(settings: StableAudioSettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.stable_audio.audio import StableAudioSounds

    return StableAudioSounds(settings)


FAMILY = BackendFamily(
    name="stable-audio",
    summary="Sounds by Stable Audio Open, checkpoints and LoRAs of stable-audio-tools.",
    settings=StableAudioSettings,
    factories={"audio": _audio},
)
"""The family, as the entry point `stable-audio` of `safelight.backends` gives it."""
