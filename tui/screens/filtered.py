"""A screen with a list that can be filtered and marked."""

from abc import abstractmethod
from functools import partial
from typing import Any

from textual import on
from textual.widgets import Input

from engine.client.views.filters import Filter
from engine.text.terminal import clean
from tui.actions.by_state import NOTHING, UNMATCHED
from tui.screens.viewed import ViewedScreen
from tui.widgets.rows import Rows
from tui.widgets.view_bar import ListPlace

SHOWN_GATES = 5
"""Maximum gates that are named in a question."""


class FilterInput(Input):
    """Input of a filter; escape leaves it and clears the filter."""

    BINDINGS = [("escape", "leave", "Leave"), ("down", "done", "To the list")]  # noqa: RUF012 - Textual's way

    def action_leave(self) -> None:
        """Clear the filter."""
        self.value = ""
        self.post_message(self.Submitted(self, ""))

    def action_done(self) -> None:
        """Keep the filter."""
        self.post_message(self.Submitted(self, self.value))


class FilteredScreen(ViewedScreen):
    """A screen with a list.

    Attributes:
        EMPTY: Message of an empty list.
    """

    EMPTY = ""
    filter_text = ""

    @property
    def rows(self) -> Rows[Any]:
        """Return the list."""
        return self.query_one(Rows)

    def filter_input(self) -> FilterInput:
        """Compose the line of the filter, hidden while there is none."""
        line = FilterInput(
            placeholder="words  ~ltrs  state:failed,parked  !not these",
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        line.display = False
        return line

    def state_of_none(self) -> str:
        """Return why no row is selected: nothing matches the filter, or nothing is there."""
        if self.rows.total:
            return ""  # the row is still being read
        return UNMATCHED if self.filter_text else NOTHING

    def is_lone(self) -> bool:
        """Return True if there are no two rows to compare or to sort."""
        return self.rows.total < 2

    # -- views --------------------------------------------------------------------------------

    def show_as(self, view: str) -> None:
        """Show the list as a `table` or as a `sheet`."""

    def list_place(self, order: str, total: int) -> ListPlace:
        """Return the order of the list and the place in it.

        Args:
            order: Name of the order.
            total: Number of rows without a filter.
        """
        rows = self.rows
        return ListPlace(order, min(rows.cursor + 1, rows.total), rows.total, total)

    # -- approvals ----------------------------------------------------------------------------

    def action_approve_all(self) -> None:
        """Approve all that the targets wait with, after asking with their number."""
        from engine.client.gates import waiting_count

        targets, called = self.targets()
        if not targets:
            self.say("No row is selected whose values could be approved.", bad=True)
            return
        read = partial(waiting_count, targets=targets)
        self.ask(read, partial(self._ask_approval, targets, called))

    def _ask_approval(
        self, targets: list[dict[str, int]], called: str, counts: dict[str, int]
    ) -> None:
        """Ask whether all is approved, now that its number is known."""
        if not counts:
            self.say(f"Nothing of {called or 'this list'} waits for approval.", bad=True)
            return
        gates = ", ".join(f"{key} ({number})" for key, number in list(counts.items())[:SHOWN_GATES])
        more = f" and {len(counts) - SHOWN_GATES} more" if len(counts) > SHOWN_GATES else ""
        wait = "wait" if len(targets) > 1 else "waits"
        question = f"Approve all that {called} {wait} with, unseen and unedited: {gates}{more}?"
        self.confirm(question, partial(self.send, "approve", targets, {}))

    def on_mount(self) -> None:
        """Restore the last filter."""
        text = self.dashboard.remembered.filters.get(self._filter_name(), "")
        if text:
            self.show_filter(text, remember=False)

    @abstractmethod
    def apply_filter(self, filter_: Filter) -> None:
        """Filter the list."""

    def _filter_name(self) -> str:
        """Name of the list that a filter belongs to."""
        return f"{self.dashboard.paths.root.absolute()}#{self.WHERE}"

    def set_filter(self, text: str, *, remember: bool = True) -> None:
        """Filter the list by a text, and remember it for the next time."""
        if text == self.filter_text:
            return
        self.filter_text = text
        if remember:
            self.dashboard.remembered.keep_filter(self._filter_name(), text)
        parsed = Filter.parse(text)
        self.query_one(FilterInput).set_class(bool(parsed.unknown), "-wrong")
        self.apply_filter(parsed)

    def show_filter(self, text: str, *, remember: bool = True) -> None:
        """Write a filter into its line, hidden if there is none, and filter the list by it."""
        line = self.query_one(FilterInput)
        with line.prevent(Input.Changed):
            line.value = text
        line.display = bool(text)
        self.set_filter(text, remember=remember)

    def action_filter(self) -> None:
        """Edit the filter; a present one is selected, to be typed over."""
        line = self.query_one(FilterInput)
        line.display = True
        line.focus()
        line.select_all()

    def action_clear(self) -> None:
        """Clear the filter, then the marks."""
        self.clear_something()

    def clear_something(self) -> bool:
        """Clear the filter, or else the marks; return True if there was either."""
        if self.filter_text:
            self.show_filter("")
        elif self.rows.marks:
            self.action_unmark()
        else:
            return False
        return True

    def show_empty(self, total: int, one: str, many: str = "") -> None:
        """Have the list show why it is empty: nothing is there, or nothing matches."""
        if self.filter_text and total:
            of = f"The only {one} does not match" if total == 1 else f"No {one} of {total} matches"
            words = clean(self.filter_text, 60)
            self.rows.set_empty(f"{of} the filter {words}\nesc clears it, / writes another.")
        else:
            self.rows.set_empty(self.EMPTY)

    @on(Input.Changed, "#filter")
    def filter_typed(self, message: Input.Changed) -> None:
        """Filter the list while typing."""
        message.stop()
        self.set_filter(message.value)

    @on(Input.Submitted, "#filter")
    def filter_done(self, message: Input.Submitted) -> None:
        """Go back to the list."""
        message.stop()
        self.query_one(FilterInput).display = bool(message.value)
        self.focus_list()

    def focus_list(self) -> None:
        """Give the keys to the list."""
        self.rows.focus()

    def action_mark(self) -> None:
        """Mark the row under the cursor."""
        self.rows.toggle_mark()

    def action_unmark(self) -> None:
        """Unmark all."""
        self.rows.unmark()

    @on(Rows.Chosen)
    async def chosen(self) -> None:
        """Open a row that was clicked twice."""
        await self.run_action("open")
