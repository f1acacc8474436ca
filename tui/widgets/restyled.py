"""Widgets that keep colours in what they show, and show it again in those of another theme."""

from textual.widget import Widget


class Restyled(Widget):
    """A widget whose content names colours: it is made again when the theme changes."""

    def on_mount(self) -> None:
        """Follows the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.restyle())

    def restyle(self) -> None:
        """Shows the same in the colours of now."""
        raise NotImplementedError
