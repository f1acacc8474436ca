"""The tail of events: bounded, and following only while the reader is at its end."""

import pytest
from textual.app import App

from db.rows import EventRow
from tui.widgets.event_tail import EventTail

HOSTILE = "\x1b[2J\x1b]52;c;aGk=\x07[bold]x[/bold]\nsecond\x9b31m"


def event(number, message="", level="info", kind="step.done", job=7, at="2026-11-20T10:00:00.000Z"):
    return EventRow(number, at, 1, job, None, kind, level, message, "{}")


def events(start, stop):
    return [event(number, f"message {number}") for number in range(start, stop)]


class Tailed(App[None]):
    def __init__(self, **given):
        super().__init__()
        self.tail = EventTail(**given)
        self.heard = []

    def compose(self):
        yield self.tail

    def on_event_tail_followed(self, message):
        assert message.control is self.tail
        self.heard.append(message.following)


def lines(tail):
    return [tail.render_line(y).text.rstrip() for y in range(tail.size.height)]


def last_words(tail):
    return [line.rpartition(" ")[2] for line in lines(tail)]


async def test_the_newest_stays_in_sight_while_the_reader_is_at_the_end():
    app = Tailed()
    async with app.run_test(size=(60, 5)) as pilot:
        assert lines(app.tail)[0] == "No events yet."
        app.tail.add(events(0, 3))
        await pilot.pause()
        assert last_words(app.tail)[:3] == ["0", "1", "2"]
        app.tail.add(events(3, 40))
        await pilot.pause()
        assert last_words(app.tail) == ["35", "36", "37", "38", "39"]
        assert app.tail.following


async def test_a_reader_who_left_the_end_is_left_alone_and_told():
    app = Tailed()
    async with app.run_test(size=(60, 5)) as pilot:
        app.tail.focus()
        app.tail.add(events(0, 40))
        await pilot.press("k", "k", "up")
        await pilot.pause()
        read = lines(app.tail)
        app.tail.add(events(40, 52))
        await pilot.pause()
        now = lines(app.tail)
        assert now[:4] == read[:4]
        assert "12 newer lines below" in now[4]
        assert not app.tail.following
        await pilot.press("end")
        await pilot.pause()
        assert last_words(app.tail) == ["47", "48", "49", "50", "51"]
        assert app.tail.unseen == 0
        assert app.heard == [False, True]


async def test_scrolling_back_to_the_end_follows_again():
    app = Tailed()
    async with app.run_test(size=(60, 5)) as pilot:
        app.tail.focus()
        app.tail.add(events(0, 40))
        await pilot.pause()
        await pilot.press("g")
        await pilot.pause()
        assert not app.tail.following
        app.tail.scroll_to(y=app.tail.max_scroll_y, animate=False)
        await pilot.pause()
        assert app.tail.following


async def test_what_falls_off_does_not_move_what_is_read():
    app = Tailed(kept=50)
    async with app.run_test(size=(60, 5)) as pilot:
        app.tail.add(events(0, 50))
        await pilot.pause()
        app.tail.scroll_to(y=20, animate=False)
        await pilot.pause()
        before = lines(app.tail)
        assert last_words(app.tail)[0] == "20"
        app.tail.add(events(50, 60))
        await pilot.pause()
        assert lines(app.tail)[:4] == before[:4]
        app.tail.add(events(60, 5000))  # everything that was read is gone
        await pilot.pause()
        assert last_words(app.tail)[0] == "4950"
        assert app.tail.virtual_size.height == 50


async def test_a_resize_keeps_the_newest_in_sight():
    app = Tailed()
    async with app.run_test(size=(60, 10)) as pilot:
        app.tail.add(events(0, 40))
        for height in (5, 20, 3, 8):
            await pilot.resize_terminal(50, height)
            await pilot.pause()
            assert last_words(app.tail)[-1] == "39"
            assert app.tail.following


async def test_events_that_are_there_are_passed_over():
    app = Tailed()
    async with app.run_test(size=(60, 10)) as pilot:
        app.tail.add(events(0, 3))
        app.tail.add(events(1, 4))
        app.tail.add([])
        await pilot.pause()
        assert last_words(app.tail)[:5] == ["0", "1", "2", "3", ""]
        app.tail.clear()
        app.tail.add(events(0, 1))
        await pilot.pause()
        assert last_words(app.tail)[:2] == ["0", ""]


async def test_a_line_says_when_whose_and_what():
    app = Tailed()
    async with app.run_test(size=(70, 6)) as pilot:
        app.tail.add(
            [
                event(1, "iteration-1/generate: rate limit", "warning", "step.retry", 12),
                event(2, "cannot be read", "error", "job.failed", 3),
                event(3, "", kind="batch.finished", job=None),
                event(4, at="not a time"),
            ]
        )
        await pilot.pause()
        first, second, third, fourth = lines(app.tail)[:4]
        assert first[8:] == " ! j12   step retry     iteration-1/generate: rate limit"
        assert "✗ j3    job failed     cannot be read" in second
        assert third[8:] == "   b1    batch finished"
        assert fourth.startswith("–        ")


@pytest.mark.parametrize("width", [1, 8, 12, 40, 200])
async def test_hostile_and_wide_text_stays_in_its_line(width):
    app = Tailed()
    async with app.run_test(size=(width, 4)) as pilot:
        app.tail.add([event(1, HOSTILE * 50, HOSTILE, HOSTILE), event(2, "花火" * 500)])
        await pilot.pause()
        for y in range(4):
            line = app.tail.render_line(y)
            assert line.cell_length == app.tail.size.width
            assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in line.text)
