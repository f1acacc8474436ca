"""Lets torchvision from PyPI be imported beside a torch built for the processor alone.

The wheel of torchvision on PyPI is linked against CUDA. Beside a CPU torch its library does not
load, and `import torchvision` fails, because the operators that it registers shapes for are not
there; with it fail open_clip and parts of transformers and timm. Users install a pair that fits
together; this is for the tests only, and does nothing where the pair fits.

Call `install()` before anything imports torchvision: at the top of a conftest, or of the module
that a worker process of a test imports first.
"""

import importlib.machinery
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_OPERATORS = ("nms", "qnms")
"""Operators whose schema `torchvision/_meta_registrations.py` needs to find."""

_kept: list[Any] = []
"""The library of operators; once it is dropped, they are unregistered."""


def install() -> None:
    """Makes `import torchvision` work from now on; costs nothing until it is imported."""
    if "torchvision" in sys.modules or any(isinstance(f, _Finder) for f in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "torchvision":
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None or not spec.submodule_search_locations:
            return None
        root = Path(next(iter(spec.submodule_search_locations)))
        spec.loader = _Prepared(spec.loader, root)
        return spec


class _Prepared(Loader):
    """Mends when the module is imported, not when somebody asks whether it is there."""

    def __init__(self, inner: Any, root: Path) -> None:
        self._inner = inner
        self._root = root

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        _define_operators(self._root)
        self._inner.exec_module(module)


def _define_operators(root: Path) -> None:
    import torch

    if torch.version.cuda is not None or getattr(torch.version, "hip", None) is not None:
        return
    for library in root.glob("_C*.so"):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            continue
        return  # built for the processor as well: it has defined its operators itself
    fragment = torch.library.Library("torchvision", "FRAGMENT")
    for operator in _OPERATORS:
        fragment.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(fragment)
