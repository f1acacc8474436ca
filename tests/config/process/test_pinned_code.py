"""The code of a process stays as it was when files of it are changed, moved or removed."""

import importlib
import sys
from pathlib import Path

import pytest

from engine.config.process import pinned_code
from engine.config.process.pinned_code import PinnedCode


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `pinned_toy`, of which only the top is imported."""
    folder = tmp_path / "pinned_toy"
    (folder / "inner").mkdir(parents=True)
    (folder / "__init__.py").write_text("NUMBER = 1\n")
    (folder / "late.py").write_text("from pinned_toy import NUMBER\nfrom .inner.part import WORD\n")
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "inner" / "part.py").write_text("WORD = 'old'\n")
    (folder / "looks.tcss").write_text("Old {}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "pinned_toy"]:
        del sys.modules[name]


@pytest.fixture
def changes(home: Path) -> list[str]:
    """The calls of `on_change`; the sources are read and the top is imported."""
    told: list[str] = []
    pinned = PinnedCode({"pinned_toy": home}, lambda: told.append("changed"))
    pinned.read()
    sys.meta_path.insert(0, pinned)
    importlib.import_module("pinned_toy")
    return told


def test_a_module_that_has_not_changed_is_loaded_from_its_file(changes: list[str]) -> None:
    late = importlib.import_module("pinned_toy.late")
    assert (late.NUMBER, late.WORD, changes) == (1, "old", [])
    assert type(late.__spec__.loader).__name__ == "SourceFileLoader"


def test_a_module_of_another_version_is_loaded_as_it_was(home: Path, changes: list[str]) -> None:
    (home / "__init__.py").write_text("")  # NUMBER is gone: the new late.py would do without it
    (home / "late.py").write_text("from pinned_toy import OTHER\n")
    (home / "inner" / "part.py").write_text("OTHER = 'new'\n")
    late = importlib.import_module("pinned_toy.late")
    assert (late.NUMBER, late.WORD, changes) == (1, "old", ["changed"])
    assert late.__file__ == str(home / "late.py")


def test_a_module_that_was_removed_is_loaded_as_it_was(home: Path, changes: list[str]) -> None:
    for path in (home / "late.py", home / "inner" / "part.py", home / "inner" / "__init__.py"):
        path.unlink()
    (home / "inner").rmdir()
    assert importlib.import_module("pinned_toy.late").WORD == "old"
    assert importlib.import_module("pinned_toy.inner").__path__ == [str(home / "inner")]
    assert changes == ["changed"]


def test_files_of_the_same_size_and_time_are_told_apart(home: Path, changes: list[str]) -> None:
    path = home / "inner" / "part.py"
    before = path.stat()
    (home / "new.py").write_text("WORD = 'new'\n")
    (home / "new.py").replace(path)
    import os

    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert importlib.import_module("pinned_toy.late").WORD == "old"


def test_styles_are_read_as_they_were(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = PinnedCode({"pinned_toy": home})
    pinned.read()
    monkeypatch.setattr(pinned_code, "_pinned", [pinned])
    looks = home / "looks.tcss"
    assert pinned_code.pinned_text(str(looks)) is None
    assert not pinned_code.code_has_changed()
    looks.write_text("New, of another size {}")
    assert pinned_code.pinned_text(str(looks)) == "Old {}"
    assert pinned_code.code_has_changed()


def test_modules_of_others_are_left_alone(changes: list[str]) -> None:
    assert sys.meta_path[0].find_spec("json.tool", None) is None
    assert sys.meta_path[0].find_spec("pinned_toy.unknown", None) is None
