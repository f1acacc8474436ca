"""The verdict on a job whose parts have their own verdicts, such as the scenes of a film."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from db.queries import lists
from db.rows import ScoreRow
from engine.client.views.detail import Detail, StepOutputs
from engine.client.views.files import DrawnResult, draw_result
from engine.client.views.recipe_info import RecipeInfo
from engine.client.views.score_table import ImageScoreRow, ImageScoreTable
from engine.client.views.tree import TreeLine
from engine.text.plural import pluralize


def has_parts(nodes: Sequence[TreeLine]) -> bool:
    """Return True if a job's outermost scopes contain scopes: each is then judged separately."""
    return any(node.id < 0 and node.depth > 1 for node in nodes)


def whole(
    connection: sqlite3.Connection,
    detail: Detail,
    nodes: Sequence[TreeLine],
    job: lists.JobLine,
    left: StepOutputs,
    scale: RecipeInfo,
) -> Detail:
    """Return the detail of a job's root: the job's score and its parts', not the last critique."""
    parts = [node for node in nodes if node.id < 0 and node.depth == 1]
    own_steps = [id_ for id_, line in left.lines.items() if not line.scope]
    return replace(
        detail,
        critique=None,
        scores=_verdict(job, len(parts), scale),
        sheet=_sheet(parts, scale),
        drawn=_drawn(connection, own_steps, left),
    )


def _verdict(job: lists.JobLine, parts: int, scale: RecipeInfo) -> tuple[ScoreRow, ...]:
    if job.score is None:
        return ()
    return (ScoreRow(0, job.id, 0, scale.metric, job.score, None, pluralize(parts, "part")),)


def _sheet(parts: Sequence[TreeLine], scale: RecipeInfo) -> ImageScoreTable | None:
    if not any(node.score is not None for node in parts):
        return None
    rows = tuple(ImageScoreRow(node.label, taken=False, values=(node.score,)) for node in parts)
    return ImageScoreTable((scale.metric,), rows)


def _drawn(
    connection: sqlite3.Connection, steps: Sequence[int], left: StepOutputs
) -> DrawnResult | None:
    """Return the newest of the job's own results that its kind draws, such as similarities."""
    for step in reversed(steps):
        if drawn := draw_result(connection, left.lines[step], left.names, left.columns):
            return drawn
    return None
