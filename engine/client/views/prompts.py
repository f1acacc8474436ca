"""Versions of a prompt: the one of a part of a job, and its predecessor.

Versions are written in loops, and several loops may run at the same time: those that are written in
sibling scopes follow each other, such as `scene-2/iteration-1` and `scene-2/iteration-2`. The job's
initial prompt precedes all of them.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from db.queries import inspect
from db.rows import PromptRow
from engine.client.views.files import faces
from engine.client.views.tree import TreeLine


def prompts_at(
    connection: sqlite3.Connection,
    job_id: int,
    node: TreeLine,
    lines: Mapping[int, inspect.StepLine],
    characters: int = inspect.TEXT_LIMIT,
) -> tuple[PromptRow | None, PromptRow | None]:
    """Return the previous version, and the one that a node wrote, was painted from or began with.

    Args:
        connection: A reader.
        job_id: The job.
        node: The node; of the job itself it is its first and its newest version.
        lines: The job's current steps by their numbers.
        characters: Length at which their texts are cut.
    """
    prompts = inspect.prompts_of(connection, job_id, characters=characters)
    chain = _chain(prompts, node.scope, lines)
    if not chain:
        return None, None
    if node.id == 0:
        return chain[0], chain[-1]
    written = [p for p in chain if node.id > 0 and p.step_id in node.steps]
    painted = inspect.prompt_painted(connection, node.steps, faces(), characters)
    versions = written or [p for p in chain if p.text == painted] or _of_loops(chain, node, lines)
    if versions and not (painted and versions[-1].text != painted):
        return _before(chain, versions[-1]), versions[-1]
    begun = [p for p in chain if p.step_id is None or p.step_id < node.steps[0]]
    newest = begun[-1] if begun else None
    if painted and newest:  # an operator's decision is not a version
        return newest, replace(newest, text=painted, author="operator", reason="decided")
    return (_before(chain, newest), newest) if newest else (None, None)


def _chain(
    prompts: Sequence[PromptRow], scope: str, lines: Mapping[int, inspect.StepLine]
) -> list[PromptRow]:
    """Return the versions that a scope can be about, oldest first."""
    return [p for p in prompts if p.step_id is None or _concerns(p.step_id, scope, lines)]


def _concerns(step: int, scope: str, lines: Mapping[int, inspect.StepLine]) -> bool:
    if step not in lines:
        return False
    loop = _loop_of(lines[step].scope)
    return not loop or scope == loop or scope.startswith(f"{loop}/")


def _loop_of(scope: str) -> str:
    """Return the scope of the loop that a scope is in: that of its iteration, else its parent."""
    outside, iteration, _ = scope.partition("iteration-")
    return outside.rstrip("/") if iteration else scope.rpartition("/")[0]


def _of_loops(
    chain: Sequence[PromptRow], node: TreeLine, lines: Mapping[int, inspect.StepLine]
) -> list[PromptRow]:
    """Return versions of loops inside a scope; its own version is for the next one."""
    inside = [p for p in chain if p.step_id in node.steps]
    return [p for p in inside if p.step_id and lines[p.step_id].scope != node.scope]


def _before(chain: Sequence[PromptRow], prompt: PromptRow) -> PromptRow | None:
    at = chain.index(prompt)
    return chain[at - 1] if at else None
