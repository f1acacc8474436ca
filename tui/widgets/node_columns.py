"""The columns of a job's tree."""

from engine.client.views.tree import TreeLine
from engine.text import figures
from tui.states import look
from tui.widgets.columns import ListColumn, Run


def _label(node: TreeLine) -> list[Run]:
    shape = look(node.state).shape
    tone = "strong" if node.id <= 0 else ""
    return [("  " * node.depth, ""), (f"{shape} ", look(node.state).tone),
            (figures.rating(node.rating), "running"), (node.label, tone)]  # fmt: skip


def _score(node: TreeLine) -> list[Run]:
    tone = "outdated" if node.outdated else "strong" if node.id <= 0 else "muted"
    return [("" if node.score is None else figures.score(node.score), tone)]


NODE_COLUMNS: tuple[ListColumn[TreeLine], ...] = (
    ListColumn("scope and step", 12, _label, grow=1),
    ListColumn("score", 5, _score, right=True),
    ListColumn("time", 5, lambda n: [(n.time.replace("–", ""), "muted")], right=True, needs=28),
)
