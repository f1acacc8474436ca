"""Widgets that keep colours in what they show follow a change of theme by this."""

from collections.abc import Callable
from weakref import WeakMethod, ref

from textual.widget import Widget


def on_theme_change(widget: Widget, restyle: Callable[[], object]) -> None:
    """Call `restyle` whenever the theme changes, for as long as the widget is mounted.

    The app holds it weakly: a method that the app keeps would keep its widget alive after its
    screen has closed, with all that it has drawn.

    Args:
        widget: The widget.
        restyle: A bound method.
    """
    method, node = WeakMethod(restyle), ref(widget)

    def call(_theme: object) -> None:
        present, here = method(), node()
        if present is not None and here is not None:
            here.call_next(present)

    # Not immediate, Textual's own callback would hold the widget.
    widget.app.theme_changed_signal.subscribe(widget, call, immediate=True)
