"""Repairs of Textual, each until a release has it."""

from functools import lru_cache
from typing import Any

from textual._styles_cache import StylesCache


def repair() -> None:
    """Keep no widget after its screen has closed.

    Textual caches two colours per *widget's cache of drawn lines*, for it decorated a method: a
    thousand of those, with all that closed screens had drawn, stayed in memory (8.2.8).
    """
    method = getattr(StylesCache.get_inner_outer, "__wrapped__", None)
    if method is None:
        return  # repaired already, by us or by a release
    inner_outer = lru_cache(1024)(method)

    def get_inner_outer(self: StylesCache, base_background: Any, background: Any) -> Any:
        return inner_outer(StylesCache, base_background, background)

    StylesCache.get_inner_outer = get_inner_outer  # type: ignore[method-assign, assignment]
