"""Notices: the worst first, put away until they change, and toasts that cover no cursor."""

import pytest

from tests.tui.support import Place, running, shows, until
from tui.snapshots.header import EngineState, Header, News, ParkedReason
from tui.snapshots.notices import Notices
from tui.widgets.notice_line import NoticeLine
from tui.widgets.rows import Rows

PARKED = Header(
    parked=3, reasons=(ParkedReason("key", "No key.", 1), ParkedReason("quota", "Empty.", 2))
)


def keys(notices: Notices, head: Header) -> list[str]:
    return [item.key.split()[0] for item in notices.of(head)]


def test_the_worst_is_first() -> None:
    notices = Notices(trouble="The store is gone.", problems=["keys.toml is wrong."])
    news = (
        News(1, "b1 a: done.", False, 1, "a", "done"),
        News(2, "b2 b: done, some failed.", True, 2, "b", "done_with_failures"),
        News(3, "b3 c: done.", False, 3, "c", "done"),
    )
    head = Header(
        engine=EngineState("lost", 7),
        parked=1,
        reasons=(ParkedReason("key", "No key."),),
        news=news,
    )
    assert keys(notices, head) == ["store", "problem", "lost", "parked", "news", "news", "news"]
    assert [item.batch for item in notices.of(head)][-3:] == [2, 3, 1]


def test_a_notice_that_was_put_away_comes_back_when_it_changes() -> None:
    notices = Notices()
    notices.put_away(notices.of(PARKED)[:1])
    assert keys(notices, PARKED) == ["parked"]
    more = Header(parked=9, reasons=PARKED.reasons)
    assert [item.sentence for item in notices.of(more)] == ["2 parked (quota): Empty."]
    assert notices.of(Header()) == ()
    assert len(notices.of(PARKED)) == 2


def test_each_reason_says_how_many_jobs_wait_by_it() -> None:
    notices = [item.sentence for item in Notices().of(PARKED)]
    assert notices == ["1 parked (key): No key.", "2 parked (quota): Empty."]
    many = Header(
        parked=9_000, reasons=(ParkedReason("key", "A.", 1000), ParkedReason("disk", "B."))
    )
    assert Notices().of(many)[0].sentence == "1000+ parked (key): A."


def test_a_parked_batch_is_no_news_beside_its_reason() -> None:
    news = (News(1, "b1 a: parked.", True, 1, "a", "parked"),)
    assert keys(Notices(), Header(parked=1, reasons=(ParkedReason("key", "No."),), news=news)) == [
        "parked"
    ]
    assert keys(Notices(), Header(news=news)) == ["news"]


async def test_a_notice_of_a_batch_opens_it(place: Place) -> None:
    batch = place.batch("evening", ["one"])
    place.claim(1)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        await until(pilot, lambda: pilot.app.head_view._states)
        place.end(place.job_ids(batch)[0], 50)
        place.write(lambda c: c.execute("UPDATE batches SET finish = 'done'"))
        await shows(pilot, "b1 evening: done.")
        await pilot.press("exclamation_mark", "enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await pilot.press("minus")
        await until(pilot, lambda: not pilot.app.screen.query_one(NoticeLine).display)


@pytest.mark.parametrize(("row", "above"), [(0, False), (14, True)])
async def test_a_toast_covers_no_cursor(place: Place, row: int, *, above: bool) -> None:
    for number in range(16):
        place.batch(f"batch-{number}", ["one"])
    async with running(place.dashboard(), (80, 30)) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(Rows).total == 16)
        rows = pilot.app.screen.query_one(Rows)
        rows.go(row)
        await pilot.press("y")
        await shows(pilot, "Copied b")
        (toast,) = pilot.app.screen.query("Toast")
        line = rows.region.y + 1 + rows.cursor - int(rows.scroll_y)
        assert not toast.region.y <= line < toast.region.bottom
        assert (toast.region.y < 10) is above
        assert pilot.app.NOTIFICATION_TIMEOUT == 3
