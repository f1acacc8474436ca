"""Animations by Stable Diffusion, frame from frame, as Deforum creates them."""

from collections.abc import Mapping

from engine.backends.deforum.settings import DeforumSettings
from engine.contract import BackendFamily
from engine.contract.video import VideoBackend

__all__ = ["FAMILY", "DeforumSettings"]


def _video(settings: DeforumSettings, environment: Mapping[str, str]) -> VideoBackend:
    from engine.backends.deforum.video import DeforumVideos

    return DeforumVideos(settings)


FAMILY = BackendFamily(
    name="deforum",
    summary="Animations by Stable Diffusion or SDXL, frame from frame, on your own devices.",
    settings=DeforumSettings,
    factories={"video": _video},
)
"""The family, as the entry point `deforum` of `safelight.backends` gives it."""
