"""A job and all of its steps, as read for a screen or a page."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from db.queries import inspect, lists
from db.queries.faces import first_files, previews
from db.queries.ratings import present_ratings
from db.queries.worked import worked
from db.rating import rating_word
from engine.client.views.decisions import DecisionLine, decisions_of, outdated
from engine.client.views.detail import StepOutputs
from engine.client.views.files import faces
from engine.client.views.image_scores import marks_of
from engine.client.views.prompts import prompts_at
from engine.client.views.recipe_info import Headlines, RecipeInfo
from engine.client.views.siblings import StepImages
from engine.client.views.tree import TreeLine, rated, tree
from engine.text.terminal import clean


@dataclass(frozen=True, slots=True)
class JobTree:
    """A job and all of its steps.

    Attributes:
        line: The job.
        scale: Its recipe.
        nodes: The tree, unfolded.
        left: Results of its steps.
        decided: Decisions of operators.
        seconds: Its working time.
    """

    line: lists.JobLine
    scale: RecipeInfo
    nodes: tuple[TreeLine, ...]
    left: StepOutputs
    decided: Sequence[DecisionLine]
    seconds: float | None


def read_tree(
    connection: sqlite3.Connection, job_id: int, headlines: Headlines, columns: int
) -> JobTree | None:
    """Return a job and all of its steps; None if it is gone.

    Args:
        connection: A reader.
        job_id: The job.
        headlines: The recipes.
        columns: Width of drawings in cells.
    """
    lines = lists.jobs_of_ids(connection, [job_id])
    batch = lists.batch_line(connection, lines[0].batch_id) if lines else None
    if not lines or batch is None:
        return None
    scale = headlines.of(batch.recipe)
    steps = inspect.step_lines(connection, job_id)
    marks = marks_of(inspect.scores_given(connection, job_id), scale)
    files = first_files(connection, job_id, faces())
    images = StepImages(
        {step: file.hash for step, file in files.items()},
        previews(connection, job_id),
        {file.hash: file for file in files.values()},
    )
    decided = decisions_of(connection, job_id)
    took = worked(connection, [job_id])[job_id]
    old = outdated(steps, decided, lines[0].state)
    nodes = tree(steps, marks, images.first, lines[0], took.steps, old)
    present = present_ratings(connection, job_id)
    nodes = rated(nodes, {part: rating_word(row.value) for part, row in present.items()})
    left = StepOutputs({step.id: step for step in steps}, marks, images, took.steps, columns)
    return JobTree(lines[0], scale, nodes, left, decided, took.seconds)


def prompt_of(connection: sqlite3.Connection, job_id: int, scope: str) -> str:
    """Return the prompt that a scope is painted from, in full."""
    lines = {line.id: line for line in inspect.step_lines(connection, job_id)}
    steps = tuple(id_ for id_, line in lines.items() if f"{line.scope}/".startswith(f"{scope}/"))
    if not steps:
        return ""
    node = TreeLine(-1, 1, "", scope, "", None, "", steps)
    _, prompt = prompts_at(connection, job_id, node, lines, inspect.WHOLE)
    return clean(prompt.text, None, keep_newlines=True) if prompt else ""
