"""Images by Stable Diffusion, SDXL and other text-to-image models, on devices of one's own."""

from collections.abc import Mapping

from engine.backends.diffusers.settings import DiffusersSettings
from engine.contract import BackendFamily, ImageBackend

__all__ = ["FAMILY", "DiffusersSettings"]


def _image(settings: DiffusersSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.diffusers.image import DiffusersImages

    return DiffusersImages(settings)


FAMILY = BackendFamily(
    name="diffusers",
    summary="Images by SDXL, Stable Diffusion and other diffusers models on your own devices.",
    settings=DiffusersSettings,
    factories={"image": _image},
)
"""The family, as the entry point `diffusers` of `safelight.backends` gives it."""
