"""Filters, an operator's own keys, what is remembered, and how figures read."""

from pathlib import Path

import pytest

from engine.client.views.filters import Filter
from engine.text import figures
from tests.tui.support import Place, running, shows, until
from tui.actions import ACTIONS, BY_ID, bindings
from tui.actions.action import EVERYWHERE, WITH_LISTS
from tui.actions.key_names import key_name
from tui.keys import KeysError, key_file, load_keys
from tui.screens.help import GROUPS
from tui.ui_state import UiState, state_file
from tui.widgets.columns import fit, fit_runs


def test_filters() -> None:
    assert Filter.parse("") == Filter()
    assert Filter.parse("Red !fox").words == ("red",)
    assert Filter.parse("Red !fox").without == ("fox",)
    assert Filter.parse("state:failed,parked").states == ("failed", "parked")
    assert Filter.parse("s:f").states == ("failed",)
    assert "done" not in (Filter.parse("!state:done").states or ())
    assert Filter.parse("state:failed !state:failed").states == ()
    assert Filter.parse("state:nonsense").unknown == "state:nonsense"
    assert Filter.parse("state:nonsense").states is None
    assert Filter.parse("! !!x").without == ("x",)


@pytest.mark.parametrize(
    ("text", "matches"),
    [("~kstrm", True), ("~ksmr", False), ("~K~", False), ("~", True), ("~kot !fox", True),
     ("storm ~ks", True), ("~kstrm !storm", False), ("~%", False), ("~_", False)],
)  # fmt: skip
def test_letters_in_their_order(text: str, matches: bool) -> None:
    assert Filter.parse(text).matches("keeper-of-the-storm") is matches


def test_every_action_has_a_method_where_it_applies() -> None:
    from tui.screens.activity import ActivityScreen
    from tui.screens.batch import BatchScreen
    from tui.screens.batches import BatchesScreen
    from tui.screens.compare import CompareScreen
    from tui.screens.job import JobScreen
    from tui.screens.queue import QueueScreen
    from tui.screens.search import SearchScreen
    from tui.screens.text import TextScreen
    from tui.screens.timeline import TimelineScreen
    from tui.screens.zoom import ZoomScreen
    from tui.widgets.rows import Rows
    from tui.widgets.sheet import Sheet

    owners = {
        "batches": BatchesScreen, "batch": BatchScreen, "job": JobScreen,
        "compare": CompareScreen, "list": Rows, "text": TextScreen, "queue": QueueScreen,
        "activity": ActivityScreen, "sheet": Sheet, "timeline": TimelineScreen,
        "zoom": ZoomScreen, "search": SearchScreen,
    }  # fmt: skip
    for action in ACTIONS:
        for where in action.where:
            assert hasattr(owners[where], f"action_{action.id}"), (action.id, where)


@pytest.mark.parametrize("where", [*EVERYWHERE, "list", "sheet"])
def test_no_key_means_two_things(where: str) -> None:
    keys = [key for b in bindings(where) for key in b.key.split(",")]
    assert len(keys) == len(set(keys))
    listed = {key for b in bindings("list") for key in b.key.split(",")}
    assert where not in WITH_LISTS or not listed & set(keys)


def test_the_help_has_all_groups() -> None:
    assert {action.group for action in ACTIONS} == set(GROUPS)


def test_key_names() -> None:
    assert key_name("ctrl+p") == "ctrl+p"
    assert key_name("question_mark") == "?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[keys]\nnonsense = 'x'", "no action 'nonsense'"),
        ("[keys]\nretry = 3", "the keys of retry"),
        ("keys = 3", "write [keys]"),
        ("[keys", "keys.toml"),
        ("[keys]\nretry = 'x'\ncancel = 'x'", "both"),
    ],
)
def test_a_wrong_key_file_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(KeysError) as raised:
        load_keys(path)
    assert said in str(raised.value)


async def test_own_keys_do_and_are_shown(place: Place) -> None:
    place.batch("evening", ["one"])
    key_file().parent.mkdir(parents=True)
    key_file().write_text("[keys]\nopen = 'o'\nsort_menu = 'z'\n")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, " o Open ", "b1 evening")
        await pilot.press("o")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await shows(pilot, "one")
        await pilot.press("z", "w")
        await shows(pilot, "worst first")
        await pilot.press("s")
        await pilot.pause()
        assert pilot.app.remembered.order == "worst"


async def test_a_wrong_key_file_does_not_keep_anyone_out(place: Place) -> None:
    key_file().parent.mkdir(parents=True)
    key_file().write_text("[keys]\nnonsense = 'x'\n")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "keys.toml", "! open")
        await pilot.press("exclamation_mark")
        await shows(pilot, "nonsense")


async def test_help_does_what_is_chosen(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("question_mark")
        await shows(pilot, "Step in", BY_ID["retry"].help, "keys.toml")
        await pilot.press("down", "enter")
        await until(pilot, lambda: place.read("SELECT verb FROM commands"))


async def test_the_palette_has_the_actions(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("ctrl+p", *"priority up")
        await shows(pilot, BY_ID["raise_priority"].help)
        await pilot.press("enter")
        await until(pilot, lambda: place.read("SELECT arguments FROM commands"))


def test_what_is_remembered_survives_any_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "dashboard.json"
    UiState(order="state", widths={"job": 40}).save(path)
    assert UiState.load(path) == UiState(order="state", widths={"job": 40})
    for text in ("", "[]", "null", '{"theme": 3, "widths": {"job": "wide", "batch": true}}'):
        path.write_text(text)
        assert UiState.load(path) == UiState()
    assert state_file().name == "dashboard.json"


def test_figures() -> None:
    assert [figures.count(n) for n in (0, 9999, 12_345, 1_000_000)] == [
        "0",
        "9999",
        "12.3k",
        "1.00M",
    ]
    assert [figures.money(n) for n in (0, 4200, 12_300_000)] == ["–", "$0.0042", "$12.30"]
    assert [figures.duration(n) for n in (None, 0.42, 75, 4 * 3600 + 300, 100_000)] == [
        "–", "0.4s", "1m15s", "4h05m", "1d03h",
    ]  # fmt: skip
    assert [figures.rate(n) for n in (None, 20, 0.5, 0.001)] == ["–", "20/s", "30/m", "3.6/h"]
    assert figures.clock("nonsense") == "–"
    assert figures.age("nonsense") is None


def test_a_bar_is_as_wide_as_it_should_be_and_shows_every_part() -> None:
    for parts in ([(1, "done"), (1, "failed")], [(0, "done")], [(999_999, "done"), (1, "failed")]):
        runs = figures.bar(parts, 1_000_000, 14)
        assert sum(len(text) for text, _ in runs) == 14
    assert any(tone == "failed" for _, tone in figures.bar([(5, "done"), (1, "failed")], 9999, 14))


def test_columns_are_cut_by_cells() -> None:
    assert fit("漢字漢字", 5) == "漢字…"
    assert fit("ab", 4) == "ab  "
    assert "".join(t for t, _ in fit_runs([("7", "")], 3, right=True)) == "  7"
    assert "".join(t for t, _ in fit_runs([("abc", ""), ("def", "")], 4)) == "abc…"
