"""Images from Google's Gemini image models ("Nano Banana")."""

from collections.abc import Mapping

from engine.backends.gemini_image.settings import GeminiImageSettings
from engine.contract import BackendFamily, ImageBackend

__all__ = ["FAMILY", "GeminiImageSettings"]


def _image(settings: GeminiImageSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.gemini_image.image import GeminiImages

    return GeminiImages(settings, environment)


FAMILY = BackendFamily(
    name="gemini-image",
    summary="Images from Gemini's image models, which follow reference images; paid.",
    settings=GeminiImageSettings,
    factories={"image": _image},
)
"""The family, as the entry point `gemini-image` of `safelight.backends` gives it."""
