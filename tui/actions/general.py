"""Actions of the dashboard itself."""

from tui.actions.action import ALL, EVERYWHERE, Action

GENERAL: tuple[Action, ...] = (
    Action(
        "bell",
        "Bell",
        "Turn the bell on or off: it rings when a batch ends or is parked.",
        ("N",),
        ALL,
        "Safelight",
    ),
    Action("theme", "Theme", "Another theme.", ("T",), EVERYWHERE, "Safelight"),
    Action(
        "help",
        "Help",
        "List the available actions; enter runs one.",
        ("question_mark",),
        EVERYWHERE,
        "Safelight",
        14,
    ),
    Action(
        "go_to",
        "Go to",
        "Go anywhere: b4, j302, queue, a batch by its name; run an action; search words.",
        ("colon",),
        EVERYWHERE,
        "Move",
    ),
    Action(
        "jump",
        "Jump",
        "Jump to a row, an image, a view or a panel by the letters shown over it.",
        ("ctrl+o",),
        EVERYWHERE,
        "Move",
    ),
    Action(
        "history_back",
        "Back in history",
        "Go to the place where you were before.",
        ("ctrl+left", "alt+left"),
        EVERYWHERE,
        "Move",
    ),
    Action(
        "history_forward",
        "Forward in history",
        "Go to the place from which you came back.",
        ("ctrl+right", "alt+right"),
        EVERYWHERE,
        "Move",
    ),
    Action(
        "command_palette",
        "Palette",
        "Find an action by its name.",
        ("ctrl+p",),
        EVERYWHERE,
        "Safelight",
    ),
    Action(
        "quit", "Quit", "Leave; the engine keeps running.", ("q", "ctrl+q"), ALL, "Safelight", 15
    ),
)
