"""Actions on the engine and its lanes."""

from engine.client.actions import action_of
from tui.actions.action import ALL, Action


def _engine(verb: str, key: str) -> Action:
    """Return an action on the engine with its key."""
    of = action_of(verb)
    return Action(f"engine_{verb}", of.title, of.help, (key,), ALL, "Engine", writes=True)


ENGINE: tuple[Action, ...] = (
    _engine("start", "E"),
    _engine("stop", "S"),
    _engine("restart", "R"),
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
