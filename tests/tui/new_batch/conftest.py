"""A workspace for each form, which reads at once and starts no process."""

from pathlib import Path

import pytest

from db.store import Store
from engine.config.paths import WorkspacePaths
from tui.screens.new_batch import estimated_form, estimator, input_reader


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_reader, "READ_AFTER", 0.01)
    monkeypatch.setattr(estimator, "ESTIMATE_AFTER", 600)  # where a test is not about it
    monkeypatch.setattr(estimated_form, "read_readiness", lambda _root: {})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with an empty store."""
    paths = WorkspacePaths(tmp_path / "workspace")
    Store.create(paths.store, created_by="test")
    return paths.root
