"""ComfyUI: images from workflows on a server of one's own."""

from collections.abc import Mapping

from engine.backends.comfyui.settings import ComfySettings
from engine.contract import BackendFamily, ImageBackend

__all__ = ["FAMILY", "ComfySettings"]


def _image(settings: ComfySettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.comfyui.image import ComfyImages

    return ComfyImages(settings)


FAMILY = BackendFamily(
    name="comfyui",
    summary="Images from workflows on a ComfyUI server of your own.",
    settings=ComfySettings,
    factories={"image": _image},
)
"""The family, as the entry point `comfyui` of `safelight.backends` gives it."""
