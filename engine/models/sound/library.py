"""Import of stable-audio-tools, and of the parts of k-diffusion that it needs."""

import contextlib
import importlib
import io
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

_PARTS = ("utils", "sampling", "external")
"""Modules of k-diffusion that sampling needs."""


def tools() -> Any:
    """Return the package `stable_audio_tools`, with everything imported that generates sounds.

    Raises:
        ImportError: A package is missing, or does not fit the others.
    """
    _import_k_diffusion()
    with quiet():
        package = importlib.import_module("stable_audio_tools")
        importlib.import_module("stable_audio_tools.inference.sampling")
    return package


def sampling() -> Any:
    """Return the samplers of stable-audio-tools."""
    return importlib.import_module("stable_audio_tools.inference.sampling")


def k_diffusion() -> Any:
    """Return the samplers of k-diffusion."""
    return _import_k_diffusion()


def _import_k_diffusion() -> ModuleType:
    """Import k-diffusion without what its own `__init__` imports for training and evaluation.

    That needs a dozen packages more (clean-fid, clip, kornia, wandb and others), of which sampling
    uses none.
    """
    name = "k_diffusion"
    package = sys.modules.get(name)
    if package is not None:
        return package
    spec = PathFinder.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = ModuleType(name)
    package.__spec__ = spec
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = package
    try:
        for part in _PARTS:
            setattr(package, part, importlib.import_module(f"{name}.{part}"))
    except BaseException:
        del sys.modules[name]
        raise
    return package


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's prints and progress bars out of a host's log."""
    nowhere = io.StringIO()
    with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        yield
