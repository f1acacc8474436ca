"""fal.ai: images from hosted models, through its queue."""

from collections.abc import Mapping

from engine.backends.fal.settings import FalSettings
from engine.contract import BackendFamily, ImageBackend

__all__ = ["FAMILY", "FalSettings"]


def _image(settings: FalSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.fal.image import FalImages

    return FalImages(settings, environment)


FAMILY = BackendFamily(
    name="fal",
    summary="Images from any model on fal.ai, through its queue; paid.",
    settings=FalSettings,
    factories={"image": _image},
)
"""The family, as the entry point `fal` of `safelight.backends` gives it."""
