"""Actions on a whole text."""

from tui.actions.action import Action


def _text(
    id_: str, title: str, help_: str, *keys: str, group: str = "Look", footer: int | None = None
) -> Action:
    """Return an action on a whole text."""
    return Action(id_, title, help_, keys, ("text",), group, footer)


READING: tuple[Action, ...] = (
    _text("down", "Down", "A row down.", "j", "down", "enter", group="Move"),
    _text("up", "Up", "A row up.", "k", "up", group="Move"),
    _text("page_down", "Page down", "A page down.", "pagedown", "space", "ctrl+f", group="Move"),
    _text("page_up", "Page up", "A page up.", "pageup", "b", "ctrl+b", group="Move"),
    _text("first", "First", "To the start.", "g", "home", group="Move"),
    _text("last", "Last", "To the end; a log that grows is followed.", "G", "end", group="Move"),
    _text("left", "Left", "To the left, if lines are not wrapped.", "h", "left", group="Move"),
    _text("right", "Right", "To the right, if lines are not wrapped.", "l", "right", group="Move"),
    _text("next_text", "Next", "Show the next text.", "tab", group="Move", footer=2),
    _text("previous_text", "Previous", "Show the previous text.", "shift+tab", group="Move"),
    _text("search", "Search", "Search for words; a capital letter tells cases apart.", "slash",
          footer=3),
    _text("next_found", "Next match", "Go to the next line with the words.", "n", footer=4),
    _text("previous_found", "Previous match", "Go to the previous line with the words.", "N"),
    _text("numbers", "Numbers", "Number the lines, or not.", "number_sign", footer=5),
    _text("wrap", "Wrap", "Wrap long lines, or cut them.", "w", footer=6),
    _text("copy_text", "Copy", "Copy the whole text.", "y", footer=7),
    _text("pager", "Pager", "Show a copy in $PAGER.", "vertical_line", footer=8),
    _text("editor", "Editor", "Open a copy in $EDITOR.", "e", footer=9),
    _text("back", "Back", "Clear the search; otherwise go back.", "escape", "q", "backspace", "v",
          group="Move", footer=1),
)  # fmt: skip
