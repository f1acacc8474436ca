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
        "command_palette",
        "Palette",
        "Find an action by its name.",
        ("ctrl+p", "colon"),
        EVERYWHERE,
        "Safelight",
    ),
    Action(
        "quit", "Quit", "Leave; the engine keeps running.", ("q", "ctrl+q"), ALL, "Safelight", 15
    ),
)
