"""Actions on an image that fills the screen."""

from tui.actions.action import INNER, Action


def _zoom(id_: str, title: str, help_: str, *keys: str, rank: int | None = None) -> Action:
    """Return an action on what fills the screen."""
    return Action(id_, title, help_, keys, ("zoom",), "Look", rank)


def _pan(to: str, *keys: str) -> Action:
    title = to.title()
    return Action(f"pan_{to}", title, f"Move the shown part {to}.", keys, ("zoom",), "Move")


ZOOMING: tuple[Action, ...] = (
    Action("zoom", "Zoom", "Show an image full screen: zoom, pan, 1:1.", ("z",), INNER, footer=13),
    _zoom("zoom_in", "Larger", "Enlarge the image.", "plus", rank=3),
    _zoom("zoom_out", "Smaller", "Shrink the image.", "minus", "underscore", rank=4),
    _zoom("one_to_one", "1:1", "Show a pixel of the image as a pixel.", "1", rank=5),
    _zoom("whole", "Fit", "Show the whole image.", "0", rank=6),
    _zoom("next_image", "Next", "Show the next of the list or the job.", "n", "J", rank=7),
    _zoom("previous_image", "Before", "Show the one before.", "p", "K", rank=8),
    _pan("left", "h", "left"),
    _pan("down", "j", "down"),
    _pan("up", "k", "up"),
    _pan("right", "l", "right"),
)
