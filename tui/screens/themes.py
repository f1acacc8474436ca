"""Menu of themes; the one under the cursor is shown at once."""

from collections.abc import Iterable

from textual.widgets import OptionList

from engine.text.terminal import clean
from themes import bundled_themes
from tui.screens.menu import MenuLine, MenuScreen
from tui.theming import DEFAULT_THEME, TEXTUALS_FALLBACK

_WORDS = {
    DEFAULT_THEME: "dark and warm, as a darkroom",
    "safelight-light": "for bright rooms",
    "safelight-contrast": "every text at least 7 to 1",
    "safelight-colour-blind": "blue against orange",
}
_MOST_KEYS = 9


class ThemesMenu(MenuScreen):
    """Choose a theme; whoever opened it restores the one before if none is chosen.

    Args:
        names: Names of all themes.
        chosen: Name of the present one.
    """

    def __init__(self, names: Iterable[str], chosen: str) -> None:
        ours = [theme.name for theme in bundled_themes()]
        others = sorted(set(names) - {*ours, TEXTUALS_FALLBACK})
        lines = [_line(number, name) for number, name in enumerate([*ours, *others], 1)]
        super().__init__("Theme", lines, chosen=chosen, leaves="T")

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the theme under the cursor."""
        message.stop()
        if message.option_id in self.app.available_themes:
            self.app.theme = message.option_id


def _line(number: int, name: str) -> MenuLine:
    key = str(number) if number <= _MOST_KEYS else ""
    called = clean(name.removeprefix(f"{DEFAULT_THEME}-"), 30)
    return MenuLine(name, _WORDS.get(name, "of your own"), key=key, name=called)
