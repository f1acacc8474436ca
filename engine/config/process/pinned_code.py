"""The code of a process that runs for days, kept as it was when the process began.

Modules are imported when they are first needed. If Safelight is upgraded meanwhile (`pip install`,
`git pull` in an editable installation), a module of the new version would be loaded beside those of
the old one, and fail. So the sources of our packages are kept in memory, some 5 MB compressed. A
module whose file has changed since is loaded from there; any other is loaded as always.
"""

import os
import sys
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

OWN_PACKAGES = ("safelight", "tui", "engine", "db", "themes")
"""Our top-level names in `site-packages`."""

START_SECONDS = 3.0
"""Seconds after which the sources are read: commands that end sooner need none of it."""

_KEPT = (".py", ".tcss")
_PAUSE_SECONDS = 0.002
"""Pause after each folder, for the threads that answer keys."""


@dataclass(frozen=True, slots=True)
class _Source:
    path: str
    state: tuple[int, int, int]
    packed: bytes

    @property
    def is_changed(self) -> bool:
        """True if the file is gone, or is another one by now."""
        try:
            return _state(os.stat(self.path)) != self.state  # noqa: PTH116 - on each import
        except OSError:
            return True

    def read(self) -> bytes:
        """Return the source as it was."""
        return zlib.decompress(self.packed)


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


class _Loader(InspectLoader):
    def __init__(self, source: _Source) -> None:
        self._source = source

    def get_source(self, fullname: str) -> str:
        """Return the source of a module as it was."""
        del fullname
        return decode_source(self._source.read())

    def is_package(self, fullname: str) -> bool:
        """Return True for the file of a package."""
        del fullname
        return self._source.path.endswith(f"{os.sep}__init__.py")

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled module."""
        return self.source_to_code(self.get_source(fullname), self._source.path)


class PinnedCode(MetaPathFinder):
    """Finder of our modules whose files have changed since their sources were read.

    Args:
        folders: Folder of each top-level package.
        on_change: Called once, in any thread, when a changed file is first met.
    """

    def __init__(
        self, folders: Mapping[str, Path], on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._folders = dict(folders)
        self._on_change = on_change
        self._is_told = False
        self._modules: dict[str, _Source] = {}
        self._files: dict[str, _Source] = {}

    def read(self, pause: float = 0.0) -> None:
        """Read the sources.

        Args:
            pause: Seconds to rest after each folder.
        """
        for name, folder in self._folders.items():
            for where, inner, files in os.walk(folder):
                inner[:] = [each for each in inner if each != "__pycache__"]
                package = ".".join((name, *Path(where).relative_to(folder).parts))
                for file in files:
                    if file.endswith(_KEPT):
                        self._keep(package, Path(where, file))
                time.sleep(pause)

    def _keep(self, package: str, path: Path) -> None:
        try:
            state, content = _state(path.stat()), path.read_bytes()
        except OSError:
            return  # it is being changed just now
        source = self._files[str(path)] = _Source(str(path), state, zlib.compress(content, 1))
        if path.suffix == ".py":
            name = package if path.stem == "__init__" else f"{package}.{path.stem}"
            self._modules[name] = source

    @property
    def is_changed(self) -> bool:
        """True if any file has changed since it was read; looks at each of them."""
        return any(source.is_changed for source in tuple(self._files.values()))

    def text(self, path: str) -> str | None:
        """Return a file as it was if it has changed since; None if it is to be read as always."""
        source = self._files.get(path)
        return decode_source(source.read()) if source is not None and self._met(source) else None

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a module as it was if its file has changed since; None for any other."""
        del path, target
        source = self._modules.get(fullname)
        if source is None or not self._met(source):
            return None
        loader = _Loader(source)
        inner = [str(Path(source.path).parent)] if loader.is_package(fullname) else None
        return spec_from_file_location(
            fullname, source.path, loader=loader, submodule_search_locations=inner
        )

    def _met(self, source: _Source) -> bool:
        if not source.is_changed:
            return False
        if not self._is_told:
            self._is_told = True
            self._on_change()
        return True


_pinned: list[PinnedCode] = []


def pin_code(on_change: Callable[[], None] = lambda: None) -> PinnedCode:
    """Keep the code of this process as it is from now on; the sources are read in a thread.

    Nothing is done the second time.

    Args:
        on_change: Called once, in any thread, when changed code is first met.
    """
    if _pinned:
        return _pinned[0]
    home = Path(__file__).resolve().parents[3]
    pinned = PinnedCode({name: home / name for name in OWN_PACKAGES}, on_change)
    sys.meta_path.insert(0, pinned)
    _pinned.append(pinned)

    def read() -> None:
        time.sleep(START_SECONDS)
        pinned.read(_PAUSE_SECONDS)

    threading.Thread(target=read, name="pinned-code", daemon=True).start()
    return pinned


def pinned_text(path: str) -> str | None:
    """Return a file of ours as it was if it has changed since; None if it is to be read."""
    return next((text for one in _pinned if (text := one.text(path)) is not None), None)


def code_has_changed() -> bool:
    """Return True if any file of our packages has changed since this process kept it."""
    return any(one.is_changed for one in _pinned)
