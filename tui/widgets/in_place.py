"""Text that changes without a new layout of the screen, unless it needs another height."""

from textual.visual import VisualType
from textual.widgets import Static


def update_in_place(widget: Static, content: VisualType) -> None:
    """Show other text; the screen is laid out again only if the widget's height changes.

    Args:
        widget: A widget whose height follows its text.
        content: The text.
    """
    before = _height(widget)
    widget.update(content, layout=False)
    if before is None or _height(widget) != before:
        widget.refresh(layout=True)


def _height(widget: Static) -> int | None:
    """Return the height that the text needs; None before the first layout."""
    width = widget.content_size.width
    if not width or widget.parent is None:
        return None
    return widget.visual.get_height(widget.styles.get_rules(), width)
