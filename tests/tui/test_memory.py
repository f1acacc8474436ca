"""Objects that are gone once a screen has closed."""

import gc
import weakref

from textual._styles_cache import StylesCache
from textual.color import Color

from tui.textual_repairs import repair


def test_the_colours_of_a_closed_widget_do_not_keep_what_it_has_drawn() -> None:
    repair()
    drawn = StylesCache()
    inner, outer = drawn.get_inner_outer(Color(0, 0, 0), Color(10, 20, 30))
    assert (inner.background, outer.background) == (Color(10, 20, 30), Color(0, 0, 0))
    left = weakref.ref(drawn)
    del drawn
    gc.collect()
    assert left() is None
