"""A screen with a list that is shown as rows, as a contact sheet, or as both."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from textual import on

from engine.client.views.listing import LONGEST_PAGE
from tui.screens.filtered import FilteredScreen
from tui.screens.menu import MenuLine, MenuScreen
from tui.widgets.rendering import is_slow, style_of
from tui.widgets.rows import Rows
from tui.widgets.sheet import Sheet
from tui.widgets.view_bar import ViewBar

REVERSED = "-"
"""End of the name of a reversed order."""

Range = tuple[int, int]
"""First index and number of rows."""


class SheetedScreen(FilteredScreen):
    """A screen with a list and a contact sheet over the same rows, cursor and marks."""

    _order = ("", False)
    _wanted: dict[str, Range] = {}  # noqa: RUF012 - replaced by each screen

    @property
    def sheet(self) -> Sheet[Any]:
        """The contact sheet."""
        return self.query_one(Sheet)

    @property
    def is_sheet(self) -> bool:
        """True if the list is shown as a contact sheet."""
        return self.has_class("-as-sheet")

    def on_mount(self) -> None:
        """Show the list in its last view; as rows where images would take long or be ugly."""
        self._wanted = {}
        is_poor = is_slow(self.app) or style_of(self.app).colours == "16"
        if self.dashboard.remembered.view == "sheet" and not is_poor:
            self.add_class("-as-sheet")
            self.call_after_refresh(self._show_view)
        self._name_view()

    def show_as(self, view: str) -> None:
        """Show the list as a `table` or as a `sheet`."""
        self.dashboard.remembered.view = view
        self.set_class(view == "sheet", "-as-sheet")
        self.call_after_refresh(self._show_view)
        self._name_view()

    def _name_view(self) -> None:
        self.query_one(ViewBar).set_here("view_2" if self.is_sheet else "view_1")

    def _show_view(self) -> None:
        """Bring the view that is shown up to date, and give it the keys."""
        self.rows.follow()
        self.sheet.follow()
        if not self.query_one("#filter").has_focus:
            (self.sheet if self.is_sheet else self.rows).focus()
        self.read_range()

    def focus_list(self) -> None:
        """Give the keys to the view that is shown."""
        (self.sheet if self.is_sheet else self.rows).focus()

    # -- orders -------------------------------------------------------------------------------

    @abstractmethod
    def order_lines(self) -> Sequence[MenuLine]:
        """Return the orders of the list; the first is the usual one."""

    @abstractmethod
    def apply_order(self, order: str, *, reverse: bool) -> None:
        """Sort the list."""

    def remembered_order(self, usual: str = "") -> tuple[str, bool]:
        """Return the order that the list had last, and whether it was reversed.

        Args:
            usual: The order if the list had none; the first by default.
        """
        orders = [line.value for line in self.order_lines()]
        kept = self.dashboard.remembered.orders.get(self._filter_name(), usual)
        self._order = kept.removesuffix(REVERSED), kept.endswith(REVERSED)
        if self._order[0] not in orders:
            self._order = orders[0], False
        return self._order

    def order_name(self) -> str:
        """Return the name of the order."""
        order, reverse = self._order
        name = next((line.text for line in self.order_lines() if line.value == order), "")
        return f"{name}, reversed" if reverse else name

    def choose_order(self, order: str) -> None:
        """Sort the list, and remember its order; `REVERSED` turns the present one round."""
        present, reverse = self._order
        chosen = (present, not reverse) if order == REVERSED else (order, False)
        self._order = chosen
        kept = chosen[0] + (REVERSED if chosen[1] else "")
        self.dashboard.remembered.keep_order(self._filter_name(), kept)
        self.apply_order(chosen[0], reverse=chosen[1])

    def action_sort_menu(self) -> None:
        """Choose the order of the list."""
        lines = [*self.order_lines(), MenuLine(REVERSED, "reverse", "S")]
        menu = MenuScreen("Order of the list", lines, chosen=self._order[0])
        self.app.push_screen(menu, lambda order: self.choose_order(order) if order else None)

    def action_reverse(self) -> None:
        """Reverse the order of the list."""
        self.choose_order(REVERSED)

    # -- views --------------------------------------------------------------------------------

    @on(Sheet.Resized)
    def keep_columns(self, message: Sheet.Resized) -> None:
        """Remember the number of columns."""
        self.dashboard.remembered.sheet_columns = message.columns

    @on(Rows.Wanted)
    def rows_wanted(self, message: Rows.Wanted) -> None:
        """Read the rows that have scrolled into view."""
        if message.count > 3:
            self._wanted["rows"] = (message.start, message.count)
            self.read_range()

    @on(Sheet.Wanted)
    def cells_wanted(self, message: Sheet.Wanted) -> None:
        """Read the rows and images that have scrolled into view."""
        self._wanted["sheet"] = (message.start, message.count)
        self.read_range()

    def read_range(self) -> None:
        """Read the rows that are needed now."""

    def needed(self) -> Range | None:
        """Return the rows that the visible views need, those of both if they are near."""
        shown = [
            self._wanted[name]
            for name, widget in (("rows", self.rows), ("sheet", self.sheet))
            if name in self._wanted and widget.display and widget.size
        ]
        if not shown:
            return None
        first = min(start for start, _ in shown)
        count = max(start + number for start, number in shown) - first
        return (first, count) if count <= LONGEST_PAGE else shown[-1]

    def visible_cells(self) -> Range:
        """Return the rows whose images are visible."""
        sheet = self.sheet
        if not sheet.display or not sheet.size:
            return 0, 0
        return sheet.visible_range
