"""Themes in a running app, and how states look."""

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.widgets import Static

from engine.text.state_symbols import WORST_FIRST
from themes import STATES, ThemeError, bundled_themes
from tui.states import LOOKS, TONES, state_style, state_text
from tui.theming import install, variable_defaults


class Themed(App[None]):
    CSS = "Static { color: $state-running; background: $surface; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults()

    def compose(self):
        yield Static("hello")


async def test_every_theme_can_be_chosen(tmp_path):
    app = Themed()
    install(app, tmp_path)
    async with app.run_test() as pilot:
        assert app.theme == "safelight"
        for theme in bundled_themes():
            app.theme = theme.name
            await pilot.pause()
            colour = app.query_one(Static).styles.color.hex6.lower()
            assert colour == theme.states["running"]
            assert app.theme_variables["state-failed"] == theme.states["failed"]


def test_textuals_own_are_not_offered(tmp_path):
    app = Themed()
    install(app, tmp_path)
    ours = {theme.name for theme in bundled_themes()}
    assert set(app.available_themes) == ours | {"textual-dark"}


def test_a_wrong_theme_of_a_users_leaves_ours_in_place(tmp_path):
    (tmp_path / "bad.toml").write_text("name = 3")
    app = Themed()
    with pytest.raises(ThemeError, match=r"bad\.toml"):
        install(app, tmp_path)
    assert app.theme == "safelight"
    assert "safelight-light" in app.available_themes


def test_a_users_theme_can_be_chosen(tmp_path):
    (tmp_path / "mine.toml").write_text('name = "mine"\nbase = "safelight"\n')
    app = Themed()
    install(app, tmp_path)
    app.theme = "mine"
    assert app.current_theme.name == "mine"


def test_every_state_has_a_shape_of_its_own():
    for shapes in (
        [look.shape for look in LOOKS.values()],
        [look.plain for look in LOOKS.values()],
    ):
        assert len(set(shapes)) == len(LOOKS)
        assert all(cell_len(shape) == 1 for shape in shapes)
    assert all(look.plain.isascii() for look in LOOKS.values())


def test_every_state_of_a_job_has_a_look_and_a_place():
    assert set(STATES) <= set(LOOKS)
    assert set(WORST_FIRST) == set(STATES)
    assert {look.tone for look in LOOKS.values()} == set(TONES) == set(STATES)


def test_a_state_says_shape_and_word_in_the_themes_colour():
    text = state_text("failed", {"state-failed": "#ff0000"})
    assert text.plain == "✗ failed"
    assert text.style.color.name == "#ff0000"
    assert state_text("parked", ascii_only=True).plain == "# parked"
    assert state_text("running", word=False).plain == "▸"


def test_without_a_theme_the_terminals_own_colours_are_used():
    assert state_style("done").color.name == "green"


def test_an_unknown_state_is_shown_by_its_cleaned_name():
    assert state_text("\x1b[2J[red]").plain == "? [red]"
