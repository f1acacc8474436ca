"""Actions that step in: on batches, jobs and their results."""

from engine.client.actions import action_of
from tui.actions.action import LISTS, STEP_IN, Action


def _step_in(
    verb: str, key: str, rank: int | None = None, where: tuple[str, ...] = STEP_IN
) -> Action:
    """Return an action on batches and jobs with its key; the rest comes from the client."""
    of = action_of(verb)
    return Action(verb, of.title, of.help, (key,), where, "Step in", rank, writes=True)


STEPPING_IN: tuple[Action, ...] = (
    _step_in("pause", "p", 10),
    _step_in("resume", "r", 11),
    _step_in("retry", "t", 9, where=(*STEP_IN, "timeline")),
    Action(
        "causes",
        "Causes",
        "List why jobs of the batch have failed or wait; enter retries or resumes those of one.",
        ("F",),
        LISTS,
        "Step in",
        10,
        writes=True,
    ),
    _step_in("cancel", "x", 12),
    _step_in("cancel_waiting", "X", where=LISTS),
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
        "front",
        action_of("front").title,
        action_of("front").help,
        ("g",),
        ("queue",),
        "Step in",
        4,
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
        "undo_decision",
        action_of("undo").title,
        action_of("undo").help,
        ("U",),
        ("job",),
        "Step in",
        writes=True,
    ),
    Action(
        "branch",
        action_of("branch").title,
        action_of("branch").help,
        ("b",),
        ("job", "compare"),
        "Step in",
        writes=True,
    ),
    Action(
        "approve",
        "Approve",
        "Review the pending approval; approve, edit or reject it.",
        ("A",),
        ("job", "timeline"),
        "Step in",
        writes=True,
    ),
    Action(
        "approvals",
        "Approvals",
        "Show all that waits for approval, over all batches; approve, edit or reject.",
        ("A",),
        ("queue",),
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
        "again",
        "Again with",
        "Queue this again with other settings or another prompt, in a form.",
        ("a",),
        (*STEP_IN, "compare"),
        "Step in",
        8,
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
)
