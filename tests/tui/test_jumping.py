"""Jump mode: a label over each place, its letters go there; and links of copies over SSH."""

from typing import Any

import pytest

from tests.tui.support import Place, running, seen, until
from tui.jumps import LETTERS, labels_for


@pytest.mark.parametrize("number", [0, 1, 26, 27, 51, 52, 60, 300, 676])
def test_labels_are_short_and_none_begins_another(number: int) -> None:
    labels = labels_for(number)
    assert len(labels) == len(set(labels)) == number
    assert all(set(label) <= set(LETTERS) and len(label) <= 2 for label in labels)
    assert not any(a != b and b.startswith(a) for a in labels for b in labels)


def test_more_places_than_labels_are_left_without() -> None:
    assert len(labels_for(5000)) == 676


async def jump_to(pilot: Any, text: str) -> None:
    """Press ctrl+o, then the letters of the label that stands over the beginning of a text."""
    lines = seen(pilot.app).splitlines()
    y = next(y for y, line in enumerate(lines) if text in line)
    await pilot.press("ctrl+o")
    await until(pilot, lambda: type(pilot.app.screen).__name__ == "JumpScreen")
    labels = pilot.app.screen._labels.labels
    x = lines[y].index(text)
    near = [(abs(jump.x - x), label) for label, jump in labels.items() if jump.y == y]
    await pilot.press(*min(near)[1])
    await until(pilot, lambda: type(pilot.app.screen).__name__ != "JumpScreen")


async def test_a_row_a_view_and_a_crumb_are_a_label_away(place: Place) -> None:
    place.batch("evening", [f"job-{number}" for number in range(40)])
    place.batch("morning", ["one"])
    async with running(place.dashboard(), (100, 30)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total == 2)
        await jump_to(pilot, "b1 evening")
        assert pilot.app.screen.rows.current.name == "evening"
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await jump_to(pilot, "job-9")
        assert pilot.app.screen.rows.current.key == "job-9"
        await jump_to(pilot, "2 sheet")
        await until(pilot, lambda: pilot.app.screen.is_sheet and pilot.app.screen.sheet.has_focus)
        await jump_to(pilot, "3 queue")
        await until(pilot, lambda: pilot.app.screen.WHERE == "queue")
        await pilot.press("escape")
        await jump_to(pilot, "safelight")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")


async def test_labels_are_shown_narrowed_and_left(place: Place) -> None:
    place.batch("evening", [f"job-{number}" for number in range(60)])
    async with running(place.dashboard(), (100, 60)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        before = pilot.app.screen.rows.cursor
        await pilot.press("ctrl+o")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "JumpScreen")
        pair = next(label for label in pilot.app.screen._labels.labels if len(label) == 2)
        assert pair in seen(pilot.app)
        assert "job-7" in seen(pilot.app), "the screen below is still there"
        await pilot.press(pair[0])
        assert pilot.app.screen._labels.typed == pair[0]
        await pilot.press("backspace", "escape")
        assert pilot.app.screen.WHERE == "batch"
        assert pilot.app.screen.rows.cursor == before


@pytest.mark.slow
async def test_every_screen_has_places_and_survives_a_wrong_letter(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["fox"]))
    place.claim(1)
    place.turn(ids[0], 1, 60)
    place.turn(ids[0], 2, 70)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        for keys in (("enter",), ("enter",), ("z",), ("escape", "3"), ("4",), ("escape", "v")):
            await pilot.press(*keys)
            await pilot.pause()
            below = pilot.app.screen
            await pilot.press("ctrl+o")
            await until(pilot, lambda: type(pilot.app.screen).__name__ == "JumpScreen")
            await pilot.press("escape")
            await until(pilot, lambda b=below: pilot.app.screen is b)
