"""Actions on a job's timeline."""

from tui.actions.action import Action


def _scrub(id_: str, title: str, help_: str, *keys: str, rank: int | None = None) -> Action:
    return Action(id_, title, help_, keys, ("timeline",), "Move", rank)


SCRUBBING: tuple[Action, ...] = (
    Action(
        "show_timeline",
        "Timeline",
        "Show the job on its timeline: sections, beats, shots; scrub through its frames.",
        ("i",),
        ("job",),
        "Look",
        12,
    ),
    _scrub("next_beat", "Beat", "To the next beat.", "l", "right", rank=3),
    _scrub("previous_beat", "Beat before", "To the beat before.", "h", "left"),
    _scrub("next_section", "Section", "To the next section.", "L", "shift+right", rank=4),
    _scrub("previous_section", "Section before", "To the section before.", "H", "shift+left"),
    _scrub("next_shot", "Shot", "To the next shot.", "j", "down", rank=5),
    _scrub("previous_shot", "Shot before", "To the shot before.", "k", "up"),
    _scrub("frame_forward", "Frame", "A frame forward.", "full_stop"),
    _scrub("frame_back", "Frame back", "A frame back.", "comma"),
    _scrub("to_start", "Start", "To the start.", "g", "home"),
    _scrub("to_end", "End", "To the end.", "G", "end"),
    Action(
        "zoom_in", "Closer", "Show a shorter stretch of time.", ("plus",), ("timeline",), "Look", 7
    ),
    Action(
        "zoom_out",
        "Wider",
        "Show a longer stretch of time.",
        ("minus", "underscore"),
        ("timeline",),
        "Look",
        8,
    ),
    Action(
        "play_here",
        "Play",
        "Play from here, if the player can start at a time; again to stop.",
        ("space", "o"),
        ("timeline",),
        "Look",
        6,
    ),
    Action(
        "go_to_section",
        "Go there",
        "Go to the section under the play head in the job.",
        ("enter",),
        ("timeline",),
        "Move",
    ),
    Action(
        "change_here",
        "Change",
        "Decide about the section or the image under the play head.",
        ("e", "c"),
        ("timeline",),
        "Step in",
        1,
        writes=True,
    ),
)
