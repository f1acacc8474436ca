"""ElevenLabs: sound effects."""

from collections.abc import Mapping

from engine.backends.elevenlabs.settings import ElevenLabsSettings
from engine.contract import BackendFamily
from engine.contract.audio import AudioBackend

__all__ = ["FAMILY", "ElevenLabsSettings"]


def _audio(settings: ElevenLabsSettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.elevenlabs.audio import ElevenLabsSounds

    return ElevenLabsSounds(settings, environment)


FAMILY = BackendFamily(
    name="elevenlabs",
    summary="Sound effects from ElevenLabs; paid.",
    settings=ElevenLabsSettings,
    factories={"audio": _audio},
)
"""The family, as the entry point `elevenlabs` of `safelight.backends` gives it."""
