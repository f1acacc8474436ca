"""A workspace of one's own for each test, and nothing of the developer's."""

from pathlib import Path

import pytest

from tests.tui.support import Place


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys and remembered layouts of the test alone."""
    folder = tmp_path_factory.mktemp("xdg")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.delenv("TMUX", raising=False)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A workspace with an empty store."""
    return Place(tmp_path / "workspace")
