"""Local models that score sounds, in the model hosts of this machine."""

from collections.abc import Mapping

from engine.backends.local_sounds.settings import LocalSoundsSettings
from engine.contract import BackendFamily, ScoreBackend

__all__ = ["FAMILY", "LocalSoundsSettings"]


def _score(settings: LocalSoundsSettings, environment: Mapping[str, str]) -> ScoreBackend:
    from engine.backends.local_sounds.score import LocalSoundScorers

    return LocalSoundScorers(settings)


FAMILY = BackendFamily(
    name="local-sounds",
    summary="Scores of sounds by CLAP and Audiobox-Aesthetics; on this machine.",
    settings=LocalSoundsSettings,
    factories={"score": _score},
)
"""The family, as the entry point `local-sounds` of `safelight.backends` gives it."""
