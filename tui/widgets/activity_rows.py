"""A history as a list, the newest first; it follows only while the reader is at its top."""

from collections.abc import Sequence

from tui.snapshots.activity import ActivityItem
from tui.states import look
from tui.widgets.columns import ListColumn, Run
from tui.widgets.rows import Rows


def _shape(row: ActivityItem) -> list[Run]:
    return [(look(row.state).shape, look(row.state).tone)] if row.state else [("", "")]


def _text(row: ActivityItem) -> list[Run]:
    return [(row.text, look(row.state).tone if row.state in {"failed", "parked"} else "")]


COLUMNS: tuple[ListColumn[ActivityItem], ...] = (
    ListColumn("time", 8, lambda r: [(r.time, "muted")]),
    ListColumn("", 1, _shape),
    ListColumn("batch", 12, lambda r: [(r.subject, "strong")], grow=1),
    ListColumn("", 20, _text, grow=4),
)


class ActivityRows(Rows[ActivityItem]):
    """The lines of a history. Above the first row of the reader nothing moves what is read."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, id="activity")
        self._fresh = 0
        self.held = False
        self.unseen = 0

    @property
    def following(self) -> bool:
        """True if the newest line stays visible."""
        return not self.held and self.cursor == 0 and self.scroll_y == 0

    def forget(self) -> None:
        """Go to the top, because another list follows."""
        super().forget()
        self.state.total = self._fresh = self.unseen = 0

    def set_history(self, total: int, start: int, rows: Sequence[ActivityItem], fresh: int) -> None:
        """Take rows that were read; `fresh` lines are newer than the first read."""
        added = fresh - self._fresh if self.total else 0
        self._fresh = fresh
        if added > 0 and not self.following:
            self.unseen += added
            self._shift(added, total)
        elif self.following:
            self.unseen = 0
        self.set_rows(total, start, rows)

    def _shift(self, added: int, total: int) -> None:
        """Keep the lines that are being read in place, below new ones."""
        self.state.shift(added, total)
        self.virtual_size = self.virtual_size.with_height(total + 1)
        self.scroll_to(y=self.scroll_y + added, animate=False, immediate=True, force=True)

    def _follow(self, before: ActivityItem | None) -> None:
        """Stay on the newest line if it is followed; otherwise the cursor was moved already."""
        if self.following:
            self.state.cursor = 0
        self.state.cursor = max(0, min(self.cursor, self.total - 1))

    def hold(self) -> None:
        """Follow the newest line no longer, or again."""
        self.held = not self.held
        if not self.held:
            self.action_first()

    def action_first(self) -> None:
        """Go to the newest line and follow it."""
        super().action_first()
        self.held, self.unseen = False, 0
