"""Prompt diff, sparkline and evaluation: right, bounded, and deaf to what text tries to do."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from textual.app import App
from textual.containers import VerticalScroll

from db.rows import CritiqueRow, ScoreRow
from tests.support.effort import scaled
from tui.widgets import prompt_diff
from tui.widgets.evaluation import NOTHING, EvaluationView, bar, number
from tui.widgets.prompt_diff import PromptDiff, as_text, compare, words_of
from tui.widgets.sparkline import BARS, GAP, PLAIN_BARS, Sparkline, spark

HOSTILE = "\x1b[2J\x1b]52;c;aGk=\x07\x9b31m[bold red]x[/bold red] \u202eabc"


class Scrolled(App[None]):
    def __init__(self, widget):
        super().__init__()
        self.widget = widget

    def compose(self):
        with VerticalScroll():
            yield self.widget


def screen_text(app):
    """What is on the screen, line by line."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    assert len(lines) == height
    return "\n".join(line.text[:width].rstrip() for line in lines)


def assert_harmless(text):
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "\x9b" not in text
    assert "\u202e" not in text


# -- what changed -----------------------------------------------------------------------------

TEXTS = st.text(alphabet="ab \n,花火", max_size=60)


@given(TEXTS, TEXTS)
@settings(max_examples=scaled(200), deadline=None)
def test_parts_make_up_both_texts(before, after):
    parts = compare(before, after)
    assert "".join(text for kind, text in parts if kind != "added") == before
    assert "".join(text for kind, text in parts if kind != "removed") == after
    assert all(text for _, text in parts)


def test_words_that_changed_are_named_together():
    assert compare("a small red boat at sea", "a large blue boat at sea") == [
        ("same", "a "),
        ("removed", "small red"),
        ("added", "large blue"),
        ("same", " boat at sea"),
    ]


def test_a_script_without_spaces_is_compared_by_its_characters():
    assert compare("夜の海", "夜の山") == [("same", "夜の"), ("removed", "海"), ("added", "山")]
    assert "".join(words_of("a  b\n花火 c")) == "a  b\n花火 c"


def test_changes_are_marked_by_signs_lines_and_colour():
    text = as_text(compare("a b c", "a d c e"), {"diff-added": "#00ff00"})
    assert text.plain == "a [-b-]{+d+} c{+ e+}"
    styles = {text.plain[s.start : s.end]: s.style for s in text.spans}
    assert styles["[-b-]"].strike
    assert styles["{+d+}"].underline
    assert styles["{+d+}"].color.name == "#00ff00"


def test_too_many_words_are_not_compared_one_by_one(monkeypatch):
    monkeypatch.setattr(prompt_diff, "MAX_WORDS", 4)
    parts = compare("same a b c d e f same", "same g h i j k l same")
    assert [kind for kind, _ in parts] == ["same", "removed", "added", "same"]


async def test_a_diff_is_shown_and_hostile_text_does_nothing():
    app = Scrolled(PromptDiff())
    async with app.run_test(size=(60, 10)) as pilot:
        app.widget.show(f"a lone tower {HOSTILE}", f"a white tower {HOSTILE}")
        await pilot.pause()
        shown = screen_text(app)
        assert "a lone white tower [bold red]x[/bold red] abc" in shown
        assert_harmless(shown)


async def test_the_first_version_is_shown_as_it_is():
    app = Scrolled(PromptDiff())
    async with app.run_test(size=(60, 10)) as pilot:
        app.widget.show("", "a tower\nby the sea")
        await pilot.pause()
        assert screen_text(app).startswith("a tower\nby the sea")
        app.widget.show("a tower", "a tower")
        assert app.widget.parts == [("same", "a tower")]


async def test_long_prompts_are_compared_in_a_thread_and_cut():
    before = " ".join(f"word{number}" for number in range(20_000))
    after = before.replace("word7 ", "other7 ")
    app = Scrolled(PromptDiff())
    async with app.run_test(size=(60, 10)) as pilot:
        app.widget.show(before, after)
        assert app.widget.parts == []  # nothing was compared on the event loop
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert ("removed", "word7") in app.widget.parts
        assert sum(len(text) for _, text in app.widget.parts) < 41_000
        app.screen.query_one(VerticalScroll).scroll_end(animate=False)
        await pilot.pause()
        assert "more characters are not shown" in screen_text(app)


async def test_a_late_answer_of_a_thread_is_passed_over():
    app = Scrolled(PromptDiff())
    async with app.run_test(size=(60, 10)) as pilot:
        app.widget.show("a " * 3000, "b " * 3000)
        app.widget.show("one", "two")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.widget.parts == [("removed", "one"), ("added", "two")]


# -- sparkline --------------------------------------------------------------------------------


def test_a_sparkline_goes_from_low_to_high():
    assert spark([0, 50, 100], 0, 100, 10).plain == BARS[0] + BARS[4] + BARS[7]
    assert spark([-9, 109], 0, 100, 10).plain == BARS[0] + BARS[7]
    assert spark([5, 5], 5, 5, 10).plain == BARS[4] * 2
    assert spark([0, 100], 0, 100, 10, ascii_only=True).plain == PLAIN_BARS[0] + PLAIN_BARS[7]


def test_what_is_missing_is_a_gap():
    values = [1.0, None, float("nan"), float("inf"), 2.0]
    assert spark(values, 1, 2, 10).plain == BARS[0] + GAP * 3 + BARS[7]
    assert spark([], 0, 1, 10).plain == ""


@given(st.lists(st.none() | st.floats(), max_size=300), st.integers(-1, 40))
@settings(max_examples=scaled(100), deadline=None)
def test_a_sparkline_is_never_wider_than_its_room(values, width):
    assert len(spark(values, 0, 1, width).plain) == min(len(values), max(0, width))


def test_more_values_than_cells_are_drawn_as_means():
    assert spark([0, 100, 100, 100], 0, 100, 2).plain == BARS[4] + BARS[7]
    assert spark([None, None, 0, 0], 0, 1, 2).plain == GAP + BARS[0]


async def test_a_sparkline_takes_the_room_there_is():
    app = Scrolled(Sparkline())
    async with app.run_test(size=(8, 3)) as pilot:
        app.widget.show([*range(100)])
        await pilot.pause()
        assert screen_text(app).splitlines()[0] == BARS
        app.widget.show([1, None, 2], 0, 2)
        await pilot.pause()
        assert screen_text(app).splitlines()[0] == f"{BARS[4]}{GAP}{BARS[7]}"
        app.widget.show([])
        await pilot.pause()
        assert screen_text(app).strip() == ""


# -- evaluation -------------------------------------------------------------------------------


def critique(text="", missing="[]", measurements="{}"):
    return CritiqueRow(1, 1, 1, text, missing, measurements)


def score(metric, value, raw=None, scorer="builtin"):
    return ScoreRow(1, 1, 1, metric, value, raw, scorer)


@pytest.mark.parametrize(
    ("value", "drawn"),
    [(0, "░░░░"), (100, "████"), (50, "██░░"), (53.125, "██▏░"), (-5, "░░░░"), (400, "████")],
)
def test_a_bar_is_as_long_as_its_value(value, drawn):
    assert bar(value, 0, 100, 4) == drawn


def test_a_bar_in_ascii_and_of_nothing():
    assert bar(50, 0, 100, 4, ascii_only=True) == "##--"
    assert bar(1, 1, 1, 4) == "░░░░"
    assert bar(float("nan"), 0, 100, 4) == "░░░░"


def test_numbers_are_short():
    assert [number(v) for v in (0.123456, 87.5, 3, 12_034.2, 1e-9)] == [
        "0.1235", "87.5", "3", "12,034", "1e-09",
    ]  # fmt: skip


async def test_an_evaluation_says_all_of_it():
    app = Scrolled(EvaluationView())
    async with app.run_test(size=(60, 24)) as pilot:
        assert NOTHING in screen_text(app)
        app.widget.show(
            critique(
                "A tower.\nThe sky is named.\nThe tower stands left.",
                json.dumps(["mist"]),
                json.dumps({"brightness": 0.31234, "edges": 12_034.2}),
            ),
            [score("sharpness", 0.31), score("score", 87.5, 0.875, "critic 1")],
        )
        await pilot.pause()
        lines = screen_text(app).splitlines()
        assert lines[0].startswith("█" * 35)
        assert lines[1].split() == ["score", "87.5", "critic", "1", "·", "raw", "0.875"]
        assert lines[2].split() == ["sharpness", "0.31", "builtin"]
        words = "\n".join(lines)
        assert "- The tower stands left." in words
        assert "! mist" in words
        ends = [line.rstrip() for line in lines if line.startswith(("brightness", "edges"))]
        assert [line.split() for line in ends] == [["brightness", "0.3123"], ["edges", "12,034"]]
        assert len({len(line) for line in ends}) == 1  # aligned to the right


async def test_an_evaluation_survives_what_the_store_may_hold():
    app = Scrolled(EvaluationView())
    rows = critique(
        HOSTILE + "\n" + HOSTILE, json.dumps([HOSTILE, 3, {"a": 1}]), json.dumps({HOSTILE: HOSTILE})
    )
    async with app.run_test(size=(80, 30)) as pilot:
        app.widget.show(rows, [score(HOSTILE, float("nan"), float("inf"), HOSTILE)])
        await pilot.pause()
        shown = screen_text(app)
        assert_harmless(shown)
        assert "[bold red]x[/bold red]" in shown
        for broken in ("", "{", "[" * 100_000, '"text"', "null"):
            app.widget.show(critique("words", broken, broken), [])
            await pilot.pause()
            assert screen_text(app).strip() == "words"
        app.widget.show(None, [])
        await pilot.pause()
        assert NOTHING in screen_text(app)


async def test_a_narrow_evaluation_keeps_its_numbers():
    app = Scrolled(EvaluationView())
    async with app.run_test(size=(24, 20)) as pilot:
        app.widget.show(None, [score("score", 87.5, 0.875, "a very long name of a scorer")])
        await pilot.pause()
        assert "87.5" in screen_text(app)


def test_text_from_the_store_is_never_markup():
    console = Console(width=40, file=None, record=True)
    with console.capture() as capture:
        console.print(as_text([("same", "[red]x[/red]")]))
    assert "[red]x[/red]" in capture.get()
