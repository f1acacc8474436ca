"""Actions that mark rows of lists."""

from tui.actions.action import LISTS, Action

MARKING: tuple[Action, ...] = (
    Action(
        "mark", "Mark", "Mark or unmark the selected item and move down.", ("space",), LISTS, "Mark"
    ),
    Action(
        "mark_range",
        "Mark range",
        "Mark everything from the last mark to here.",
        ("V",),
        LISTS,
        "Mark",
    ),
    Action("mark_all", "Mark all", "Mark everything in the list.", ("asterisk",), LISTS, "Mark"),
    Action("unmark", "Unmark", "Unmark all.", ("u",), LISTS, "Mark"),
)
