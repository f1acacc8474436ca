"""Clips from the models that Runway serves."""

from collections.abc import Mapping

from engine.backends.runway.settings import RunwaySettings
from engine.contract import BackendFamily
from engine.contract.video import VideoBackend

__all__ = ["FAMILY", "RunwaySettings"]


def _video(settings: RunwaySettings, environment: Mapping[str, str]) -> VideoBackend:
    from engine.backends.runway.video import RunwayClips

    return RunwayClips(settings, environment)


FAMILY = BackendFamily(
    name="runway",
    summary="Clips from Gen-4.5, Veo and Kling at Runway, which also end on an image; paid.",
    settings=RunwaySettings,
    factories={"video": _video},
)
"""The family, as the entry point `runway` of `safelight.backends` gives it."""
