"""fal.ai: images, sounds and clips from hosted models, through its queue."""

from collections.abc import Mapping

from engine.backends.fal.settings import FalSettings
from engine.contract import BackendFamily, ImageBackend
from engine.contract.audio import AudioBackend
from engine.contract.video import VideoBackend

__all__ = ["FAMILY", "FalSettings"]


def _image(settings: FalSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.fal.image import FalImages

    return FalImages(settings, environment)


def _audio(settings: FalSettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.fal.audio import FalSounds

    return FalSounds(settings, environment)


def _video(settings: FalSettings, environment: Mapping[str, str]) -> VideoBackend:
    from engine.backends.fal.video import FalClips

    return FalClips(settings, environment)


FAMILY = BackendFamily(
    name="fal",
    summary="Images, sounds and clips from any model on fal.ai, through its queue; paid.",
    settings=FalSettings,
    factories={"image": _image, "audio": _audio, "video": _video},
)
"""The family, as the entry point `fal` of `safelight.backends` gives it."""
