"""What is at hand: notices, toasts, mouse, copied text, colours, keys in the footer."""

import subprocess
import sys
from typing import Any, get_args

import pytest
from textual.widgets._toast import Toast

from db.queries.parked import REASONS
from db.writes.batch_marks import archive_batch
from db.writes.jobs import set_state
from engine.contract.errors import ParkReason
from tests.support.effort import cases
from tests.tui.storyboards import film
from tests.tui.support import Place, notices, running, seen, shows, until
from tests.tui.test_filters_of_lists import open_first
from tests.tui.test_job_screen import open_job
from themes import bundled_themes
from tui.app import Dashboard
from tui.snapshots.header import WHAT_TO_DO
from tui.ui_state import UiState, state_file
from tui.widgets.bars import KeyBar, TopBar
from tui.widgets.notice_line import NoticeLine
from tui.widgets.rows import Rows
from tui.widgets.sheet import Sheet

LONG = "toy needs TOY_KEY. Put TOY_KEY into .env, which is read again by resume, then resume it."


def cells(app) -> list[tuple[str, str]]:
    """Colours of everything on the screen."""
    lines = app.screen._compositor.render_strips()
    return [(segment.text, str(segment.style)) for line in lines for segment in line]


def colours_of(name: str) -> set[str]:
    theme = next(theme for theme in bundled_themes() if theme.name == name)
    return {c.lower() for c in (*theme.colours.values(), *theme.states.values())}


@cases("keys", [("enter", "enter"), (), ("enter",)], usual=1)
async def test_a_theme_reaches_every_widget_at_once(place: Place, keys: tuple[str, ...]) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    place.turn(ids[0], 1, 40, prompt="a dim lamp")
    place.fail(ids[1], "No.", "Do something else.")
    async with running(place.dashboard(), (120, 40)) as pilot:
        app = pilot.app
        await until(pilot, lambda: app.screen.rows.total)
        for key in keys:
            stack = len(app.screen_stack)
            await pilot.press(key)
            await until(pilot, lambda n=stack: len(app.screen_stack) > n and app.screen.rows.total)
        await pilot.pause()
        only_old = colours_of("safelight") - colours_of("safelight-light")
        app.theme = "safelight-light"

        def no_old_colours() -> bool:
            return not [c for c in cells(app) if c[0].strip("▀▄ ") and uses(c[1], only_old)]

        await until(pilot, no_old_colours)


def uses(style: str, colours: set[str]) -> bool:
    return any(word.lower() in colours for word in style.split())


async def test_a_notice_says_a_remedy_once_opens_and_is_put_away(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(1)
    place.park(ids[0], "key", LONG)
    async with running(place.dashboard(), (80, 24)) as pilot:
        line = pilot.app.screen.query_one(NoticeLine)
        await shows(pilot, "1 parked (key): toy needs TOY_KEY.", "! open  - hide")
        assert line.size.height == 1
        assert WHAT_TO_DO["key"] not in line.items[0].sentence
        await pilot.press("exclamation_mark")
        await shows(pilot, "then resume it.", "put away until it changes")
        await pilot.press("minus")
        await until(pilot, lambda: not line.display)
        await open_first(pilot)
        assert not pilot.app.screen.query_one(NoticeLine).display
        place.claim(1)
        place.park(ids[1], "quota", "The account is empty.")
        await notices(pilot, "1 parked (quota)")
        await pilot.press("minus")
        await notices(pilot)


@pytest.mark.parametrize("reason", get_args(ParkReason))
def test_every_reason_to_park_is_known(reason: str) -> None:
    assert reason in REASONS


async def test_the_banner_counts_the_jobs_of_each_reason(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    place.park(ids[0], "key", "toy needs a key. Set it.")
    place.park(ids[1], "backend", "toy cannot be reached. Start it.")
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "1 parked (key): toy needs a key. Set it.", "+1")
        await pilot.press("exclamation_mark")
        await shows(pilot, "1 parked (backend): toy cannot be reached.")


async def test_a_notice_stays_as_wanted_on_the_other_screens(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    place.park(ids[0], "key", "toy needs a key. Set it.")
    async with running(place.dashboard()) as pilot:
        await notices(pilot, "1 parked (key)")
        await open_first(pilot)
        place.park(ids[1], "quota", "The account is empty. Fill it.")
        await notices(pilot, "1 parked (key)", "1 parked (quota)")
        await pilot.press("minus", "minus", "escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await notices(pilot)


async def test_a_notice_that_was_put_away_comes_back_after_all_was_well(place: Place) -> None:
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.park(job, "key", "toy needs a key. Set it.")
    async with running(place.dashboard()) as pilot:
        await notices(pilot, "1 parked (key)")
        await pilot.press("minus")
        await notices(pilot)
        place.write(lambda c: set_state(c, [place._job(c, job)], "queued", "job.resumed"))
        await until(pilot, lambda: not pilot.app.head.parked)
        place.claim(1)
        place.park(job, "key", "toy needs a key. Set it.")
        await notices(pilot, "1 parked (key)")


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_key_is_named_for_the_engine_only_where_it_works(
    place: Place, *, read_only: bool
) -> None:
    place.batch("evening", ["one"])
    async with running(Dashboard(place.root, read_only=read_only)) as pilot:
        await shows(pilot, "no engine", "b1 evening")
        assert ("E starts one" in seen(pilot.app)) is not read_only


async def test_a_message_without_a_remedy_gets_the_reasons(place: Place) -> None:
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.park(job, "key", "No key.")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, f"No key. {WHAT_TO_DO['key']}")


@cases("size", [(80, 24), (120, 40)], usual=1)
async def test_toasts_cover_no_list(place: Place, size: tuple[int, int]) -> None:
    film(place)
    async with running(place.dashboard(), size) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        for where in ("batches", "batch", "job"):
            if where != "batches":
                await pilot.press("enter")
                await until(
                    pilot,
                    lambda w=where: w == pilot.app.screen.WHERE and pilot.app.screen.rows.total,
                )
            for _ in range(4):
                pilot.app.notify("Something has happened that takes some words to say. " * 9)
            await until(pilot, lambda: any(t.region.height for t in pilot.app.screen.query(Toast)))
            await pilot.pause()
            listed = pilot.app.screen.query_one(Rows).region
            toasts = [toast.region for toast in pilot.app.screen.query(Toast)]
            assert toasts
            assert not [toast for toast in toasts if toast.overlaps(listed)], where


async def test_an_answer_about_a_job_is_read_whole_in_a_short_terminal(place: Place) -> None:
    film(place)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_job(pilot)
        pilot.app.screen.say(
            "Decided iteration-2/prompt of j35 (0035-two-whales-under-a-red-moon); what depends "
            "on it runs again."
        )
        await shows(pilot, "runs again.")


async def test_selected_text_is_copied(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "b1 evening")
        rows = pilot.app.screen.rows
        await pilot.mouse_down(rows, offset=(4, 1))
        await pilot.hover(rows, offset=(14, 1))
        await pilot.mouse_up(rows, offset=(14, 1))
        await until(pilot, lambda: pilot.app.screen.get_selected_text())
        await pilot.press("ctrl+c")
        assert pilot.app.clipboard.startswith("b1 evening")


async def test_crumbs_lead_back(place: Place) -> None:
    film(place)
    async with running(place.dashboard()) as pilot:
        await open_job(pilot)
        await shows(pilot, "b1", "j1 coffee")
        line = seen(pilot.app).splitlines()[0]
        await pilot.click(TopBar, offset=(line.index("b1"), 0))
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await pilot.click(TopBar, offset=(3, 0))
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")


async def test_column_heads_sort(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["low", "high"]))
    place.claim(2)
    for job, score in zip(ids, (10, 90), strict=True):
        place.end(job, score)
    async with running(place.dashboard()) as pilot:
        await open_first(pilot)
        rows = pilot.app.screen.rows
        heads = rows._heading().text
        for name, order in (("score", "worst"), ("score", "best"), ("job", "position")):
            await pilot.click(rows, offset=(heads.index(name) + 1, 0))
            await until(pilot, lambda o=order: pilot.app.screen._view.ask.order == o)
        assert pilot.app.remembered.order == "position"


async def test_the_splitter_can_be_dragged(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await open_first(pilot)
        beside = pilot.app.screen.query_one("#beside")
        await pilot.mouse_down(beside, offset=(0, 5))
        await pilot.hover("Panels", offset=(40, 5))
        await pilot.mouse_up("Panels", offset=(40, 5))
        await until(pilot, lambda: beside.region.x == 40)
        assert pilot.app.remembered.widths["batch"] == 40


async def test_each_line_of_a_wide_screen_can_be_dragged(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard(), (160, 40)) as pilot:
        await open_first(pilot)
        sheet, beside = (pilot.app.screen.query_one(name) for name in ("#sheet", "#beside"))
        await until(pilot, lambda: sheet.region.x == 50)
        for line, to in ((sheet, 56), (beside, 96)):
            await pilot.mouse_down(line, offset=(0, 5))
            await pilot.hover(offset=(to, 10))
            await pilot.mouse_up(offset=(to, 10))
            await until(pilot, lambda line=line, to=to: line.region.x == to)
        assert pilot.app.remembered.widths == {"lists": 50, "batch wide": 60}
        pilot.app.screen.rows.focus()
        await pilot.pause()
        await pilot.press("plus")
        await until(pilot, lambda: beside.region.x > 96)
    async with running(place.dashboard(), (90, 30)) as pilot:
        await open_first(pilot)
        beside = pilot.app.screen.query_one("#beside")
        await until(pilot, lambda: pilot.app.screen.rows.region.right == beside.region.x)


async def test_the_theme_under_the_cursor_is_shown_until_one_is_chosen(place: Place) -> None:
    app: Any = place.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.WHERE == "batches")
        await pilot.press("T")
        await shows(pilot, "as a darkroom", "2  ", "colour-blind")
        await pilot.press("j")
        await until(pilot, lambda: app.theme != "safelight")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "safelight")
        await pilot.press("T")
        await shows(pilot, "as a darkroom")
        line = next(one for one in app.screen._lines if one.value == "safelight-light")
        await pilot.press(line.key)
        await until(pilot, lambda: app.theme == "safelight-light")
    assert UiState.load(state_file()).theme == "safelight-light"


async def test_with_16_colours_marks_and_states_show_on_the_selected_row(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        pilot.app.console._color_system = type(pilot.app.console._color_system).STANDARD
        rows = pilot.app.screen.rows
        await pilot.press("space")
        strip = rows._line(0)
        colours = {segment.style.color for segment in strip if segment.text.strip()}
        assert "●" in strip.text
        assert len(colours) == 1


@cases("width", [80, 100], usual=1)
async def test_the_footer_of_a_job_keeps_choosing_and_editing(place: Place, width: int) -> None:
    film(place)
    async with running(place.dashboard(), (width, 24)) as pilot:
        await open_job(pilot)
        line = pilot.app.screen.query_one(KeyBar).render().plain
        for key in ("esc Back", "c Choose", "e Edit", "p Pause", "? Help", "q Quit"):
            assert f" {key} " in line


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_new_workspace_greets(tmp_path, *, read_only: bool) -> None:
    from tui.app import Dashboard

    async with running(Dashboard(tmp_path, read_only=read_only)) as pilot:
        await shows(pilot, "Welcome to Safelight", "safelight --workspace DIR")
        assert ("type a prompt" in seen(pilot.app)) != read_only
        assert not pilot.app.screen.query_one(NoticeLine).display
        assert pilot.app.trouble is None
        await pilot.press("2")
        await until(pilot, lambda: pilot.app.screen.query_one(Sheet).display)
        await shows(pilot, "Welcome to Safelight")
        await pilot.press("1")
        place = Place(tmp_path)
        batch = place.batch("evening", ["one"])
        await shows(pilot, "b1 evening")
        place.write(lambda c: archive_batch(c, batch, archived=True))
        await shows(pilot, "No batches here.")


async def test_a_watcher_is_told_why_a_key_does_nothing(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard(read_only=True)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("j")
        await shows(pilot, "b1 evening")
        assert "Read-only:" not in seen(pilot.app)
        await pilot.press("x")
        await shows(pilot, "Read-only: nothing can be changed here.")


def test_the_help_says_what_no_command_does() -> None:
    command = [sys.executable, "-m", "safelight", "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Without a command, `safelight` opens the dashboard" in " ".join(said.split())
    assert "--read-only" in said


def footer(pilot) -> str:
    return pilot.app.screen.query_one(KeyBar).render().plain


async def test_the_footer_has_what_the_selected_row_can_do(place: Place) -> None:
    keys = ("bad", "good", "works", "stuck", "asks", "late")
    bad, good, works, stuck, asks, _ = place.job_ids(place.batch("evening", keys))
    place.claim(5)
    place.fail(bad, "No.")
    place.turn(good, 1, 80)
    place.end(good, 80)
    place.park(stuck, "out_of_budget", "Nothing is left.")
    place.park(asks, "approval", "Waits.")
    assert works
    expected = {
        "bad": "t Retry  v Why  a Again",
        "good": "o View  = Compare  s Sort  C With best",
        "works": "p Pause  x Cancel",
        "stuck": "! Notice  r Resume  v Why  x Cancel",
        "asks": "A Approve  v Why  x Cancel",
        "late": "p Pause  x Cancel",
    }
    async with running(place.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "p Pause  x Cancel  F Causes")
        await open_first(pilot)
        await pilot.press("s", "i")
        await until(pilot, lambda: pilot.app.screen.rows.current.key == "bad")
        for key, titles in expected.items():
            await until(pilot, lambda k=key: pilot.app.screen.rows.current.key == k)
            await until(pilot, lambda t=titles: f" esc Back  {t} " in footer(pilot), key)
            assert footer(pilot).endswith("? Help  q Quit ")
            await pilot.press("j")


async def test_the_footer_is_drawn_again_only_for_another_state(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.batch("evening", ["one", "two", "three"])
    async with running(place.dashboard()) as pilot:
        await open_first(pilot)
        await until(pilot, lambda: "p Pause" in footer(pilot))
        drawn = []
        monkeypatch.setattr(KeyBar, "set_keys", lambda _, keys: drawn.append(keys))
        await pilot.press("j", "j", "k")
        await until(pilot, lambda: pilot.app.screen.rows.current.key == "two")
        assert not drawn


async def test_who_only_reads_is_offered_nothing_that_writes(place: Place) -> None:
    place.batch("evening", ["one"])
    place.claim(1)
    async with running(place.dashboard(read_only=True)) as pilot:
        await open_first(pilot)
        await pilot.pause()
        assert "Pause" not in footer(pilot)
        assert "/ Filter" in footer(pilot)
