"""Repairs of Textual, each until a release has it (8.2.8)."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from rich.color import ColorSystem
from rich.style import Style
from textual import await_remove
from textual._styles_cache import StylesCache
from textual.await_complete import AwaitComplete
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.line.unsure import steady

MOST_STYLES = 1024
"""Styles whose sequences for the terminal are kept."""

_dismiss = Screen.dismiss
_exit = Widget._message_loop_exit
_divide, _crop_extend = Strip.divide, Strip.crop_extend
_render_style = Strip.render_style


def repair() -> None:
    """Repair Textual in this process; once is enough."""
    _keep_no_widgets()
    _keep_few_styles()
    setattr(await_remove, "gather", gather_shielded)  # noqa: B010 - mypy takes it
    Screen.dismiss = dismiss_once  # type: ignore[method-assign, assignment]
    Widget._message_loop_exit = exit_undrawn  # type: ignore[method-assign, assignment]
    Strip.render_style = staticmethod(render_steadily)  # type: ignore[method-assign]
    Strip.divide = divide_uncached  # type: ignore[method-assign, assignment]
    Strip.crop_extend = crop_uncached  # type: ignore[method-assign, assignment]


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


def _keep_few_styles() -> None:
    """Keep the sequences of as many styles as are on some screens.

    Each place on the screen has styles that hold it, so that text can be selected: Textual's
    16 384 styles take 10 MB, and hours to become that many.
    """
    method = Strip.__dict__["render_ansi"].__func__
    if method.cache_parameters()["maxsize"] != MOST_STYLES:
        render = lru_cache(MOST_STYLES)(method.__wrapped__)
        Strip.render_ansi = classmethod(render)  # type: ignore[assignment, arg-type]


def dismiss_once(screen: Screen[Any], result: Any = None) -> AwaitComplete:
    """Dismiss a screen; nothing if it has been, by a key that came just before.

    Textual pops the screen on top, whichever that is: at last the only one, which ends the app.
    """
    if any(screen in stack for stack in screen.app._screen_stacks.values()):
        return _dismiss(screen, result)
    return AwaitComplete()


def gather_shielded(*tasks: asyncio.Task[None]) -> asyncio.Future[list[None]]:
    """Wait for widgets to end; a wait that is cancelled does not cancel their tasks.

    The app waits for the same tasks: cancelled with a worker that lays a page out again for each of
    many sizes, they ended the app too, without a word.
    """
    return asyncio.shield(asyncio.gather(*tasks))


async def exit_undrawn(widget: Widget) -> None:
    """End a widget, and drop the lines that it has drawn.

    A closed widget stays in a cycle with its tasks and signals until the next full collection.
    Its lines are nearly all of its memory: a kilobyte and a half each, a hundred on a screen.
    """
    await _exit(widget)
    widget._styles_cache.clear()


def render_steadily(style: Style, text: str, color_system: ColorSystem) -> str:
    """Render text, with the cursor after it where the next text of the line is to stand."""
    return _render_style(style, steady(text), color_system)


def divide_uncached(strip: Strip, cuts: Iterable[int]) -> Sequence[Strip]:
    """Divide a line at some cells; a line that stays whole is not kept in its own cache.

    Textual keeps it there, and so each line that was ever drawn, with its seven caches and its
    segments, waits for a full collection.
    """
    inside = [cut for cut in cuts if cut <= strip.cell_length]
    return [strip] if inside == [strip.cell_length] else _divide(strip, inside)


def crop_uncached(strip: Strip, start: int, end: int, style: Style | None) -> Strip:
    """Crop or extend a line; one that stays as it is is not kept in its own cache."""
    is_whole = start <= 0 and end == strip.cell_length
    return strip if is_whole else _crop_extend(strip, start, end, style)
