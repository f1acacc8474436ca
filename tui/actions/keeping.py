"""Actions that rate results, put batches away, and find things again."""

from engine.client.actions import action_of
from tui.actions.action import Action

KEEPING: tuple[Action, ...] = (
    Action(
        "rate",
        action_of("rate").title,
        "Rate: 1 to 5, keep, reject; or write a note.",
        ("m",),
        ("batch", "job", "compare"),
        "Keep",
        writes=True,
    ),
    Action(
        "mark_batch",
        "Marks",
        "Star a batch, write a note on it, archive it.",
        ("m",),
        ("batches",),
        "Keep",
        writes=True,
    ),
    Action(
        "delete",
        action_of("delete").title,
        "Delete ended batches, after asking with what it frees.",
        ("D",),
        ("batches",),
        "Keep",
        writes=True,
    ),
    Action(
        "show_hidden",
        "Archived",
        "List archived batches too, or leave them out again.",
        ("H",),
        ("batches",),
        "Keep",
    ),
    Action(
        "open_hit", "Open", "Open the job, at the part.", ("enter", "l"), ("search",), "Move", 1
    ),
    Action("edit_search", "Search", "Search for other words.", ("slash",), ("search",), "Look", 3),
)
