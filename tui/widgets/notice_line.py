"""One line with the worst notice; hidden while there is none."""

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from tui.snapshots.header import Header
from tui.snapshots.notices import NoticeItem, Notices
from tui.states import look
from tui.widgets.columns import fit


class NoticeLine(Widget):
    """The worst notice, the number of the others, and the keys that open and hide it.

    Args:
        notices: All notices; shared by all screens.
        keys: Names of the keys that open the notices and put the first away; the second may be
            empty.
    """

    DEFAULT_CSS = """
    NoticeLine { height: 1; padding: 0 1; }
    """
    COMPONENT_CLASSES = {"notice--failed", "notice--parked", "notice--done", "notice--keys"}  # noqa: RUF012 - Textual's way

    def __init__(self, notices: Notices, keys: tuple[str, str]) -> None:
        super().__init__()
        self._notices = notices
        self._keys = keys
        self._items: tuple[NoticeItem, ...] = ()
        self.display = False

    @property
    def items(self) -> tuple[NoticeItem, ...]:
        """The notices that are shown, the worst first."""
        return self._items

    def set_head(self, head: Header) -> None:
        """Show the notices of the present state."""
        items = self._notices.of(head)
        if items != self._items:
            self._items = items
            self.display = bool(items)
            self.refresh()

    def render(self) -> Text:
        """Return the line, in as many cells as there are."""
        if not self._items:
            return Text()
        first, more = self._items[0], len(self._items) - 1
        opens, hides = self._keys
        hint = f"  {opens} open" + (f"  {hides} hide" if hides else "")
        hint = (f"  +{more}" if more else "") + hint
        room = max(0, self.content_size.width - cell_len(hint))
        text = fit(f"{look(first.state).shape} {first.sentence}", room)
        style = self._style(first.state)
        return Text.assemble((text, style), (hint, self._style("keys")), no_wrap=True, end="")

    def _style(self, name: str) -> Style:
        known = name if name in {"failed", "done", "keys"} else "parked"
        return self.get_component_rich_style(f"notice--{known}", partial=True)

    async def on_click(self) -> None:
        """Open the notices."""
        await self.screen.run_action("notice")
