"""Functions of CPU-heavy steps as a model: a host on another machine runs them like any task.

So they use the same links, codec and cache of large bytes. A function is named, never sent; its
arguments are plain data, with the contents of artifacts as bytes.
"""

import importlib.metadata
import io
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine import __version__
from engine.contract.model_host import BatchReporter, LoadContext, ModelKey
from engine.contract.travelling import function_named, plain_result

KEY = ModelKey(f"{__name__}:load", "{}", "functions of steps", "cpu")
"""The model of all functions."""

ABOUT, CALL = "about", "call"
"""Operations: what a machine computes with, and a call of a function."""

_PACKAGES = (
    *("av", "llvmlite", "matplotlib", "numba", "numpy", "opencv-python-headless", "pillow"),
    *("resvg-py", "scikit-learn", "scipy", "soundfile", "verovio"),
)
_FEATURES = {"avx2", "avx512f", "fma", "asimd", "sve"}
"""Features of processors by which libraries choose their kernels."""


def load(_options: str, _context: LoadContext) -> "ComputeModel":
    """Return the model."""
    return ComputeModel()


class ComputeModel:
    """Runs one function at a time."""

    most = 1

    def run(
        self, operation: str, payloads: Sequence[Any], _reporter: BatchReporter
    ) -> Sequence[Any]:
        """Run an operation.

        Raises:
            LookupError: A function is not known here; the message says so.
        """
        if operation == ABOUT:
            return [about() for _ in payloads]
        return [_outcome(*payload) for payload in payloads]

    def size(self) -> int:
        """Return 0: it holds nothing."""
        return 0

    def offload(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def _outcome(name: str, args: Sequence[tuple[str, Any]]) -> tuple[bool, Any]:
    """Return whether a function has worked, and its result, or why its arguments are wrong."""
    try:
        function = function_named(name)
    except LookupError as error:
        raise LookupError(f"{name[:200]} {error}") from None
    try:
        result = function(*(io.BytesIO(value) if kind == "file" else value for kind, value in args))
    except ValueError as error:
        return False, str(error)
    return True, plain_result(function, result)


def about() -> dict[str, str]:
    """Return what results depend on besides arguments: versions, and the kind of processor."""
    versions = {"Safelight": __version__, "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions | {"processor": f"{platform.system()} {platform.machine()} {_features()}"}


def difference(here: dict[str, str], there: dict[str, str]) -> str:
    """Return in what another machine differs, for a sentence; empty if in nothing."""
    for name, version in here.items():
        if (other := there.get(name, "not known")) != version:
            return f"{name} is {other} there and {version} here"
    return ""


def _features() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return " ".join(sorted(_FEATURES & set(flags.split())))
