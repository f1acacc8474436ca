"""Stability AI: images from Stable Image Ultra, Core and Stable Diffusion 3.5."""

from collections.abc import Mapping

from engine.backends.stability.settings import StabilitySettings
from engine.contract import BackendFamily, ImageBackend

__all__ = ["FAMILY", "StabilitySettings"]


def _image(settings: StabilitySettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.stability.image import StabilityImages

    return StabilityImages(settings, environment)


FAMILY = BackendFamily(
    name="stability",
    summary="Images from Stable Image Ultra, Core and SD 3.5 of Stability AI; paid.",
    settings=StabilitySettings,
    factories={"image": _image},
)
"""The family, as the entry point `stability` of `safelight.backends` gives it."""
