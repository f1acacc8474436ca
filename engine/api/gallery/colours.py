"""Style sheet of the colours: the themes of the dashboard, the light one and the dark one."""

from collections.abc import Iterator

from themes import ThemeData, ThemeError, bundled_themes, load_themes

DARK, LIGHT = "safelight", "safelight-light"
"""Names of the themes of dark and of light pages; a user's own of the same name replaces one."""


def page_themes() -> tuple[ThemeData, ThemeData]:
    """Return the light and the dark theme; the built-in ones if a user's own is invalid."""
    try:
        themes = load_themes()
    except ThemeError:
        themes = bundled_themes()
    named = {theme.name: theme for theme in themes}
    return named[LIGHT], named[DARK]


def style_sheet() -> str:
    """Return the colours as variables of CSS, for light and for dark screens."""
    light, dark = page_themes()
    return (
        f":root{{color-scheme:light dark;{_rules(light)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{_rules(dark)}}}}}\n"
    )


def _rules(theme: ThemeData) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in _variables(theme))


def _variables(theme: ThemeData) -> Iterator[tuple[str, str]]:
    yield from theme.colours.items()
    yield from ((f"state-{state}", colour) for state, colour in theme.states.items())
