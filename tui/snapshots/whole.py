"""The verdict on a job whose parts have verdicts of their own, such as the scenes of a film."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from db.queries import inspect, lists
from db.rows import Score
from engine.text.plural import counted
from tui.snapshots.detail import Detail, Left
from tui.snapshots.recipe_info import Scale
from tui.snapshots.score_table import Sheet, SheetRow
from tui.snapshots.similarity import Alike, alike_of
from tui.snapshots.tree import Node


def has_parts(nodes: Sequence[Node]) -> bool:
    """Whether a job's outermost scopes hold scopes: each is then judged by itself."""
    return any(node.id < 0 and node.depth > 1 for node in nodes)


def whole(
    connection: sqlite3.Connection,
    detail: Detail,
    nodes: Sequence[Node],
    job: lists.JobLine,
    left: Left,
    scale: Scale,
) -> Detail:
    """The detail of a job's root: the job's own score and its parts', not the last part's words."""
    parts = [node for node in nodes if node.id < 0 and node.depth == 1]
    own = [id_ for id_, line in left.lines.items() if not line.scope]
    return replace(
        detail,
        critique=None,
        scores=_verdict(job, len(parts), scale),
        sheet=_sheet(parts, scale),
        alike=_alike(connection, own, left),
    )


def _verdict(job: lists.JobLine, parts: int, scale: Scale) -> tuple[Score, ...]:
    if job.score is None:
        return ()
    return (Score(0, job.id, 0, scale.metric, job.score, None, counted(parts, "part")),)


def _sheet(parts: Sequence[Node], scale: Scale) -> Sheet | None:
    if not any(node.score is not None for node in parts):
        return None
    rows = tuple(SheetRow(node.label, taken=False, values=(node.score,)) for node in parts)
    return Sheet((scale.metric,), rows)


def _alike(connection: sqlite3.Connection, steps: Sequence[int], left: Left) -> tuple[Alike, ...]:
    """How alike the parts are, as the newest of the job's own steps that compared them found."""
    for step in reversed(steps):
        texts = inspect.step_texts(connection, step)
        if found := alike_of(*texts, left.pictures.first, left.lines):
            return found
    return ()
