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
        default: Share if none is remembered.
    """

    def __init__(self, name: str, widths: dict[str, int], *, default: int) -> None:
        super().__init__()
        self._layout_name = name
        self._widths = widths
        self._default = default
        self._held = False

    def compose(self) -> ComposeResult:
        """Draw nothing."""
        return ()

    def on_mount(self) -> None:
        """Restore the last share."""
        self._set(self._widths.get(self._layout_name, self._default))

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
        before = self._widths.get(self._layout_name, self._default)
        self._choose(before + change)
        return self._widths[self._layout_name] != before

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start dragging the line between the panels."""
        if len(self.children) > 1 and event.screen_x == self.children[1].region.x:
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
        self._widths[self._layout_name] = max(LEAST, min(MOST, share))
        self._set(share)

    def _set(self, share: int) -> None:
        if self.children:
            self.children[0].styles.width = f"{max(LEAST, min(MOST, share))}%"
