"""When the dashboard's process looks for garbage."""

import gc
import sys
from collections.abc import Iterator

import pytest

from tui.collection import BLOCKS, GROWTH, OVERDUE, QUIET_SECONDS, Collection


@pytest.fixture
def collection(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    """Collection that is ours, from 100 blocks on, without exempting what other tests hold."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(sys, "getallocatedblocks", lambda: 100)
    monkeypatch.setattr("tui.collection.resident", lambda: 1000)
    thresholds = gc.get_threshold()
    gc.disable()
    ours = Collection()
    ours.begin()
    yield ours
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.mark.parametrize(
    ("blocks", "since_key", "collects"),
    [
        (BLOCKS, QUIET_SECONDS, True),
        (BLOCKS, 0.0, False),
        (BLOCKS - 1, 60.0, False),
        (OVERDUE * BLOCKS, 0.0, True),
    ],
)
def test_a_full_collection_waits_for_garbage_and_for_a_pause_between_keys(
    collection: Collection,
    monkeypatch: pytest.MonkeyPatch,
    blocks: int,
    since_key: float,
    collects: bool,
) -> None:
    done: list[bool] = []
    monkeypatch.setattr(gc, "collect", lambda: done.append(True))
    monkeypatch.setattr(sys, "getallocatedblocks", lambda: 100 + blocks)
    collection.tick(since_key)
    collection.tick(since_key)  # it counts from the last one on
    assert len(done) == collects


def test_large_texts_count_as_garbage_too(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[bool] = []
    monkeypatch.setattr(gc, "collect", lambda: done.append(True))
    monkeypatch.setattr("tui.collection.resident", lambda: GROWTH + 1000)
    collection.tick(QUIET_SECONDS)
    assert done == [True]


def test_a_program_that_leaves_collection_to_python_keeps_its_thresholds() -> None:
    before = gc.get_threshold()
    ours = Collection()
    ours.begin()
    ours.settle()
    assert gc.get_threshold() == before
