"""Repairs of Textual, each until a release has it (8.2.8)."""

from functools import lru_cache
from typing import Any

from textual._styles_cache import StylesCache
from textual.await_complete import AwaitComplete
from textual.screen import Screen

_dismiss = Screen.dismiss


def repair() -> None:
    """Repair Textual in this process; once is enough."""
    _keep_no_widgets()
    Screen.dismiss = dismiss_once  # type: ignore[method-assign, assignment]


def _keep_no_widgets() -> None:
    """Keep no widget after its screen has closed.

    Textual caches two colours per *widget's cache of drawn lines*, for it decorated a method: a
    thousand of those, with all that closed screens had drawn, stayed in memory.
    """
    method = getattr(StylesCache.get_inner_outer, "__wrapped__", None)
    if method is None:
        return  # repaired already, by us or by a release
    inner_outer = lru_cache(1024)(method)

    def get_inner_outer(self: StylesCache, base_background: Any, background: Any) -> Any:
        return inner_outer(StylesCache, base_background, background)

    StylesCache.get_inner_outer = get_inner_outer  # type: ignore[method-assign, assignment]


def dismiss_once(screen: Screen[Any], result: Any = None) -> AwaitComplete:
    """Dismiss a screen; nothing if it has been, by a key that came just before.

    Textual pops the screen on top, whichever that is: at last the only one, which ends the app.
    """
    if any(screen in stack for stack in screen.app._screen_stacks.values()):
        return _dismiss(screen, result)
    return AwaitComplete()
