"""Actions on things that are compared."""

from tui.actions.action import Action


def _beside(id_: str, title: str, help_: str, key: str, rank: int) -> Action:
    """Return an action on things that are compared."""
    return Action(id_, title, help_, (key,), ("compare",), "Look", rank)


COMPARING: tuple[Action, ...] = (
    Action(
        "previous_candidate",
        "Before",
        "Show the previous one that no side shows on the active side.",
        ("h", "left"),
        ("compare",),
        "Move",
    ),
    Action(
        "next_candidate",
        "Next",
        "Show the next one that no side shows on the active side.",
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
    _beside(
        "difference",
        "Difference",
        "Show the absolute difference of two images; esc shows them again.",
        "d",
        7,
    ),
    Action(
        "more_beside", "More", "Show one more side by side.", ("plus",), ("compare",), "Look", 8
    ),
    Action(
        "fewer_beside", "Fewer", "Show one fewer side by side.", ("minus",), ("compare",), "Look", 9
    ),
)
