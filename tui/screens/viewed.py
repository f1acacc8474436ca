"""A screen that is one of several views of the same place: table, sheet, queue, activity."""

from importlib.util import find_spec

from textual import on

from tui.actions import BY_ID
from tui.actions.action import LISTS
from tui.actions.key_names import key_name, keys_of
from tui.screens.base import BaseScreen
from tui.widgets.view_bar import ViewBar

VIEW_NAMES = {
    "batches": ("list", "sheet", "queue", "activity"),
    "batch": ("table", "sheet", "queue", "activity"),
}
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
        names = VIEW_NAMES["batches" if self.batch_id is None else "batch"]
        keymap = self.dashboard.keymap
        views = [
            (action, key_name(keys_of(BY_ID[action], keymap)[0]), name)
            for number, name in enumerate(names, 1)
            if is_there(action := f"view_{number}")
        ]
        is_list = self.WHERE in LISTS
        filter_key = key_name(keys_of(BY_ID["filter"], keymap)[0]) if is_list else ""
        bar = ViewBar(views, filter_key)
        bar.set_here(f"view_{here}")
        return bar

    @on(ViewBar.Pressed)
    async def go_to_view(self, message: ViewBar.Pressed) -> None:
        """Run what was clicked in the line of views."""
        await self.run_action(message.action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide views that do not exist."""
        return is_there(action) and super().check_action(action, parameters)

    def action_view_1(self) -> None:
        """Show the list or the table."""
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


_MODULES = {"view_3": "tui.screens.queue", "view_4": "tui.screens.activity"}


def is_there(action: str) -> bool:
    """Return True unless an action shows a view whose screen is not installed."""
    return action not in _MODULES or find_spec(_MODULES[action]) is not None
