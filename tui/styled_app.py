"""Base of the dashboard that styles what is opened once, where Textual does so four times."""

import os
from typing import Any
from weakref import WeakSet

from rich.color import ColorSystem
from textual import constants
from textual.dom import DOMNode
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget

from tui.early_keys import KeepsEarlyKeys
from tui.few_colours import DistinctColours
from tui.no_colour import ReadableGreys, swapped
from tui.stylesheet import DashboardStylesheet
from tui.terminal import has_256_colours
from tui.textual_repairs import repair


class StyledApp(KeepsEarlyKeys):
    """An app that reads a screen's style sheet before it styles the screen.

    Textual reads it afterwards, and so styles all that is shown again, then the new screen when it
    is shown, and again when its size is known. The sheets here name their screens in each rule:
    none changes what is shown already.
    """

    _variables: tuple[Theme | None, dict[str, str]] = None, {}
    """The theme whose variables were worked out last, and these."""

    def __init__(self) -> None:
        repair()
        super().__init__()
        if constants.COLOR_SYSTEM == "auto" and has_256_colours(os.environ):
            self.console._color_system = ColorSystem.EIGHT_BIT
        has_few = self.console.color_system == "standard"
        if self.no_color:
            self._filters.append(ReadableGreys(few=has_few))
        if has_few:
            self._filters.append(DistinctColours())
        self.stylesheet = DashboardStylesheet(variables=self.get_css_variables())
        self._styled_as: tuple[dict[str, str], frozenset[str]] | None = None
        self._just_styled: WeakSet[DOMNode] = WeakSet()

    def get_css_variables(self) -> dict[str, str]:
        """Return the variables of style sheets: those of the theme, or what shows without them.

        Textual works them out each time that it asks, which is six times before the first image.
        """
        theme, variables = self._variables
        if theme is not self.current_theme:
            variables = super().get_css_variables()
            if self.no_color:
                variables = {**variables, **swapped(variables)}
            self._variables = self.current_theme, variables
        self.theme_variables = variables
        return variables

    def style_first(self) -> None:
        """Take the colours of the theme for the first image, instead of those of Textual's own."""
        self._watch_theme(self.theme)
        self.stylesheet.set_variables(self.get_css_variables())
        self._styled_as = self._colours()

    def refresh_css(self, animate: bool = True) -> None:
        """Style all again, if that has changed on which the styles depend."""
        colours = self._colours()
        if colours != self._styled_as:
            self._styled_as = colours
            super().refresh_css(animate)

    def _colours(self) -> tuple[dict[str, str], frozenset[str]]:
        return self.get_css_variables(), self.classes

    def update_styles(self, node: DOMNode, animate: bool = True) -> None:
        """Style a node and what it contains, but for a screen that was styled just now.

        Textual does so as a screen is first shown, without animation.
        """
        if not animate and node in self._just_styled:
            self._just_styled.discard(node)
        else:
            super().update_styles(node, animate)

    def _register_child(
        self, parent: DOMNode, child: Widget, before: int | None, after: int | None
    ) -> None:
        if isinstance(child, Screen):
            self._prepare_screen(child)
        super()._register_child(parent, child, before, after)

    def _prepare_screen(self, screen: Screen[Any]) -> None:
        """Read a screen's style sheet, and give it the classes of its size."""
        for path in screen.css_path:
            if not self.stylesheet.has_source(str(path), ""):
                self.stylesheet.read(path)
        width, height = self.size
        for size, breakpoints in (
            (width, self.HORIZONTAL_BREAKPOINTS),
            (height, self.VERTICAL_BREAKPOINTS),
        ):
            for name in screen._get_breakpoint_classes(size, breakpoints or []):
                screen._classes.add(name)
        self._just_styled.add(screen)
