"""Actions that move: in lists, and between screens."""

from tui.actions.action import INNER, LISTS, NOW, Action


def _move(id_: str, title: str, help_: str, *keys: str) -> Action:
    return Action(id_, title, help_, keys, ("list", "sheet"), "Move")


def _column(id_: str, title: str, help_: str, key: str) -> Action:
    return Action(id_, title, help_, (key,), ("list",), "Look")


def _in_sheet(id_: str, title: str, help_: str, *keys: str) -> Action:
    return Action(id_, title, help_, keys, ("sheet",), "Move")


MOVING: tuple[Action, ...] = (
    _move("cursor_down", "Down", "One down.", "j", "down"),
    _move("cursor_up", "Up", "One up.", "k", "up"),
    _move("page_down", "Page down", "A page down.", "pagedown", "ctrl+f", "ctrl+d"),
    _move("page_up", "Page up", "A page up.", "pageup", "ctrl+b", "ctrl+u"),
    _move("first", "First", "To the first.", "g", "home"),
    _move("last", "Last", "To the last.", "G", "end"),
    _column("next_column", "Next column", "Pick the next column.", "right_curly_bracket"),
    _column("previous_column", "Column before", "Pick the column before.", "left_curly_bracket"),
    _column("wider_column", "Wider", "Widen the picked column.", "right_parenthesis"),
    _column("narrower_column", "Narrower", "Narrow the picked column.", "left_parenthesis"),
    _column("reset_columns", "Widths", "Give all columns their own widths again.", "0"),
    _in_sheet("cursor_left", "Left", "One to the left.", "h", "left"),
    _in_sheet("cursor_right", "Right", "One to the right.", "l", "right"),
    _in_sheet("larger", "Larger", "Show fewer and larger images.", "plus"),
    _in_sheet("smaller", "Smaller", "Show more and smaller images.", "minus", "underscore"),
    Action(
        "open",
        "Open",
        "Open the selected item.",
        ("enter", "l", "right"),
        (*LISTS, *NOW),
        "Move",
        1,
    ),
    Action(
        "back",
        "Back",
        "Clear the filter, then the marks; otherwise go back.",
        ("escape",),
        (*INNER, "timeline", "zoom", *NOW, "search"),
        "Move",
        2,
    ),
    Action("inside", "Inside", "Go to the parts inside this one.", ("enter",), ("job",), "Move", 5),
    Action(
        "outside",
        "Outside",
        "Go to the part around this one, or back.",
        ("backspace",),
        (*INNER, "timeline", "zoom", *NOW),
        "Move",
    ),
    Action(
        "clear", "Clear", "Clear the filter, then the marks.", ("escape",), ("batches",), "Move"
    ),
    Action(
        "go_batches",
        "Batches",
        "Go back to all batches.",
        ("B",),
        (*INNER, "timeline", "zoom", *NOW, "search"),
        "Move",
    ),
    Action(
        "next_job",
        "Next job",
        "Go to the next job of the list.",
        ("J", "right_square_bracket"),
        ("job",),
        "Move",
        13,
    ),
    Action(
        "previous_job",
        "Previous job",
        "Go to the previous job.",
        ("K", "left_square_bracket"),
        ("job",),
        "Move",
    ),
    Action("next_turn", "Next turn", "Go to the next iteration.", ("l", "right"), ("job",), "Move"),
    Action(
        "previous_turn",
        "Turn before",
        "Go to the previous iteration.",
        ("h", "left"),
        ("job",),
        "Move",
    ),
)
