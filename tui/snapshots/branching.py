"""The part of a job at which a branch may begin, with its prompt."""

import sqlite3
from dataclasses import dataclass

from engine.client.views.recipe_info import Headlines
from tui.snapshots.job import JobView
from tui.snapshots.node import node_of
from tui.snapshots.subject import Subject


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """A part at which a branch may begin.

    Attributes:
        source: The part, `j1:iteration-2`.
        prompt: The prompt that it is painted from, cleaned; empty if there is none.
    """

    source: str
    prompt: str


def branch_point(
    connection: sqlite3.Connection, subject: Subject, headlines: Headlines
) -> BranchPoint | None:
    """Return the part that is selected as the begin of a branch; None for a whole job."""
    node = node_of(connection, subject)
    if node is None or not node.scope:
        return None
    prompt = JobView(subject.job, headlines).prompt_of(connection, node.scope)
    return BranchPoint(f"j{subject.job}:{node.scope}", prompt)
