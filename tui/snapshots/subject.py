"""The thing that an action is about: a batch, a job, or a part of a job."""

import sqlite3
from dataclasses import dataclass

from db.queries import inspect, lists
from engine.client.views.image_scores import marks_of
from engine.client.views.recipe_info import RecipeInfo
from engine.client.views.tree import TreeLine, tree


@dataclass(frozen=True, slots=True)
class Subject:
    """A batch, a job, or a part of a job.

    Attributes:
        batch: Number of the batch; 0 if only the job is known.
        job: Number of the job; 0 for a whole batch.
        node: Node in the job's tree; 0 for the whole job.
    """

    batch: int = 0
    job: int = 0
    node: int = 0


def node_of(connection: sqlite3.Connection, subject: Subject) -> TreeLine | None:
    """Return the node of a part of a job; None for a whole job, or if it is gone."""
    lines = lists.jobs_of_ids(connection, [subject.job]) if subject.node else []
    if not lines:
        return None
    steps = inspect.step_lines(connection, subject.job)
    nodes = tree(steps, marks_of([], RecipeInfo()), {}, lines[0], {})
    return next((node for node in nodes if node.id == subject.node), None)
