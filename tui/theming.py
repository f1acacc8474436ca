"""Theme files as Textual themes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.theme import Theme

from themes import ThemeData, bundled_themes, load_themes

DEFAULT_THEME = "safelight"
"""Default theme."""

TEXTUALS_FALLBACK = "textual-dark"
"""Theme that Textual takes if there is no other; it is not offered."""


def install(app: App[Any], user_folder: Path | None = None) -> None:
    """Register built-in themes and users' own with an app, and choose `safelight`.

    Textual's own themes are removed from the list: they have no colours for states. The one that
    Textual falls back to stays.

    Args:
        app: The app, not yet running or running.
        user_folder: Folder of users' own themes; by default in their config folder.

    Raises:
        ThemeError: A user's theme file is invalid. Built-in ones are registered in spite of that,
            so that the app can start and show the error's sentence.
    """
    _register(app, bundled_themes())
    app.theme = DEFAULT_THEME
    for name in set(app.available_themes) - {theme.name for theme in bundled_themes()}:
        if name != TEXTUALS_FALLBACK:
            app.unregister_theme(name)
    _register(app, load_themes(user_folder))


def variable_defaults() -> dict[str, str]:
    """Return the variables of the default theme, for `App.get_theme_variable_defaults`.

    With them a style sheet may name a state's colour under any theme.
    """
    return textual_theme(bundled_themes()[0]).variables


def textual_theme(data: ThemeData) -> Theme:
    """Return a theme as Textual takes it.

    Besides Textual's own variables, style sheets may use `$state-NAME` for each state,
    `$diff-added` and `$diff-removed`.
    """
    colours = data.colours
    return Theme(
        name=data.name,
        dark=data.dark,
        primary=colours["primary"],
        secondary=colours["secondary"],
        accent=colours["accent"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        success=colours["success"],
        warning=colours["warning"],
        error=colours["error"],
        variables={**_derived(data), **data.variables},
    )


def _derived(data: ThemeData) -> dict[str, str]:
    """Return variables set explicitly because Textual's blends may not be readable."""
    colours = data.colours
    cursor, cursor_text = colours["cursor"], colours["cursor-text"]
    return {
        **{f"state-{name}": colour for name, colour in data.states.items()},
        "diff-added": colours["added"],
        "diff-removed": colours["removed"],
        "text-muted": colours["muted"],
        "foreground-muted": colours["muted"],
        **{f"text-{name}": colours[name] for name in _TEXT_COLOURS},
        "block-cursor-background": cursor,
        "block-cursor-foreground": cursor_text,
        "block-cursor-blurred-background": colours["panel"],
        "block-cursor-blurred-foreground": colours["foreground"],
        "block-cursor-blurred-text-style": "bold",
        "input-selection-background": cursor,
        "input-selection-foreground": cursor_text,
        "screen-selection-background": cursor,
        "screen-selection-foreground": cursor_text,
        "border": colours["primary"],
        "border-blurred": colours["muted"],
        "footer-key-foreground": colours["accent"],
        "footer-description-foreground": colours["foreground"],
        "button-foreground": colours["foreground"],
        "link-color": colours["accent"],
        "link-color-hover": cursor_text,
        "link-background-hover": cursor,
    }


_TEXT_COLOURS = ("primary", "secondary", "accent", "success", "warning", "error")


def _register(app: App[Any], themes: Iterable[ThemeData]) -> None:
    for theme in themes:
        app.register_theme(textual_theme(theme))
