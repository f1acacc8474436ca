"""Images by Stable Diffusion and others, sounds by Stable Audio, on devices of one's own."""

from collections.abc import Mapping

from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import BackendFamily, ImageBackend
from engine.contract.audio import AudioBackend

__all__ = ["FAMILY", "DiffusersSettings"]


def _image(settings: DiffusersSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.diffusers.image import DiffusersImages

    return DiffusersImages(settings)


def _audio(settings: DiffusersSettings, environment: Mapping[str, str]) -> AudioBackend:
    from engine.backends.diffusers.audio import DiffusersSounds

    return DiffusersSounds(settings)


FAMILY = BackendFamily(
    name="diffusers",
    summary="Images by SDXL and others, sounds by Stable Audio; diffusers on your own devices.",
    settings=DiffusersSettings,
    factories={"image": _image, "audio": _audio},
)
"""The family, as the entry point `diffusers` of `safelight.backends` gives it."""
