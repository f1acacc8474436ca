"""Actions that change what is seen."""

from engine.client.actions import action_of
from tui.actions.action import ALL, INNER, LISTS, VIEWED, Action


def _view(number: int, title: str, help_: str) -> Action:
    """Return the action that shows a view by its number."""
    return Action(f"view_{number}", title, help_, (str(number),), VIEWED)


def _part(number: int, name: str, title: str, help_: str) -> Action:
    """Return the action that shows a view of a job by its number."""
    return Action(f"show_{name}", title, help_, (str(number),), ("job",))


LOOKING: tuple[Action, ...] = (
    _view(1, "Table", "Show the list as a table."),
    _view(2, "Sheet", "Show the contact sheet: many images at once."),
    _view(3, "Queue", "Show the running and the next jobs."),
    _view(4, "Activity", "Show the events."),
    _part(1, "work", "Work", "Show the image, the verdict and the prompt of a part."),
    _part(2, "steps", "Steps", "Show all steps of the job."),
    _part(3, "files", "Files", "Show all files of the job."),
    _part(4, "events", "Events", "Show the newest events of the job."),
    Action(
        "filter",
        "Filter",
        "Filter: words, ~ltrs for letters, state:failed, !not-this.",
        ("slash",),
        (*LISTS, "activity"),
        "Look",
        5,
    ),
    Action(
        "sort_menu",
        "Sort",
        "Choose the order from a menu.",
        ("s",),
        LISTS,
        "Look",
        6,
    ),
    Action("reverse", "Reverse", "Reverse the order of the list.", ("S",), LISTS),
    Action(
        "faults",
        "Faults",
        "Show only failed and parked ones, or all again.",
        ("f",),
        (*LISTS, "activity"),
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
        ("underscore",),
        ("batch", "job"),
        "Look",
    ),
    Action(
        "spending",
        "Spending",
        "Show the cost of the batch by backend, model and step.",
        ("dollar_sign",),
        ALL,
        "Look",
    ),
    Action(
        "compare",
        "Compare",
        "Compare jobs, parts of a job, or the best of batches, side by side.",
        ("equals_sign",),
        ("batches", "batch", "job"),
        footer=13,
    ),
    Action(
        "compare_best",
        "With best",
        "Compare it with the best other job of its batch.",
        ("C",),
        INNER,
        footer=13,
    ),
    Action(
        "open_file",
        "View",
        f"{action_of('open').help} Again to stop a player.",
        ("o",),
        (*INNER, "zoom"),
        footer=13,
    ),
    Action(
        "view_text",
        "Text",
        "Show the whole text: error, reasons, prompt, trace, log, with search.",
        ("v",),
        ALL,
        footer=13,
    ),
    Action("stop_playing", "Stop playing", "Stop the player.", ("O",), ALL, "Look"),
    Action("copy", "Copy", "Copy the id of the selected item.", ("y",), ALL, "Look"),
    Action(
        "copy_menu",
        "Copy menu",
        "Copy the prompt, error, path, seed, id or a command; the menu has a letter for each.",
        ("Y",),
        ALL,
        "Look",
    ),
    Action(
        "notice",
        "Notice",
        "List what needs you, and news; open one.",
        ("exclamation_mark",),
        ALL,
        "Look",
    ),
    Action(
        "put_away",
        "Put away",
        "Put the worst notice away until it changes.",
        ("minus",),
        ("batches", "batch", "job", "activity"),
        "Look",
    ),
    Action(
        "next_tab",
        "Next tab",
        "Show the next tab: events, engine log, traces, what I did.",
        ("tab", "right_square_bracket"),
        ("activity",),
        "Look",
        3,
    ),
    Action(
        "previous_tab",
        "Tab before",
        "Show the tab before.",
        ("shift+tab", "left_square_bracket"),
        ("activity",),
    ),
    Action(
        "follow",
        "Follow",
        "Follow the newest line, or no longer.",
        ("F",),
        ("activity",),
        "Look",
        8,
    ),
    Action(
        "all_batches",
        "One batch",
        "Show only the selected row's batch, or all batches again.",
        ("b",),
        ("activity",),
        "Look",
        9,
    ),
)
