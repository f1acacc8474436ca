"""The embedded backends: they need no key, no network, no weights and no GPU.

A procedural painter, a critic that measures, and a refiner that goes by rules. What they return is
real output of documented methods (`docs/builtin.md`); none of them has learned from pictures.
"""

from collections.abc import Mapping

from engine.backends.builtin.settings import BuiltinSettings
from engine.capabilities import BackendFamily, ImageBackend, TextBackend, VisionBackend

__all__ = ["FAMILY", "BuiltinSettings"]


def _image(settings: BuiltinSettings, environment: Mapping[str, str]) -> ImageBackend:
    from engine.backends.builtin.image import Painter

    return Painter(settings)


def _vision(settings: BuiltinSettings, environment: Mapping[str, str]) -> VisionBackend:
    from engine.backends.builtin.vision import Critic

    return Critic(settings)


def _text(settings: BuiltinSettings, environment: Mapping[str, str]) -> TextBackend:
    from engine.backends.builtin.text import Refiner

    return Refiner(settings)


FAMILY = BackendFamily(
    name="builtin",
    summary="Procedural pictures, measured evaluation, refinement by rules; needs nothing.",
    settings=BuiltinSettings,
    factories={"image": _image, "vision": _vision, "text": _text},
)
"""The family, as the entry point `builtin` of `safelight.backends` gives it."""
