"""Actions on the engine and its lanes."""

from engine.client.actions import action_of
from tui.actions.action import ALL, Action

ENGINE: tuple[Action, ...] = (
    Action(
        "engine_menu",
        "Engine",
        "Start, stop or restart the engine, at once or after what runs.",
        ("E",),
        ALL,
        "Engine",
        writes=True,
    ),
    Action(
        "pause_everything",
        action_of("pause_all").title,
        "Pause everything in every batch, or resume it.",
        ("P",),
        ALL,
        "Engine",
        writes=True,
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
        "wider",
        "Lane +",
        "Let one more call at once through the selected lane.",
        ("plus", "equals_sign"),
        ("queue",),
        "Engine",
        8,
        writes=True,
    ),
    Action(
        "narrower",
        "Lane -",
        "Let one call fewer at once through the selected lane.",
        ("minus", "underscore"),
        ("queue",),
        "Engine",
        9,
        writes=True,
    ),
)
