"""The screen of one batch."""

import json
from typing import Any

import pytest

from tests.support.effort import cases
from tests.tui.settling import Gate
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_comparing_jobs import judge
from tui.feed import Feed
from tui.screens.job import JobScreen
from tui.snapshots.batch import BatchView
from tui.widgets.event_tail import EventTail
from tui.widgets.glance import GlancePanel
from tui.widgets.image import ImageView

SCORED = [{"metric": "score", "value": 40.0, "raw": None, "scorer": "ear"}]
HEARD = {"role": "sound", "hash": "a" * 64, "media_type": "audio/wav", "kind": "audio", "size": 9}
HEARD |= {"width": None, "height": None}


async def open_batch(pilot) -> None:
    await until(pilot, lambda: pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)


async def test_a_list_in_another_order_begins_at_its_top_whatever_was_being_read(
    scored: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, read = Gate(), BatchView.read

    def read_late(view: BatchView, *about: Any) -> Any:
        snapshot = read(view, *about)
        gate.wait()
        return snapshot

    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        await shows(pilot, "input order ▾   1/4")
        await pilot.press("s")
        await shows(pilot, "Order of the list")
        monkeypatch.setattr(BatchView, "read", read_late)
        await pilot.press("r")
        await until(pilot, gate.is_reached.is_set)
        await pilot.press("S")
        gate.open()
        await shows(pilot, "best rated first, reversed ▾   1/4", "▌ · later")


@pytest.fixture
def scored(place: Place) -> Place:
    """Four jobs: 90, 40, failed, queued."""
    ids = place.job_ids(place.batch("scored", ["good", "poor", "broken", "later"]))
    place.claim(3)
    place.turn(ids[0], 1, 60)
    place.turn(ids[0], 2, 90, text="Nearly there.")
    place.end(ids[0], 90)
    place.turn(ids[1], 1, 40)
    place.end(ids[1], 40)
    place.fail(ids[2], "The provider refused the prompt.", "Change the prompt, then retry.")
    return place


def order(pilot) -> list[str]:
    rows = pilot.app.screen.rows
    return [rows.row(i).key for i in range(rows.total) if rows.row(i)]


async def test_jobs_with_score_trend_and_error(scored: Place) -> None:
    async with running(scored.dashboard(), (138, 36)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "good", "90.0", "▅█", "The provider refused", "✓ 2 done", "✗ 1 failed")


@cases("size", [(80, 24), (200, 50)], usual=1)
async def test_a_glance_begins_with_what_was_not_met(place: Place, size: tuple[int, int]) -> None:
    job = place.job_ids(place.batch("one", ["one"]))[0]
    place.claim(1)
    judge(place, job, 1, 60, "a fox", fox="met", snow="partly", moon="unmet", owl="unknown")
    judge(place, job, 2, 40, "a fox", fox="unmet")
    place.end(job, 60)
    async with running(place.dashboard(), size) as pilot:
        await open_batch(pilot)
        await shows(pilot, "60.0  iteration 1", "✗ moon", "~ snow", "1 more met", "judged: owl")
        text = seen(pilot.app)
        order = ("60.0  iteration 1", "✗ moon", "~ snow", "1 more met", "not judged")
        assert sorted(order, key=text.index) == list(order)
        assert "✗ fox" not in text


async def test_a_glance_at_a_verdict_without_checks_begins_with_what_is_missing(
    place: Place,
) -> None:
    job = place.job_ids(place.batch("one", ["one"]))[0]
    place.claim(1)
    place.turn(job, 1, 60, text="A dark street.")
    place.end(job, 60)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "60.0  iteration 1", "! a moon", "A dark street.")
        text = seen(pilot.app)
        assert text.index("! a moon") < text.index("A dark street.")


async def test_a_glance_at_a_take_begins_with_its_problems(place: Place) -> None:
    job = place.job_ids(place.batch("one", ["one"]))[0]
    place.claim(1)
    result = {"judgement": {"score": 40, "problems": [{"name": "length", "message": "Too long."}]}}
    step = place.step(job, "iteration-1/take-1", "measure", scores=SCORED, artifacts=[HEARD])
    place.write(
        lambda c: c.execute("UPDATE steps SET result = ? WHERE id = ?", (json.dumps(result), step))
    )
    place.end(job, 40)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "40.0  iteration 1 › take 1", "✗ Too long.")


async def test_orders_are_chosen_from_a_menu_and_remembered_by_batch(scored: Place) -> None:
    scored.batch("other", ["one"])
    async with running(scored.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total == 2)
        await pilot.press("j")
        await open_batch(pilot)
        await until(pilot, lambda: order(pilot) == ["good", "poor", "broken", "later"])
        for keys, expected in (
            ("sw", ["broken", "poor", "good", "later"]),  # what failed is the worst
            ("sc", ["poor", "good", "later", "broken"]),
            ("sb", ["good", "poor", "later", "broken"]),
            ("sS", ["broken", "later", "poor", "good"]),
            ("st", ["broken", "later", "good", "poor"]),
            ("sS", ["poor", "good", "later", "broken"]),
            ("si", ["good", "poor", "broken", "later"]),
            ("sS", ["later", "broken", "poor", "good"]),
        ):
            await pilot.press(keys[0])
            await shows(pilot, "Order of the list")
            await pilot.press(keys[1])
            await until(pilot, lambda expected=expected: order(pilot) == expected, keys)
        await shows(pilot, "input order, reversed ▾")
        await pilot.press("S")
        await until(pilot, lambda: order(pilot) == ["good", "poor", "broken", "later"])
        await pilot.press("S")
        await shows(pilot, "input order, reversed ▾")
    async with running(scored.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total == 2)
        await pilot.press("j")
        await open_batch(pilot)
        await until(pilot, lambda: order(pilot) == ["later", "broken", "poor", "good"])
        await pilot.press("asterisk")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 4)


async def test_faults_only_and_all_again(scored: Place) -> None:
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        await pilot.press("f")
        await until(pilot, lambda: order(pilot) == ["broken"])
        await pilot.press("f")
        await until(pilot, lambda: len(order(pilot)) == 4)


async def test_filters_by_key_state_and_inverse(scored: Place) -> None:
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        for text, left in (
            ("OO", ["good", "poor"]),
            ("o !poor", ["good", "broken"]),
            ("state:failed,queued", ["broken", "later"]),
            ("!state:done", ["broken", "later"]),
            ("oo state:done", ["good", "poor"]),
        ):
            await pilot.press("slash", *text, "enter")
            await until(pilot, lambda left=left: order(pilot) == left, text)
            await pilot.press("slash", "escape")
            await until(pilot, lambda: len(order(pilot)) == 4)


async def test_rows_that_were_dropped_come_back_even_if_they_are_the_same(scored: Place) -> None:
    """As after a filter that matches what the one before it has matched."""
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        await until(pilot, lambda: len(order(pilot)) == 4)
        await pilot.pause()  # nothing more changes by itself
        pilot.app.screen.rows.forget()
        assert order(pilot) == []
        pilot.app.feed.abandon()
        await until(pilot, lambda: len(order(pilot)) == 4)


async def test_the_selected_job_stands_beside_the_list(scored: Place) -> None:
    async with running(scored.dashboard(), (140, 36)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "Nearly there.", "a lamp")
        panel = pilot.app.screen.query_one(GlancePanel)
        best = scored.read(
            "SELECT a.hash FROM artifacts a JOIN steps s ON s.id = a.step_id"
            " WHERE s.scope = 'iteration-2'"
        )[0][0]
        assert panel._glance.image == best
        assert panel.query_one(ImageView).display
        await pilot.press("j", "j")
        await shows(pilot, "The provider refused the prompt.", "→ Change the prompt, then retry.")


async def test_it_follows_a_job_that_moves_in_the_order(scored: Place) -> None:
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        await pilot.press("s", "t")
        await until(pilot, lambda: order(pilot)[:1] == ["broken"])
        await pilot.press("j", "j")
        assert pilot.app.screen.rows.current.key == "good"
        scored.claim(1)
        scored.fail(scored.job_ids(1)[3], "No.")
        await until(pilot, lambda: order(pilot)[:2] == ["broken", "later"])
        await until(pilot, lambda: pilot.app.screen.rows.current.key == "good")


async def test_events_are_tailed(scored: Place) -> None:
    async with running(scored.dashboard(), (120, 40)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "job failed")
        scored.claim(1)
        await shows(pilot, "j4", "job started")
        assert pilot.app.screen.query_one(EventTail).following


async def test_a_batch_that_is_gone_is_said_to_be(scored: Place) -> None:
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        scored.write(lambda c: c.execute("UPDATE batches SET preparing = 1"))
        scored.write(lambda c: c.execute("DELETE FROM jobs"))
        scored.write(lambda c: c.execute("DELETE FROM batches"))
        await shows(pilot, "no longer in the store")


async def test_panels_grow_and_are_remembered(scored: Place) -> None:
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        before = pilot.app.screen.rows.size.width
        await pilot.press("plus", "plus")
        await until(pilot, lambda: pilot.app.screen.rows.size.width > before)
        wide = pilot.app.screen.rows.size.width
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        await until(pilot, lambda: pilot.app.screen.rows.size.width == wide)


async def test_a_click_selects_and_a_double_click_opens(scored: Place) -> None:
    async with running(scored.dashboard()) as pilot:
        await open_batch(pilot)
        await pilot.click("#jobs", offset=(10, 3))
        await until(pilot, lambda: pilot.app.screen.rows.cursor == 2)
        await pilot.click("#jobs", offset=(10, 2))
        await pilot.click("#jobs", offset=(10, 2), times=2)
        await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))


async def test_an_event_paints_nothing_but_the_tail(place: Place, monkeypatch) -> None:
    """Laying the screen out anew would paint every scrollbar again."""
    ids = place.job_ids(place.batch("evening", [f"job-{n:03d}" for n in range(200)]))
    place.claim(1)
    app = place.dashboard()
    async with running(app) as pilot:
        await open_batch(pilot)
        await shows(pilot, "job-001", "job started")
        await pilot.pause()
        layouts = []
        screen = app.screen
        monkeypatch.setattr(screen, "_refresh_layout", lambda *a, **k: layouts.append(a))
        place.step(ids[0], "iteration-1", "generate", message="an image came")
        await shows(pilot, "an image came")
        assert not layouts


async def test_a_slow_line_holds_back_what_changes_by_itself(place: Place, monkeypatch) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(1)
    app = place.dashboard()
    free = False
    monkeypatch.setattr(app.line, "may_repaint", lambda: free)
    app.feed = Feed(app.paths, app, app.line.may_repaint)
    async with running(app) as pilot:
        await open_batch(pilot)
        await shows(pilot, "two")
        for n in range(3):
            place.step(ids[0], "iteration-1", f"step-{n}", message=f"message {n}")
        await pilot.pause()
        assert "message" not in seen(app)
        await pilot.press("j")  # what a key asks for is read at once
        await shows(pilot, "message 2")
        place.step(ids[0], "iteration-1", "last", message="the last")
        await pilot.pause()
        assert "the last" not in seen(app)
        free = True
        await shows(pilot, "the last")


async def test_the_line_of_views_gives_up_the_filter_and_not_the_order(scored: Place) -> None:
    async with running(scored.dashboard(), (80, 24)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "s input order ▾   1/4   / filter")
        await pilot.press("s")
        await shows(pilot, "Order of the list")
        await pilot.press("r")
        await pilot.press("S")
        await shows(pilot, "s best rated first, reversed ▾   1/4")
        assert "/ filter" not in seen(pilot.app)
