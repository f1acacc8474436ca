"""The part of a job that an action is about."""

import sqlite3

from db.queries import inspect, lists
from engine.client.views.image_scores import marks_of
from engine.client.views.recipe_info import RecipeInfo
from engine.client.views.tree import TreeLine, tree
from tui.snapshots.subject import Subject


def node_of(connection: sqlite3.Connection, subject: Subject) -> TreeLine | None:
    """Return the node of a part of a job; None for a whole job, or if it is gone."""
    lines = lists.jobs_of_ids(connection, [subject.job]) if subject.node else []
    if not lines:
        return None
    steps = inspect.step_lines(connection, subject.job)
    nodes = tree(steps, marks_of([], RecipeInfo()), {}, lines[0], {})
    return next((node for node in nodes if node.id == subject.node), None)
