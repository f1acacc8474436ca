"""ComfyUI: images, sounds and clips from workflows on a server of one's own."""

from collections.abc import Mapping

from engine.backends.comfyui.settings import ComfySettings
from engine.contract import BackendFamily, ImageBackend
from engine.contract.audio import AudioBackend
from engine.contract.video import VideoBackend

__all__ = ["FAMILY", "ComfySettings"]


def _image(settings: ComfySettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.comfyui.image import ComfyImages

    return ComfyImages(settings)


def _audio(settings: ComfySettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.comfyui.audio import ComfySounds

    return ComfySounds(settings)


def _video(settings: ComfySettings, environment: Mapping[str, str]) -> VideoBackend:
    from engine.backends.comfyui.video import ComfyClips

    return ComfyClips(settings)


FAMILY = BackendFamily(
    name="comfyui",
    summary="Images, sounds and clips from workflows on a ComfyUI server of your own.",
    settings=ComfySettings,
    factories={"image": _image, "audio": _audio, "video": _video},
)
"""The family, as the entry point `comfyui` of `safelight.backends` gives it."""
