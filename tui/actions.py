"""Registry of the dashboard's actions; bindings, footer, help, palette and key file follow it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType

from engine.client.actions import action_of

LISTS = ("batches", "batch")
WITH_LISTS = ("batches", "batch", "job")
STEP_IN = ("batches", "batch", "job")
INNER = ("batch", "job", "compare")
ALL = ("batches", "batch", "job", "compare")


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an operator.

    Attributes:
        id: Its name: of the method `action_ID` that does it, and in the key file.
        title: One or two words for the footer and the palette.
        help: One line for the help.
        keys: Keys by default, as Textual names them.
        where: Screens that it applies to.
        group: Heading in the help.
        footer: Its rank in the footer, least first; None where it is not shown there.
        writes: Whether it changes anything, so that it is not there with `--read-only`.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    where: tuple[str, ...] = ALL
    group: str = "Look"
    footer: int | None = None
    writes: bool = False


def _step_in(verb: str, key: str, rank: int | None = None) -> Action:
    """Return an action on batches and jobs with its key; the rest comes from the client."""
    of = action_of(verb)
    return Action(verb, of.title, of.help, (key,), STEP_IN, "Step in", rank, writes=True)


def _engine(verb: str, key: str) -> Action:
    """Return an action on the engine with its key."""
    of = action_of(verb)
    return Action(f"engine_{verb}", of.title, of.help, (key,), ALL, "Engine", writes=True)


def _move(id_: str, title: str, help_: str, *keys: str) -> Action:
    return Action(id_, title, help_, keys, ("list",), "Move")


def _beside(id_: str, title: str, help_: str, key: str, rank: int) -> Action:
    """Return an action on things that are compared."""
    return Action(id_, title, help_, (key,), ("compare",), "Look", rank)


ACTIONS: tuple[Action, ...] = (
    _move("cursor_down", "Down", "One down.", "j", "down"),
    _move("cursor_up", "Up", "One up.", "k", "up"),
    _move("page_down", "Page down", "A page down.", "pagedown", "ctrl+f", "ctrl+d"),
    _move("page_up", "Page up", "A page up.", "pageup", "ctrl+b", "ctrl+u"),
    _move("first", "First", "To the first.", "g", "home"),
    _move("last", "Last", "To the last.", "G", "end"),
    Action("open", "Open", "Open the selected item.", ("enter", "l", "right"), LISTS, "Move", 1),
    Action(
        "back",
        "Back",
        "Clear the filter, then the marks; otherwise go back.",
        ("escape", "backspace"),
        INNER,
        "Move",
        2,
    ),
    Action(
        "clear", "Clear", "Clear the filter, then the marks.", ("escape",), ("batches",), "Move"
    ),
    Action(
        "go_batches",
        "Batches",
        "Go back to all batches.",
        ("B",),
        INNER,
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
    Action(
        "filter",
        "Filter",
        "Filter: words, state:failed, !not-this.",
        ("slash",),
        LISTS,
        "Look",
        5,
    ),
    Action(
        "sort",
        "Sort",
        "Change the order: input, worst first, best first, state.",
        ("s",),
        ("batch",),
        "Look",
        6,
    ),
    Action(
        "faults",
        "Faults",
        "Show only failed and parked jobs, or all again.",
        ("f",),
        ("batch",),
        "Look",
        7,
    ),
    Action(
        "grow",
        "Grow",
        "Enlarge the focused panel.",
        ("plus",),
        ("batch", "job"),
        "Look",
    ),
    Action(
        "shrink",
        "Shrink",
        "Shrink the focused panel.",
        ("minus", "underscore"),
        ("batch", "job"),
        "Look",
    ),
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
    _step_in("pause", "p", 10),
    _step_in("resume", "r", 11),
    _step_in("retry", "t", 9),
    _step_in("cancel", "x", 12),
    Action(
        "raise_priority",
        "Priority up",
        "Raise the priority.",
        ("greater_than_sign",),
        STEP_IN,
        "Step in",
        writes=True,
    ),
    Action(
        "lower_priority",
        "Priority down",
        "Lower the priority.",
        ("less_than_sign",),
        STEP_IN,
        "Step in",
        writes=True,
    ),
    Action(
        "choose",
        "Choose",
        "Select this result, whatever its scores; dependent steps run again.",
        ("c",),
        ("job", "compare"),
        "Step in",
        3,
        writes=True,
    ),
    Action(
        "edit_prompt",
        "Edit prompt",
        "Write the prompt yourself; dependent steps run again.",
        ("e",),
        ("job",),
        "Step in",
        4,
        writes=True,
    ),
    Action(
        "approve",
        "Approve",
        "Review the pending approval; approve, edit or reject it.",
        ("A",),
        ("job",),
        "Step in",
        writes=True,
    ),
    Action(
        "approve_all",
        "Approve",
        "Approve all that the marked or selected wait with, after y/n.",
        ("A",),
        LISTS,
        "Step in",
        writes=True,
    ),
    Action(
        "send",
        action_of("send").title,
        action_of("send").help,
        ("s",),
        ("job",),
        "Step in",
        writes=True,
    ),
    Action(
        "new_batch", "New", "Queue a new batch.", ("n",), ("batches",), "Step in", 8, writes=True
    ),
    _engine("start", "E"),
    _engine("stop", "S"),
    _engine("restart", "R"),
    Action(
        "spending",
        "Spending",
        "Show the cost of the batch by backend, model and step.",
        ("dollar_sign",),
        ALL,
        "Look",
    ),
    Action(
        "lanes",
        "Lanes",
        "Show lanes and model hosts; change a lane's concurrency.",
        ("w",),
        ALL,
        "Engine",
    ),
    Action(
        "compare",
        "Compare",
        "Compare marked jobs, or parts of a job, side by side.",
        ("equals_sign",),
        ("batch", "job"),
        footer=13,
    ),
    Action(
        "previous_candidate",
        "Before",
        "Show the previous one on the active side.",
        ("h", "left"),
        ("compare",),
        "Move",
        4,
    ),
    Action(
        "next_candidate",
        "Next",
        "Show the next one on the active side.",
        ("l", "right"),
        ("compare",),
        "Move",
        5,
    ),
    _beside("other_side", "Side", "Change the active side.", "tab", 3),
    Action(
        "go_there",
        "Go there",
        "Go to the active one in its job.",
        ("enter",),
        ("compare",),
        "Move",
        1,
    ),
    Action(
        "scroll_down",
        "Down",
        "Scroll long texts down, all together.",
        ("j", "down", "pagedown"),
        ("compare",),
    ),
    Action(
        "scroll_up",
        "Up",
        "Scroll long texts up, all together.",
        ("k", "up", "pageup"),
        ("compare",),
    ),
    _beside(
        "blink",
        "Blink",
        "Show one alone, then the next in its place; esc shows all again.",
        "space",
        6,
    ),
    Action(
        "more_beside", "More", "Show one more side by side.", ("plus",), ("compare",), "Look", 7
    ),
    Action(
        "fewer_beside", "Fewer", "Show one fewer side by side.", ("minus",), ("compare",), "Look", 8
    ),
    Action(
        "open_file",
        action_of("open").title,
        f"{action_of('open').help} Again to stop a player.",
        ("o",),
        INNER,
        footer=13,
    ),
    Action("stop_playing", "Stop playing", "Stop the player.", ("O",), ALL, "Look"),
    Action("copy", "Copy", "Copy the id of the selected item.", ("y",), ALL, "Look"),
    Action(
        "notice",
        "Notice",
        "Expand or collapse the list of items that need you.",
        ("exclamation_mark",),
        ALL,
        "Look",
    ),
    Action(
        "bell",
        "Bell",
        "Turn the bell on or off: it rings when a batch ends or is parked.",
        ("N",),
        ALL,
        "Safelight",
    ),
    Action("theme", "Theme", "Another theme.", ("T",), ALL, "Safelight"),
    Action(
        "help",
        "Help",
        "List the available actions; enter runs one.",
        ("question_mark",),
        ALL,
        "Safelight",
        14,
    ),
    Action(
        "command_palette",
        "Palette",
        "Find an action by its name.",
        ("ctrl+p", "colon"),
        ALL,
        "Safelight",
    ),
    Action(
        "quit", "Quit", "Leave; the engine keeps running.", ("q", "ctrl+q"), ALL, "Safelight", 15
    ),
)
"""All actions, in the order of the help."""

BY_ID = {action.id: action for action in ACTIONS}


def actions_for(where: str, *, read_only: bool = False) -> Iterator[Action]:
    """Return the actions of a screen."""
    for action in ACTIONS:
        if where in action.where and not (read_only and action.writes):
            yield action


def bindings(where: str) -> list[BindingType]:
    """Return a screen's bindings; their ids are the actions', so that a key map can change them."""
    return [
        Binding(",".join(a.keys), a.id, a.title, id=a.id, tooltip=a.help, show=False)
        for a in actions_for(where)
    ]


_NAMES = {
    "exclamation_mark": "!",
    "slash": "/", "space": "space", "escape": "esc", "enter": "enter", "question_mark": "?",
    "colon": ":", "asterisk": "*", "plus": "+", "minus": "-", "underscore": "_",
    "equals_sign": "=", "greater_than_sign": ">", "less_than_sign": "<", "left": "←",
    "right": "→", "up": "↑", "down": "↓", "left_square_bracket": "[",
    "right_square_bracket": "]", "dollar_sign": "$",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return a key as printed on a keyboard."""
    return "+".join(_NAMES.get(part, part) for part in key.split("+"))


def keys_of(action: Action, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of an action, the operator's own if there are any."""
    own = keymap.get(action.id)
    return tuple(key.strip() for key in own.split(",")) if own else action.keys
