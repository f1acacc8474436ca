"""Two panels side by side, whose share of the width is remembered."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

LEAST, MOST = 20, 85


class Panels(Horizontal):
    """Two panels; the first has a share of the width.

    Args:
        name: The layout's name.
        widths: Where shares are remembered, in percent by name.
        default: Share where none is remembered.
    """

    def __init__(self, name: str, widths: dict[str, int], *, default: int) -> None:
        super().__init__()
        self._layout_name = name
        self._widths = widths
        self._default = default
        self._held = False

    def compose(self) -> ComposeResult:
        """Nothing of its own."""
        return ()

    def on_mount(self) -> None:
        """Takes up the share of last time."""
        self._set(self._widths.get(self._layout_name, self._default))

    def grow(self, change: int) -> None:
        """More room, in percent, for the panel that has the focus: the first unless another has."""
        focused: Widget | None = self.screen.focused
        second = self.children[1] if len(self.children) > 1 else None
        if focused is not None and second is not None and second in focused.ancestors_with_self:
            change = -change
        share = self._widths.get(self._layout_name, self._default) + change
        self._choose(share)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Takes hold of the line between the panels."""
        if len(self.children) > 1 and event.screen_x == self.children[1].region.x:
            self._held = True
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Moves the line."""
        if self._held and self.region.width:
            share = round(100 * (event.screen_x - self.region.x) / self.region.width)
            self._choose(share)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Lets go of the line."""
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
