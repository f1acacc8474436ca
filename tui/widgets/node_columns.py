"""The columns of a job's tree."""

from tui import formatting as figures
from tui.snapshots.tree import Node
from tui.states import look
from tui.widgets.columns import Column, Run


def _label(node: Node) -> list[Run]:
    shape = look(node.state).shape
    tone = "strong" if node.id <= 0 else ""
    return [("  " * node.depth, ""), (f"{shape} ", look(node.state).tone), (node.label, tone)]


def _score(node: Node) -> list[Run]:
    tone = "outdated" if node.outdated else "strong" if node.id <= 0 else "muted"
    return [("" if node.score is None else figures.score(node.score), tone)]


NODE_COLUMNS: tuple[Column[Node], ...] = (
    Column("scope and step", 12, _label, grow=1),
    Column("score", 5, _score, right=True),
    Column("time", 5, lambda n: [(n.time.replace("–", ""), "muted")], right=True, needs=28),
)
