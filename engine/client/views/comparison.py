"""Parts of a job to compare: those of one family."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Self

from db.queries import inspect
from engine.client.views.candidates import MAX_CANDIDATES, Candidate, Comparison
from engine.client.views.decisions import key_to_select
from engine.client.views.detail import Detail, read_detail
from engine.client.views.files import result_item
from engine.client.views.job_tree import JobTree, read_tree
from engine.client.views.recipe_info import Headlines
from engine.client.views.tree import TreeLine
from engine.client.views.whole_jobs import BestOfJobs, beside_neighbour, beside_origin
from engine.text.plural import pluralize

_NUMBER = re.compile(r"-\d{1,9}(?=/|$)")


class PartsOfAJob:
    """View of the parts of a job that are of the same family as one of them.

    A scope is compared with those that differ in its innermost number, and so is a step: iteration
    2 with the other iterations, `scene-1/variation-2/generate` with the other variations of the
    scene. For the job as a whole, its largest family of outermost parts is compared.

    Args:
        job_id: The job.
        key: Its key, cleaned.
        node: The part.
        headlines: Headlines of the recipes.
        itself: True to put the part before a family that it does not belong to.
    """

    every = 5.0

    def __init__(
        self, job_id: int, key: str, node: int, headlines: Headlines, *, itself: bool = False
    ) -> None:
        self._itself = itself
        self._job = job_id
        self._key = key
        self._node = node
        self._headlines = headlines
        self._seen: tuple[object, ...] | None = None
        self._found = Comparison("")

    def read(self, connection: sqlite3.Connection, version: int) -> Comparison:
        """Return the present parts."""
        seen = inspect.job_version(connection, self._job)
        if seen != self._seen:
            self._found, self._seen = self._read(connection), seen
        return self._found

    def at(self, candidate: Candidate) -> "PartsOfAJob":
        """Return the same parts with another one selected."""
        return PartsOfAJob(self._job, self._key, candidate.node, self._headlines)

    def to_compare(self, connection: sqlite3.Connection, *, scope: str) -> Self | BestOfJobs | None:
        """Return what the part in a scope is compared with: the origin of a branch, or its family.

        A branch as a whole, or where it begins, is seen beside the job that it is a branch of; a
        job without a family beside the job before it in its batch, or the one after.
        """
        origin = beside_origin(connection, self._job, self._headlines, scope)
        family = origin or self.enough(connection, at_least=2)
        return family or beside_neighbour(connection, self._job, self._headlines)

    def enough(self, connection: sqlite3.Connection, *, at_least: int) -> Self | None:
        """Return this view if it has some number of parts, else None."""
        return self if len(self.read(connection, 0).candidates) >= at_least else None

    def _read(self, connection: sqlite3.Connection) -> Comparison:
        title = f"j{self._job} {self._key}"
        job = read_tree(connection, self._job, self._headlines, 60)
        if job is None:
            return Comparison(title)
        family = family_of(job.nodes, _paths(job), self._node)[-MAX_CANDIDATES:]
        chosen_nodes = [node for node in job.nodes if node.id == self._node and node not in family]
        family = [*chosen_nodes, *family] if self._itself else family
        candidates = tuple(self._candidate(connection, job, node) for node in family)
        at = next((n for n, node in enumerate(family) if node.id == self._node), len(family) - 1)
        return Comparison(title, candidates, max(0, at))

    def _candidate(self, connection: sqlite3.Connection, job: JobTree, node: TreeLine) -> Candidate:
        detail = read_detail(connection, self._job, node, job.left)
        item = None
        if detail.shown is None and (step := _last_done(job, node)) is not None:
            item = result_item(connection, step, job.left.names)
        is_prompt = item is not None and item.kind == "prompt"
        return Candidate(
            job=self._job,
            node=node.id,
            title=node.label,
            state=node.state,
            score=node.score,
            prompt="" if is_prompt else detail.prompt,
            scores=_scores(detail, job),
            file=detail.shown,
            item=item,
            opens=detail.openable[0] if detail.shown and detail.openable else None,
            checks=detail.checks,
            again=self._again(connection, job, node),
            rating=node.rating,
        )

    def _again(self, connection: sqlite3.Connection, job: JobTree, node: TreeLine) -> str:
        """Return how many steps run again if a scope is chosen; empty if it cannot be."""
        key = key_to_select(node.scope, job.scale.decisions, job.scale.choices)
        if node.id >= 0 or key is None:
            return ""
        later = inspect.following(connection, self._job, node.steps[-1])
        return f"at most {pluralize(later.steps, 'step')}" if later.steps else "nothing"


def family_of(nodes: Sequence[TreeLine], paths: Mapping[int, str], chosen: int) -> list[TreeLine]:
    """Return the nodes of the same family as one, in the order of the tree.

    Args:
        nodes: The tree.
        paths: Scopes and keys of steps by the nodes' numbers.
        chosen: The node; for one without a family the largest outermost family.
    """
    families: defaultdict[str, list[TreeLine]] = defaultdict(list)
    for node in nodes:
        if name := _family(paths.get(node.id, "")):
            families[f"{node.id < 0} {name}"].append(node)
    for family in families.values():
        if len(family) > 1 and any(node.id == chosen for node in family):
            return family
    several = [family for family in families.values() if len(family) > 1]
    depth = max(1, min((family[0].depth for family in several), default=1))
    outermost = [family for family in several if family[0].depth <= depth]
    # A set of files says more than a set of steps.
    return max(outermost, key=lambda f: (f[0].id < 0, len(f)), default=[])


def _family(path: str) -> str:
    """Return a path without its innermost number; empty if it has none."""
    numbers = list(_NUMBER.finditer(path))
    return f"{path[: numbers[-1].start()]}-*{path[numbers[-1].end() :]}" if numbers else ""


def _paths(job: JobTree) -> dict[int, str]:
    lines = job.left.lines
    return {node.id: lines[node.id].key if node.id in lines else node.scope for node in job.nodes}


def _last_done(job: JobTree, node: TreeLine) -> inspect.StepLine | None:
    steps = [job.left.lines[id_] for id_ in node.steps if id_ in job.left.lines]
    return next((step for step in reversed(steps) if step.state == "done"), None)


def _scores(detail: Detail, job: JobTree) -> tuple[tuple[str, float], ...]:
    of_image = job.left.marks.lines(detail.shown.hash) if detail.shown else ()
    return (*((score.metric, score.value) for score in detail.scores), *of_image)
