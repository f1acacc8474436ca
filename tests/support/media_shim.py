"""Lets torchvision and torchaudio from PyPI be imported beside a torch for the processor alone.

Their wheels on PyPI are linked against CUDA. Beside a CPU torch their libraries do not load, and
`import torchvision` fails, because the operators that it registers shapes for are not there; with
it fail open_clip and parts of transformers and timm. `import torchaudio` fails on its library, of
which Stable Audio uses nothing. Users install packages that fit together; this is for the tests
only, and does nothing where they fit.

Call `install()` before anything imports one of them: at the top of a conftest, or of the module
that a worker process of a test imports first.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
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
    """Makes the imports work from now on; costs nothing until something is imported."""
    if "torchvision" in sys.modules or any(isinstance(f, _Finder) for f in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _MENDED:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None or not spec.submodule_search_locations:
            return None
        root = Path(next(iter(spec.submodule_search_locations)))
        spec.loader = _Prepared(spec.loader, root, _MENDED[name])
        return spec


class _Prepared(Loader):
    """Mends when the module is imported, not when somebody asks whether it is there."""

    def __init__(self, inner: Any, root: Path, mend: Callable[[Path], None]) -> None:
        self._inner = inner
        self._root = root
        self._mend = mend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if _is_for_the_processor():
            self._mend(self._root)
        self._inner.exec_module(module)


def _is_for_the_processor() -> bool:
    import torch

    return torch.version.cuda is None and getattr(torch.version, "hip", None) is None


def _leave_out_library(root: Path) -> None:
    """Lets torchaudio look for its library where there is none, which it takes as not built."""
    import torch

    for library in (root / "lib").glob("_torchaudio*.so"):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            break
        return
    name = "torchaudio._extension.utils"
    spec = importlib.util.spec_from_file_location(name, root / "_extension" / "utils.py")
    if spec is None or spec.loader is None:
        return
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module._LIB_DIR = root / "absent"
    sys.modules[name] = module


def _define_operators(root: Path) -> None:
    import torch

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


_MENDED = {"torchvision": _define_operators, "torchaudio": _leave_out_library}
"""Packages, and what has to be done before each is imported."""
