"""Frames at a play head: one is read at a time, and the newest that is wanted stays."""

from collections.abc import Callable
from typing import Any

import pytest

from tui.widgets.frame_reader import FrameReader


class Screen:
    """A screen whose threads run when the test lets them."""

    is_attached = True

    def __init__(self) -> None:
        self.app = self
        self.works: list[Callable[[], None]] = []

    def run_worker(self, work: Callable[[], None], **_: Any) -> None:
        self.works.append(work)

    def call_from_thread(self, call: Callable[..., None], *values: Any) -> None:
        call(*values)

    def read(self) -> None:
        """Let the thread that has waited longest read."""
        self.works.pop(0)()


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def put() -> list[bytes | None]:
    """The frames that were shown."""
    return []


@pytest.fixture
def reader(screen: Any, put: list[bytes | None]) -> FrameReader:
    return FrameReader(screen, put.append)


def frame(seconds: float) -> bytes | None:
    return b"%d" % seconds


def test_one_is_read_at_a_time_and_only_the_newest_of_those_that_wait(
    reader: FrameReader, screen: Screen, put: list[bytes | None]
) -> None:
    for seconds in (1.0, 2.0, 3.0):
        reader.ask(frame, seconds, "film")
    assert len(screen.works) == 1
    screen.read()
    screen.read()
    assert put == [b"1", b"3"]
    assert not screen.works


def test_a_frame_that_is_read_late_does_not_replace_a_newer_one_that_was_known(
    reader: FrameReader, screen: Screen, put: list[bytes | None]
) -> None:
    reader.ask(frame, 1.0, "film")
    screen.read()
    reader.ask(frame, 2.0, "film")
    reader.ask(frame, 1.0, "film")
    screen.read()
    assert put == [b"1", b"1"]


def test_where_there_is_no_frame_that_is_shown_too(
    reader: FrameReader, screen: Screen, put: list[bytes | None]
) -> None:
    reader.ask(lambda _seconds: None, 1.0, "film")
    screen.read()
    assert put == [None]
