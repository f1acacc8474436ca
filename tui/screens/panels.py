"""Two panels side by side, with a remembered share of the width."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

LEAST, MOST = 20, 85


class Panels(Horizontal):
    """Two panels; the first has a share of the width.

    Args:
        name: The layout's name.
        widths: Remembered shares, in percent by name.
        default: Share if none is remembered; None for the width of the style sheet.
        wide: The same on a wide screen, which has then a share of its own.
        id: As of any widget.
    """

    def __init__(
        self,
        name: str,
        widths: dict[str, int],
        *,
        default: int | None,
        wide: int | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self._layout_name = name
        self._widths = widths
        self._default = default
        self._wide = wide
        self._held = False

    def compose(self) -> ComposeResult:
        """Draw nothing."""
        return ()

    def on_mount(self) -> None:
        """Restore the last share."""
        self._restore()

    def on_resize(self) -> None:
        """Restore the share of a screen that is as wide."""
        self._restore()

    @property
    def _key(self) -> str:
        is_wide = self._wide is not None and self.screen.has_class("-wide")
        return f"{self._layout_name} wide" if is_wide else self._layout_name

    @property
    def _share(self) -> int | None:
        default = self._default if self._key == self._layout_name else self._wide
        return self._widths.get(self._key, default)

    @property
    def _shown_share(self) -> int:
        return round(100 * self.children[0].outer_size.width / max(1, self.size.width))

    @property
    def is_divided(self) -> bool:
        """True if there are two panels with a line between them."""
        return len([child for child in self.children if child.display]) > 1

    def grow(self, change: int) -> bool:
        """Enlarge the focused panel by some percent: the first unless the other has the focus.

        Returns False if it cannot be larger or smaller.
        """
        focused: Widget | None = self.screen.focused
        second = self.children[1] if len(self.children) > 1 else None
        if focused is not None and second is not None and second in focused.ancestors_with_self:
            change = -change
        before = self._shown_share if self._share is None else self._share
        self._choose(before + change)
        return self._widths[self._key] != before

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start dragging the line between the panels."""
        if self.is_divided and event.screen_x == self.children[1].region.x:
            self._held = True
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the line."""
        if self._held and self.region.width:
            share = round(100 * (event.screen_x - self.region.x) / self.region.width)
            self._choose(share)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Release the line."""
        if self._held:
            self._held = False
            self.release_mouse()
            event.stop()

    def _choose(self, share: int) -> None:
        self._widths[self._key] = max(LEAST, min(MOST, share))
        self._restore()

    def _restore(self) -> None:
        """Give the first panel its share; one that is alone has all the width."""
        if not self.children:
            return
        share = self._share if self.is_divided else None
        if share is None:
            self.children[0].styles.clear_rule("width")
        else:
            self.children[0].styles.width = f"{max(LEAST, min(MOST, share))}%"
