"""The rows of the queue and of its lanes."""

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from engine.text import figures
from tui.actions import bindings
from tui.snapshots.queue import LaneItem, QueueItem
from tui.states import look
from tui.widgets.bars import short_lane
from tui.widgets.columns import ListColumn, Run
from tui.widgets.rows import Rows
from tui.widgets.sparkline import BARS, spark


def _without(key: str) -> list[BindingType]:
    """Return the bindings of a list without a key that its screen uses."""
    kept: list[BindingType] = []
    for binding in bindings("list"):
        if isinstance(binding, Binding):
            keys = [name for name in binding.key.split(",") if name != key]
            kept.append(Binding(",".join(keys), binding.action, id=binding.id, show=False))
    return kept


def _shape(row: QueueItem) -> list[Run]:
    return [(look(row.shape).shape, look(row.shape).tone)] if row.shape else [("", "")]


def _name(row: QueueItem) -> list[Run]:
    return [(row.name, "muted" if row.is_heading else "strong")]


def _text(row: QueueItem) -> list[Run]:
    return [(row.text, look(row.shape).tone if row.section == "waits" and row.shape else "muted")]


def _priority(row: QueueItem) -> list[Run]:
    return [(f"{row.priority:+d}" if row.priority else "", "muted")]


TEXT = 2
"""Index of the column of the text."""

COLUMNS: tuple[ListColumn[QueueItem], ...] = (
    ListColumn("", 1, _shape),
    ListColumn("job", 24, _name, grow=2),
    ListColumn("doing, or waiting for", 20, _text, grow=3),
    ListColumn("lane", 10, lambda r: [(r.lane, "")], grow=1, needs=60),
    ListColumn("since", 6, lambda r: [(r.since, "")], right=True),
    ListColumn(
        "try",
        3,
        lambda r: [(str(r.attempt) if r.attempt > 1 else "", "muted")],
        right=True,
        needs=70,
    ),
    ListColumn("prio", 4, _priority, right=True),
)


class QueueRows(Rows[QueueItem], inherit_bindings=False):
    """The queue; the cursor passes over headings."""

    BINDINGS = _without("g")

    def __init__(self) -> None:
        super().__init__(COLUMNS, id="queue")

    def cells_of(self, row: QueueItem) -> list[tuple[ListColumn[QueueItem], int]]:
        """Return the columns of a row; what waits has no step, so its text takes all the room."""
        columns = super().cells_of(row)
        if row.section != "waits" or row.is_heading:
            return columns
        taken = sum(width + 1 for _, width in columns[:TEXT])
        return [*columns[:TEXT], (columns[TEXT][0], max(1, self._width - 2 - taken))]

    @property
    def hidden_text(self) -> str:
        """The text of the row under the cursor if it is cut; otherwise empty."""
        row = self.current
        if row is None or row.section != "waits":
            return ""
        return row.text if cell_len(row.text) > self.cells_of(row)[TEXT][1] else ""

    def _go(self, index: int) -> None:
        """Move to a row; past a heading, in the direction of the move if there is a row."""
        index = max(0, min(index, self.total - 1))
        row = self.row(index)
        if row is not None and row.is_heading and row.job is None:
            index = self._beyond(index, 1 if index >= self.cursor else -1)
        super()._go(index)

    def _beyond(self, index: int, step: int) -> int:
        """Return the next row from an index that is no heading; the index if there is none."""
        for direction in (step, -step):
            at = index
            while (row := self.row(at)) is not None and row.is_heading:
                at += direction
            if row is not None:
                return at
        return index


def _lane_shape(row: LaneItem) -> list[Run]:
    if row.state != "open":
        return [(look("parked").shape, "parked")]
    return [(look("running").shape, "running") if row.in_flight else ("·", "muted")]


def _history(row: LaneItem) -> list[Run]:
    if row.state != "open":
        return [(f"{row.state}: {row.message}" if row.message else row.state, "parked")]
    top = max(row.history, default=0)
    if not top:
        return [(BARS[0] * len(row.history), "muted")]
    return [(spark(row.history, 0, top, len(row.history)).plain, "running")]


LANE_COLUMNS: tuple[ListColumn[LaneItem], ...] = (
    ListColumn("", 1, _lane_shape),
    ListColumn("lane", 12, lambda r: [(short_lane(r.name), "strong")], grow=1),
    ListColumn("now", 5, lambda r: [(f"{r.in_flight}/{r.most}", "")], right=True),
    ListColumn("most", 4, lambda r: [(str(r.concurrency), "muted")], right=True),
    ListColumn("wait", 5, lambda r: [(figures.count(r.waiting), "")], right=True),
    ListColumn("last 5 minutes", 30, _history),
    ListColumn("/min", 5, lambda r: [(str(r.per_minute or ""), "")], right=True),
)


class LaneRows(Rows[LaneItem]):
    """The lanes with five minutes of their history."""

    def __init__(self) -> None:
        super().__init__(LANE_COLUMNS, empty="No engine has opened a lane yet.", id="lanes-now")
