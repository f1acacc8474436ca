"""The terminal's own pixels (kitty's protocol or sixel), through textual-image.

That library queries the terminal when it is imported: it waits for answers that may never come,
and consumes keys pressed meanwhile. So it is imported only here, by `probe`, before the dashboard
takes the terminal over, and only if the terminal is known to answer. Otherwise images are drawn as
cells.
"""

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tui.images.known_terminals import lacks_placeholders, symbols_of
from tui.images.style import Symbols

if TYPE_CHECKING:
    from PIL.Image import Image
    from textual.widget import Widget

CHOICE_VARIABLE = "SAFELIGHT_IMAGES"
"""`auto` (the default), `pixels` (query any terminal), `cells`, or cells of certain symbols:
`half`, `quadrants`, `sextants` or `octants`."""

FORMER_VARIABLE = "SAFELIGHT_PICTURES"
"""Its name in earlier releases, read if the new one is not set."""

_PROGRAMS = {"WezTerm", "iTerm.app", "ghostty", "mintty", "rio", "contour", "BlackBox"}
_TERMS = ("xterm-kitty", "xterm-ghostty", "foot", "mlterm", "contour", "wezterm", "yaft")
_SIGNS = ("KITTY_WINDOW_ID", "GHOSTTY_RESOURCES_DIR", "KONSOLE_VERSION")
_MULTIPLEXERS = ("tmux", "screen")


@dataclass(frozen=True, slots=True)
class PixelTerminal:
    """A terminal that shows pixels.

    Attributes:
        protocol: Its protocol for them.
        cell: Width and height of one cell in pixels.
    """

    protocol: Literal["kitty", "sixel"]
    cell: tuple[int, int]

    def widget(self, image: "Image") -> "Widget":
        """Return a widget that shows an image in its own size, one pixel per pixel.

        Args:
            image: An RGB image that fits where the widget will be mounted.
        """
        from textual_image.widget import SixelImage, TGPImage

        from tui.images.sixel_repair import repair

        repair()
        widget: Widget = SixelImage(image) if self.protocol == "sixel" else TGPImage(image)
        width, height = self.cells_of(image)
        widget.styles.width, widget.styles.height = width, height
        return widget

    def cells_of(self, image: "Image") -> tuple[int, int]:
        """Return the columns and rows of an image."""
        return -(-image.width // self.cell[0]), -(-image.height // self.cell[1])


class _Found:
    terminal: PixelTerminal | None = None
    symbols: Symbols = "quadrants"


def pixel_terminal() -> PixelTerminal | None:
    """Return the result of `probe`; None if images are drawn as cells."""
    return _Found.terminal


def symbols_of_terminal() -> Symbols:
    """Return the symbols that `probe` found for cells; quadrants before it ran."""
    return _Found.symbols


def probe(environment: Mapping[str, str] | None = None) -> PixelTerminal | None:
    """Detect whether the terminal shows pixels, and its symbols, before the dashboard starts.

    It takes a few milliseconds at most if the terminal is not a likely one: nothing is imported
    and nothing is queried.

    Args:
        environment: The environment; by default the process's own.

    Returns:
        The terminal; the same as `pixel_terminal` returns from now on.
    """
    seen = os.environ if environment is None else environment
    _Found.symbols = symbols_of(seen, _choice(seen))
    asks = wants_pixels(seen) and _has_size() and not lacks_placeholders(seen)
    _Found.terminal = _ask() if asks else None
    return _Found.terminal


def wants_pixels(environment: Mapping[str, str]) -> bool:
    """Return True if the environment suggests a terminal that shows pixels."""
    choice = _choice(environment)
    if choice != "auto":
        return choice == "pixels"
    term = environment.get("TERM", "")
    if "NO_COLOR" in environment or environment.get("TMUX") or term.startswith(_MULTIPLEXERS):
        return False
    return (
        term.startswith(_TERMS)
        or environment.get("TERM_PROGRAM") in _PROGRAMS
        or any(name in environment for name in _SIGNS)
    )


def _choice(environment: Mapping[str, str]) -> str:
    return environment.get(CHOICE_VARIABLE) or environment.get(FORMER_VARIABLE, "auto")


def _has_size() -> bool:
    """Return True if both ends are a terminal with a known size; the library divides by it."""
    streams = (sys.__stdin__, sys.__stdout__)
    if any(stream is None or stream.closed or not stream.isatty() for stream in streams):
        return False
    try:
        size = os.get_terminal_size(sys.__stdout__.fileno()) if sys.__stdout__ else None
    except (OSError, ValueError):
        return False
    return size is not None and size.columns > 0 and size.lines > 0


def _ask() -> PixelTerminal | None:
    """Import the library, which queries the terminal; if it fails in any way, cells remain."""
    logging.getLogger("textual_image").setLevel(logging.CRITICAL)  # it warns on the screen
    try:
        from textual_image._terminal import get_cell_size
        from textual_image.renderable import Image, SixelImage, TGPImage

        cell = get_cell_size()
    except Exception:  # noqa: BLE001  a decoration must not keep the dashboard from starting
        return None
    if min(cell) < 1:
        return None
    if Image is SixelImage:
        return PixelTerminal("sixel", (cell.width, cell.height))
    return PixelTerminal("kitty", (cell.width, cell.height)) if Image is TGPImage else None
