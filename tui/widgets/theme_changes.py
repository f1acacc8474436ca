"""Widgets that keep colours in what they show follow a change of theme by this."""

from collections.abc import Callable

from textual.widget import Widget


def on_theme_change(widget: Widget, restyle: Callable[[], object]) -> None:
    """Call `restyle` whenever the theme changes, for as long as the widget is mounted."""
    widget.app.theme_changed_signal.subscribe(widget, lambda _theme: restyle())
