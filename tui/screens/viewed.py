"""A screen that is one of several views of the same place: table, sheet, queue, activity."""

from textual import on

from tui.actions import BY_ID
from tui.actions.action import LISTS
from tui.actions.key_names import key_name, keys_of
from tui.screens.base import BaseScreen
from tui.widgets.view_bar import ViewBar

VIEW_NAMES = ("table", "sheet", "queue", "activity")
"""Names of the views by screen; the list of all batches has them without a batch."""


class ViewedScreen(BaseScreen):
    """A screen with a line of views.

    Attributes:
        batch_id: The batch that is seen; None for all batches.
    """

    batch_id: int | None = None

    def view_bar(self, here: int) -> ViewBar:
        """Return the line of views.

        Args:
            here: Number of this view, from 1.
        """
        keymap = self.dashboard.keymap
        views = [
            (f"view_{number}", key_name(keys_of(BY_ID[f"view_{number}"], keymap)[0]), name)
            for number, name in enumerate(VIEW_NAMES, 1)
        ]
        of_lists = ("filter", "sort_menu") if self.WHERE in LISTS else ()
        bar = ViewBar(views, *(key_name(keys_of(BY_ID[id_], keymap)[0]) for id_ in of_lists))
        bar.set_here(f"view_{here}")
        return bar

    @on(ViewBar.Pressed)
    async def go_to_view(self, message: ViewBar.Pressed) -> None:
        """Run what was clicked in the line of views."""
        await self.run_action(message.action)

    def action_view_1(self) -> None:
        """Show the table."""
        self.dashboard.show_list(self.batch_id, "table")

    def action_view_2(self) -> None:
        """Show the contact sheet."""
        self.dashboard.show_list(self.batch_id, "sheet")

    def action_view_3(self) -> None:
        """Show the queue."""
        self.dashboard.show_queue(self.batch_id)

    def action_view_4(self) -> None:
        """Show the events."""
        self.dashboard.show_activity(self.batch_id)
