"""What comes out of a grid makes a terminal show what the frames would have made it show."""

import random

import pyte
import pytest
from rich.cells import cell_len, set_cell_size

from tests.support.effort import cases
from tui.line.grid import Grid
from tui.line.styles import PLAIN, CellStyling, styled, turn

COLUMNS, LINES = 40, 8
LOOKS = ("", "1", "38;2;1;2;3", "1;38;2;1;2;3;48;2;9;9;9", "3;4;31;42", "38;5;200", "7;97;100")
WORDS = ("lamp", "a", " ", "      ", "ä–ö", "日本", "▸ done", "▁▃█", "e\u0301", "👍")


def terminal() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")  # as Textual has it
    return screen, stream


def cells(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    return [[tuple(screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(LINES)]


def segment(look: str, text: str) -> str:
    return f"\x1b[{look}m{text}\x1b[0m" if look else text


def frame(chance: random.Random, words: tuple[str, ...]) -> str:
    """Some strips, as Textual writes them: whole panels, never half a wide character."""
    parts = []
    for _ in range(chance.randint(1, 5)):
        row, column = chance.randint(1, LINES), chance.choice((1, 21))
        parts.append(f"\x1b[{row};{column}H")
        left = 20
        while left:
            text = set_cell_size(chance.choice(words), min(left, chance.randint(1, 9)))
            parts.append(segment(chance.choice(LOOKS), text))
            left -= cell_len(text)
        parts.append("\n" if row < LINES else "")
    return "".join(parts) + "\x1b[1;1H"


@cases("seed", range(40), usual=16)
@pytest.mark.parametrize("most", [1, 60, 100_000])
def test_a_terminal_shows_the_same(seed: int, most: int) -> None:
    chance, grid = random.Random(seed), Grid()
    words = WORDS if seed % 2 else WORDS[:5] + WORDS[6:8]
    plain, whole = terminal()
    ours, fed = terminal()
    for _ in range(12):
        text = frame(chance, words)
        whole.feed(text)
        assert grid.take(text)
        if chance.random() < 0.6:
            while part := grid.next(most):
                fed.feed(part)
            assert ours.display == plain.display
            assert cells(ours) == cells(plain)


def test_what_is_shown_is_not_sent_again() -> None:
    grid, text = Grid(), "\x1b[3;5H\x1b[1;38;2;1;2;3mevening\x1b[0m  12 of 40"
    assert grid.take(text)
    assert grid.next(1000)
    assert grid.take(text)
    assert grid.next(1000) == ""
    assert grid.take(text.replace("12", "13"))
    assert len(grid.next(1000)) < 30


def test_a_wide_character_is_sent_again_only_when_its_run_changes() -> None:
    grid = Grid()
    grid.take("\x1b[1;1H日本 lamp")
    grid.next(1000)
    grid.take("\x1b[1;1H日本 lamp")
    assert grid.next(1000) == ""
    grid.take("\x1b[1;1H日本 damp")
    assert "日本 damp" in grid.next(1000)


def test_a_frame_that_was_not_sent_is_never_sent() -> None:
    grid = Grid()
    for number in range(100):
        grid.take(f"\x1b[1;1Hcommit-{number:06d}")
    sent = grid.next(1000)
    assert "commit-000099" in sent
    assert len(sent) < 40


def test_the_answer_to_a_key_goes_first() -> None:
    grid = Grid()
    grid.take("\x1b[1;1Htop\x1b[2;1Hmiddle")
    grid.take("\x1b[9;1Hcursor", urgent=True)
    assert "cursor" in grid.next(1)
    assert "top" in grid.next(1)


def test_images_go_last_and_in_parts() -> None:
    grid = Grid()
    blank = "".join(f"\x1b[{row};1H\x1b[38;2;{row};1;1m    \x1b[0m word" for row in range(1, 6))
    grid.take(blank)
    grid.next(10_000)
    rows = "".join(f"\x1b[{row};1H\x1b[38;2;{row};1;1m▀▀▀▀\x1b[0m word" for row in range(1, 6))
    grid.take(rows)
    assert grid.next(10_000) == ""
    part = grid.next(1, images=True)
    assert part.count("▀") == 4
    grid.take(blank)  # given up: what was not sent never is
    assert grid.next(10_000).count(" ") == 4
    assert not grid.has_images()


def test_all_is_sent_again_to_a_terminal_that_is_not_known() -> None:
    grid = Grid()
    grid.take("\x1b[1;1Hlamp")
    grid.next(1000)
    grid.forget()
    assert "lamp" in grid.next(1000)


@pytest.mark.parametrize(
    "other",
    [
        "\x1bPq#0;2;0;0;0~\x1b\\",
        "\x1b[1;1H\x1b[58;5;1mx",
        "x",
        "\x07",
        "\x1b[1;1H\x1b]8;;a\x07x",
        "\x1b",
    ],
    ids=["sixel", "underline-colour", "no-place", "bell", "link", "cut"],
)
def test_what_is_not_understood_is_not_taken(other: str) -> None:
    grid = Grid()
    assert not grid.take(other)
    assert grid.next(1000) == ""


@pytest.mark.parametrize(
    "before", [None, PLAIN, CellStyling("31", "42", ("1",)), CellStyling("", "48;5;7", ())]
)
@pytest.mark.parametrize(
    "after", [PLAIN, CellStyling("31", "", ("1", "4")), CellStyling("38;2;1;2;3", "42")]
)
def test_one_look_follows_another(before: CellStyling | None, after: CellStyling) -> None:
    sequence = turn(before, after)
    if before == after:
        assert sequence == ""
        return
    given = before or CellStyling("91", "103", ("3", "9"))
    assert styled(given, sequence[2:-1]) == after
