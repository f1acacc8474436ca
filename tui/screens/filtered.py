"""A screen with a list that can be filtered and marked."""

from abc import abstractmethod
from typing import Any

from textual import on
from textual.widgets import Input

from tui.screens.base import BaseScreen
from tui.views.filters import Filter
from tui.widgets.rows import Rows


class FilterInput(Input):
    """Where a filter is typed; escape leaves it and takes the filter away."""

    BINDINGS = [("escape", "leave", "Leave"), ("down", "done", "To the list")]  # noqa: RUF012 - Textual's way

    def action_leave(self) -> None:
        """Takes the filter away."""
        self.value = ""
        self.post_message(self.Submitted(self, ""))

    def action_done(self) -> None:
        """Keeps the filter."""
        self.post_message(self.Submitted(self, self.value))


class FilteredScreen(BaseScreen):
    """A screen with a list."""

    FILTER_KEY = ""
    filter_text = ""

    @property
    def rows(self) -> Rows[Any]:
        """The list."""
        return self.query_one(Rows)

    def filter_input(self) -> FilterInput:
        """The line in which a filter is typed, hidden while there is none."""
        line = FilterInput(
            placeholder="words  state:failed,parked  !not these",
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        line.display = False
        return line

    def on_mount(self) -> None:
        """Takes up the filter of last time."""
        text = self.dashboard.remembered.filters.get(self._filter_name(), "")
        if text:
            line = self.query_one(FilterInput)
            with line.prevent(Input.Changed):
                line.value = text
            line.display = True
            self.filter_text = text
            self.apply_filter(Filter.parse(text))

    @abstractmethod
    def apply_filter(self, filter_: Filter) -> None:
        """Narrows the list."""

    def _filter_name(self) -> str:
        return f"{self.dashboard.paths.root.absolute()}#{self.WHERE}"

    def set_filter(self, text: str) -> None:
        """Narrows the list to what a text says, and remembers it."""
        if text == self.filter_text:
            return
        self.filter_text = text
        parsed = Filter.parse(text)
        filters = self.dashboard.remembered.filters
        filters.pop(self._filter_name(), None)
        if text:
            filters[self._filter_name()] = text
        self.query_one(FilterInput).set_class(bool(parsed.unknown), "-wrong")
        self.apply_filter(parsed)

    def action_filter(self) -> None:
        """Lets the operator type a filter."""
        line = self.query_one(FilterInput)
        line.display = True
        line.focus()

    @on(Input.Changed, "#filter")
    def filter_typed(self, message: Input.Changed) -> None:
        """Narrows the list while it is typed."""
        message.stop()
        self.set_filter(message.value)

    @on(Input.Submitted, "#filter")
    def filter_done(self, message: Input.Submitted) -> None:
        """Goes back to the list."""
        message.stop()
        self.query_one(FilterInput).display = bool(message.value)
        self.rows.focus()

    def action_mark(self) -> None:
        """Marks the row under the cursor."""
        self.rows.toggle_mark()

    def action_unmark(self) -> None:
        """Unmarks all."""
        self.rows.marks = set()
        self.rows.mark([])

    @on(Rows.Chosen)
    async def chosen(self) -> None:
        """Opens what was clicked twice."""
        await self.run_action("open")
