"""Packages that models of this family import, and the extra that installs them."""

from engine.backends.common.readiness import has_package
from engine.contract import MissingRequirement
from engine.contract.packages import missing_packages
from engine.models.diffusion.sound_samplers import COSINE

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface_hub")


EDGES = "cv2"
"""Module that draws the edges of images."""


def needed_packages(*more: str, scheduler: str = "") -> tuple[str, ...]:
    """Return the modules that models import.

    Args:
        more: Further ones that the settings need.
        scheduler: Class of the scheduler, of diffusers.
    """
    return (*_PACKAGES, *more, *(("torchsde",) if scheduler == COSINE else ()))


def lacking_packages(*more: str) -> list[MissingRequirement]:
    """Return those that are not installed, with the command that installs them.

    Args:
        more: Further packages of the extra that the settings need.
    """
    lacking = [name for name in (*_PACKAGES, *more) if not has_package(name)]
    return [missing_packages(*lacking, extra="local", elsewhere=True)] if lacking else []


def lacking_sampler(scheduler: str) -> list[MissingRequirement]:
    """Return the package that a scheduler needs besides, if it is not installed.

    Args:
        scheduler: Class of the scheduler, of diffusers.
    """
    if scheduler != COSINE or has_package("torchsde"):
        return []
    return [missing_packages("torchsde", extra="local", elsewhere=True)]


def lacking_edges() -> list[MissingRequirement]:
    """Return the package that draws the edges of images, if it is not installed."""
    lacks = not has_package(EDGES)
    return [missing_packages(EDGES, extra="video", elsewhere=True)] if lacks else []


def lacking_encoder() -> list[MissingRequirement]:
    """Return the packages that encode clips, if one is not installed."""
    lacking = [name for name in ("cv2", "numba", "av") if not has_package(name)]
    return [missing_packages(*lacking, extra="video")] if lacking else []
