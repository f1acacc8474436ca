"""When the dashboard's process looks for garbage."""

import gc
from collections.abc import Iterator

import pytest

from tui.collection import DUE, OVERDUE, QUIET_SECONDS, Collection


@pytest.fixture
def collection(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """Collection that is ours, without exempting what other tests hold."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    thresholds = gc.get_threshold()
    gc.disable()
    ours = Collection()
    ours.begin()
    yield ours
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.mark.parametrize(
    ("waiting", "since_key", "collects"),
    [
        (DUE, QUIET_SECONDS, True),
        (DUE, 0.0, False),
        (DUE - 1, 60.0, False),
        (OVERDUE, 0.0, True),
    ],
)
def test_a_full_collection_waits_for_a_pause_between_keys(
    collection: Collection,
    monkeypatch: pytest.MonkeyPatch,
    waiting: int,
    since_key: float,
    collects: bool,
) -> None:
    done: list[bool] = []
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, waiting))
    monkeypatch.setattr(gc, "collect", lambda: done.append(True))
    collection.tick(since_key)
    assert bool(done) is collects


def test_a_program_that_leaves_collection_to_python_keeps_its_thresholds() -> None:
    before = gc.get_threshold()
    ours = Collection()
    ours.begin()
    ours.settle()
    assert gc.get_threshold() == before
