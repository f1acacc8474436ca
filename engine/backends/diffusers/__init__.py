"""Images, sounds and clips by models of diffusers, on devices of one's own."""

from collections.abc import Mapping

from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import BackendFamily, ImageBackend
from engine.contract.audio import AudioBackend
from engine.contract.video import VideoBackend

__all__ = ["FAMILY", "DiffusersSettings"]


def _image(settings: DiffusersSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.diffusers.image import DiffusersImages

    return DiffusersImages(settings)


def _audio(settings: DiffusersSettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.diffusers.audio import DiffusersSounds

    return DiffusersSounds(settings)


def _video(settings: DiffusersSettings, environment: Mapping[str, str]) -> VideoBackend:
    from engine.backends.diffusers.video import DiffusersVideos

    return DiffusersVideos(settings)


FAMILY = BackendFamily(
    name="diffusers",
    summary="Images by SDXL, sounds by Stable Audio, clips by LTX; diffusers on your own devices.",
    settings=DiffusersSettings,
    factories={"image": _image, "audio": _audio, "video": _video},
)
"""The family, as the entry point `diffusers` of `safelight.backends` gives it."""
