"""Packages that models of this family import, and the extra that installs them."""

from engine.backends.common.readiness import has_package
from engine.contract import MissingRequirement
from engine.contract.packages import missing_packages
from engine.models.diffusion.sound_samplers import COSINE

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface_hub")


def lacking_packages(*more: str) -> list[MissingRequirement]:
    """Return those that are not installed, with the command that installs them.

    Args:
        more: Further packages of the extra that the settings need.
    """
    lacking = [name for name in (*_PACKAGES, *more) if not has_package(name)]
    return [missing_packages(*lacking, extra="local")] if lacking else []


def lacking_sampler(scheduler: str) -> list[MissingRequirement]:
    """Return the package that a scheduler needs besides, if it is not installed.

    Args:
        scheduler: Class of the scheduler, of diffusers.
    """
    if scheduler != COSINE or has_package("torchsde"):
        return []
    return [missing_packages("torchsde", extra="local")]


def lacking_edges() -> list[MissingRequirement]:
    """Return the package that draws the edges of images, if it is not installed."""
    return [] if has_package("cv2") else [missing_packages("cv2", extra="video")]


def lacking_encoder() -> list[MissingRequirement]:
    """Return the packages that encode clips, if one is not installed."""
    lacking = [name for name in ("cv2", "numba", "av") if not has_package(name)]
    return [missing_packages(*lacking, extra="video")] if lacking else []
