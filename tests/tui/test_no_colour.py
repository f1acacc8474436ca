"""Screens in a terminal without colours: selection, errors and readable text."""

from typing import Any

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests.tui.support import Place, running, shows, until
from tui.few_colours import DistinctColours
from tui.no_colour import LEAST_CONTRAST, SWAPPED, ReadableGreys


@pytest.fixture
def grey(monkeypatch: pytest.MonkeyPatch, place: Place) -> Place:
    """Two jobs that are done and one that is parked, in a terminal without colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    ids = place.job_ids(place.batch("evening", ["one", "two", "three"]))
    place.claim(3)
    for number, job in enumerate(ids[:2]):
        place.turn(job, 1, 50 + number)
        place.end(job, 50 + number)
    place.park(ids[2], "key", "OPENAI_API_KEY is not set.")
    return place


def sent(app: Any) -> list[Segment]:
    """All that the terminal gets, as filters leave it."""
    background = app.screen.background_colors[1]
    filters = [each for each in app.get_line_filters() if each.enabled]
    segments: list[Segment] = []
    for strip in app.screen._compositor.render_strips():
        for each in filters:
            strip = strip.apply_filter(each, background)
        segments.extend(strip)
    return segments


def swapped(app: Any) -> str:
    """The text on swapped backgrounds; all of it must be readable."""
    screen, words = app.screen.background_colors[1].brightness, []
    for text, style, _ in sent(app):
        if style is None or style.bgcolor is None or style.color is None:
            continue
        ground, ink = (Color.from_rich_color(c).brightness for c in (style.bgcolor, style.color))
        if abs(ground - screen) > SWAPPED and any(
            sign.isalnum() or sign in "◆▸✗✓" for sign in text
        ):
            assert abs(ground - ink) >= LEAST_CONTRAST, text
            words.append(text)
    return "".join(words)


async def test_the_selected_row_and_the_active_side_swap_their_colours(grey: Place) -> None:
    async with running(grey.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "b1 evening")
        await until(pilot, lambda: "evening" in swapped(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: "one" in swapped(pilot.app))
        await pilot.press("down", "equals_sign")
        await until(pilot, lambda: pilot.app.screen.WHERE == "compare")
        await until(pilot, lambda: "two" in swapped(pilot.app))
        assert "one" not in swapped(pilot.app)


async def test_the_sign_of_a_state_can_be_read_in_the_chosen_line(grey: Place) -> None:
    async with running(grey.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "b1 evening", "1 parked")
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: "◆" in swapped(pilot.app))


async def test_a_refusal_is_told_from_a_notice(grey: Place) -> None:
    async with running(grey.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "b1 evening")
        pilot.app.screen.say("It was queued.")
        pilot.app.screen.say("It cannot be queued.", bad=True)
        await shows(pilot, "It was queued", "It cannot be queued")
        await until(pilot, lambda: "cannot" in swapped(pilot.app))
        assert "was queued" not in swapped(pilot.app)


def test_swapped_text_is_not_bold_where_bold_black_is_grey() -> None:
    row = [Segment("b1 evening", Style(bold=True, color="#000000", bgcolor="#eeeeee"))]
    for few in (False, True):
        ((_, style, _),) = ReadableGreys(few=few).apply(row, Color(0, 0, 0))
        assert style is not None
        assert style.bold is not few


@pytest.mark.parametrize(
    ("text", "ground", "screen", "drawn"),
    [
        ("#404040", "#606060", 0, "#000000"),  # a sign in the selected row, dimmed by a dialog
        ("#000000", "#606060", 0, "#000000"),
        ("#808080", "#606060", 255, "#ffffff"),
        ("#202020", "#101010", 0, "#202020"),  # what is not selected stays dim
    ],
)
def test_the_selected_row_can_be_read_behind_a_dialog(
    text: str, ground: str, screen: int, drawn: str
) -> None:
    row = [Segment("b1", Style(color=text, bgcolor=ground))]
    ((_, style, _),) = ReadableGreys().apply(row, Color(screen, screen, screen))
    assert style is not None
    assert style.color == Style(color=drawn).color


@pytest.mark.parametrize(
    ("text", "ground", "drawn"),
    [
        ("bold #0a0a0a", "#616161", "not bold #0a0a0a"),  # bold black is drawn as bright black
        ("bold #b0b0b0", "#f7f7f7", "not bold #b0b0b0"),
        ("bold #0a0a0a", "#f7f7f7", "bold #0a0a0a"),
        ("#101010", "#050505", "not bold bright_white"),
        ("#f0f0f0", "#ffffff", "not bold black"),
    ],
)
def test_text_is_another_of_16_colours_than_its_background(
    text: str, ground: str, drawn: str
) -> None:
    row = [Segment("b1", Style.parse(f"{text} on {ground}"))]
    ((_, style, _),) = DistinctColours().apply(row, Color(0, 0, 0))
    assert style == Style.parse(f"{drawn} on {ground}")


@pytest.mark.parametrize("theme", ["safelight", "safelight-light"])
@pytest.mark.parametrize("greys", [False, True])
async def test_nothing_behind_a_dialog_merges_with_its_background_in_16_colours(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, theme: str, greys: bool
) -> None:
    place = request.getfixturevalue("grey")
    if not greys:
        monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "standard")
    monkeypatch.setattr("tui.styled_app.has_256_colours", lambda environ: False)
    app = place.dashboard()
    app.theme = theme
    async with running(app, (100, 30)) as pilot:
        await until(pilot, lambda: app.screen.rows.current)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.rows.current)
        for key in ("m", "question_mark"):
            await pilot.press(key)
            await until(pilot, lambda: app.screen.is_modal)
            assert [text for text, style, _ in sent(app) if merges(text, style)] == []
            await pilot.press("escape")
            await until(pilot, lambda: app.screen.WHERE == "batch")


def merges(text: str, style: Style | None) -> bool:
    """Tell whether a terminal of 16 colours draws words in the colour of their background."""
    if not any(map(str.isalnum, text)) or not style or not style.color or not style.bgcolor:
        return False
    ink, ground = (
        one.downgrade(ColorSystem.STANDARD).number for one in (style.color, style.bgcolor)
    )
    assert ink is not None
    return ground == ink or (bool(style.bold) and ink + 8 == ground)
