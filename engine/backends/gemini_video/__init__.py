"""Clips from Google's Gemini Omni models."""

from collections.abc import Mapping

from engine.backends.gemini_video.settings import GeminiVideoSettings
from engine.contract import BackendFamily
from engine.contract.video import VideoBackend

__all__ = ["FAMILY", "GeminiVideoSettings"]


def _video(settings: GeminiVideoSettings, environment: Mapping[str, str]) -> VideoBackend:
    from engine.backends.gemini_video.video import GeminiClips

    return GeminiClips(settings, environment)


FAMILY = BackendFamily(
    name="gemini-video",
    summary="Clips from Gemini Omni, which start from words or an image; paid.",
    settings=GeminiVideoSettings,
    factories={"video": _video},
)
"""The family, as the entry point `gemini-video` of `safelight.backends` gives it."""
