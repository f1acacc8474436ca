"""A repair of textual-image's sixels, until a release has it (0.12): the cursor after one."""

from collections.abc import Iterable

from rich.control import Control
from rich.segment import Segment
from textual_image.widget.sixel import _ImageSixelImpl

_segments = _ImageSixelImpl._get_sixel_segments


def repair() -> None:
    """Repair the widget in this process; once is enough."""
    setattr(_ImageSixelImpl, "_get_sixel_segments", segments_of)  # noqa: B010 - mypy takes it


def segments_of(widget: _ImageSixelImpl, data: str) -> Iterable[Segment]:
    """Return a sixel with the cursor behind its last row.

    The library leaves it a row lower: the rest of that row is drawn there, and the cells beside
    the image keep what the screen before has shown.
    """
    *before, _ = _segments(widget, data)
    region = widget.screen.find_widget(widget).visible_region
    return [*before, Segment(Control.move_to(region.right, region.bottom - 1).segment.text)]
