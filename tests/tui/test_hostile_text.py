"""Whatever a prompt, a name or a provider's answer holds, it neither acts on the terminal nor is
read as markup, on any screen."""

import pytest
from textual.pilot import Pilot
from textual.widgets._toast import Toast

from db.writes.commands import add_decision
from tests.support.effort import cases
from tests.tui.storyboards import mark, shoot
from tests.tui.support import Place, running, seen, until

ESCAPES = "\x1b]52;c;aGk=\x07\x1b[2J\x1b[31mred\x9b5m\x90q\x9c"
RTL = "\u202eabc\u2066def"
MARKUP = "[bold red]loud[/] [@click=app.quit]press[/] [link=file:///etc]x[/link] [/unopened]"
LONG = "lamp " * 20_000
pytestmark = pytest.mark.usefixtures("drawn")
HOSTILE = f"{ESCAPES} {RTL} {MARKUP} wide 漢字 🧪 zero\u200bwidth \ud7ff"


@pytest.fixture
def hostile(place: Place) -> Place:
    batch = place.batch(f"n {HOSTILE}", [f"k {HOSTILE}", f"f {HOSTILE}"], prompt=HOSTILE + LONG)
    first, second = place.job_ids(batch)
    place.claim(2)
    place.turn(first, 1, 50, prompt=f"{LONG} {HOSTILE}", text=HOSTILE + LONG)
    place.step(first, f"s{ESCAPES}{MARKUP}/t", f"name{HOSTILE}")
    place.fail(second, HOSTILE + LONG, HOSTILE)
    place.write(lambda c: c.execute("UPDATE jobs SET stage = ?", (HOSTILE,)))
    place.engine_row(99_999, HOSTILE)
    return place


def assert_harmless(pilot: Pilot) -> None:
    text = seen(pilot.app)
    bad = [c for c in text if c != "\n" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0)]
    assert not bad, bad
    assert not set(text) & set("\u202e\u2066")
    for line in pilot.app.screen._compositor.render_strips():
        for segment in line:
            assert not (segment.style and (segment.style.link or "click" in segment.style.meta))


async def visit(place: Place, size: tuple[int, int], downs: int) -> None:
    async with running(place.dashboard(), size) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        assert_harmless(pilot)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press(*["j"] * downs)
        await until(pilot, lambda: "loud[/]" in seen(pilot.app))
        assert_harmless(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)
        for key in ("j", "k", "g", "G", "h"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(pilot)
        assert pilot.app.is_running


@cases("size", [(80, 24), (160, 50)], usual=1)
@pytest.mark.parametrize("downs", [0, 1])
async def test_every_screen(hostile: Place, size: tuple[int, int], downs: int) -> None:
    await visit(hostile, size, downs)


async def test_answers_and_questions(hostile: Place) -> None:
    async with running(hostile.dashboard(), (100, 30)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press("x")
        await until(pilot, lambda: "Cancel j1" in seen(pilot.app))
        assert_harmless(pilot)
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.screen.query(Toast))
        await pilot.pause()
        assert_harmless(pilot)


async def test_sets_decisions_previews_and_tables(place: Place) -> None:
    job = place.job_ids(place.batch("films", ["one"], prompt="a lamp"))[0]
    place.claim(1)
    shoot(place, job, 1, 2)
    image = place.read("SELECT hash FROM artifacts ORDER BY id DESC")[0][0]
    scores = [mark(f"m {HOSTILE}", float("inf"), image), mark("z" * 5000, -1e300, f"x{ESCAPES}")]
    place.step(job, "scene-1", f"score {MARKUP}", scores=scores)
    step = place.step(job, "scene-1", "again", scores=[mark("score", 1.0, image)])
    for key in (f"scene-1/{HOSTILE}", "scene-1/select", "select"):
        place.write(lambda c, k=key: add_decision(c, job, k, HOSTILE + LONG, HOSTILE))
    place.write(
        lambda c: c.execute(
            """INSERT INTO progress (step_id, batch_id, job_id, fraction, message, at, preview)
               VALUES (?, 1, ?, 0.5, ?, '', ?)""",
            (step, job, HOSTILE, b"\x1b[2J no image"),
        )
    )
    place.write(lambda c: c.execute("UPDATE steps SET backend = ?, model = ?", (HOSTILE, HOSTILE)))
    async with running(place.dashboard(), (120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)
        for key in ("j", "j", "j", "G", "k", "h", "c", "e", "g"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(pilot)
        await until(pilot, lambda: "decided" in seen(pilot.app))
        await pilot.press("dollar_sign")
        await until(pilot, lambda: "b1: nothing spent" in seen(pilot.app))
        assert_harmless(pilot)
        assert pilot.app.is_running
