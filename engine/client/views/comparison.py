"""Things to compare: parts of a job of one family, or several jobs by their best files."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from db.queries import inspect, lineage, lists
from db.queries.inspect import FileLine
from db.rating import rating_word
from engine.client.views.checks import CheckLine
from engine.client.views.decisions import key_to_select
from engine.client.views.detail import Detail, read_detail
from engine.client.views.files import OpenableFile, openable, result_item
from engine.client.views.job_tree import JobTree, read_tree
from engine.client.views.jobs import read_glance
from engine.client.views.recipe_info import Headlines
from engine.client.views.tree import TreeLine
from engine.text.plural import pluralize
from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.contract.kinds import Item

MAX_CANDIDATES = 50
"""Maximum things that are compared; the newest of more."""

PageOfIds = Callable[[sqlite3.Connection, int, int], list[int]]
"""Reads ids from an index on, at most a number of them."""

_NUMBER = re.compile(r"-\d{1,9}(?=/|$)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several things that are compared.

    Attributes:
        job: Its job.
        node: Its node in the job's tree; 0 for the job itself.
        title: Its name, cleaned.
        state: Its state.
        score: Its score.
        prompt: The prompt that it was generated from, cleaned; empty if it is a prompt itself.
        scores: Further scores by metric.
        file: Its file.
        item: Its result, if it has no file.
        opens: The same file, to be opened.
        checks: What its judge has looked for.
        again: Consequence of choosing it, cleaned; empty if it cannot be chosen.
        rating: Its own rating: `1` to `5`, `keep`, `reject`; None if it is not rated.
    """

    job: int
    node: int
    title: str
    state: str
    score: float | None
    prompt: str = ""
    scores: tuple[tuple[str, float], ...] = ()
    file: FileLine | None = None
    item: "Item | None" = None
    opens: OpenableFile | None = None
    checks: tuple[CheckLine, ...] = ()
    again: str = ""
    rating: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Things to compare.

    Attributes:
        title: What they are, cleaned.
        candidates: The things, in order.
        chosen: Number of the one that was selected, from 0.
        first: Index of the first thing in its list.
        total: Number of things in the list; 0 if all of them are here.
    """

    title: str
    candidates: tuple[Candidate, ...] = ()
    chosen: int = 0
    first: int = 0
    total: int = 0

    def place(self, number: int) -> str:
        """Return the place of a thing in its list, as `3/12`."""
        return f"{self.first + number + 1}/{self.total or len(self.candidates)}"


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

    def to_compare(
        self, connection: sqlite3.Connection, *, scope: str
    ) -> "Self | BestOfJobs | None":
        """Return what the part in a scope is compared with: the origin of a branch, or its family.

        A branch as a whole, or where it begins, is seen beside the job that it is a branch of.
        """
        origin = beside_origin(connection, self._job, self._headlines, scope)
        return origin or self.enough(connection, at_least=2)

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


class BestOfJobs:
    """View of several jobs, each by its best file."""

    every = 5.0

    def __init__(self, job_ids: Sequence[int], chosen: int, headlines: Headlines) -> None:
        self._ids = list(job_ids)[:MAX_CANDIDATES]
        self._chosen = chosen
        self._headlines = headlines

    def at(self, candidate: Candidate) -> "BestOfJobs":
        """Return the same jobs with another one selected."""
        return BestOfJobs(self._ids, candidate.job, self._headlines)

    def read(self, connection: sqlite3.Connection, version: int) -> Comparison:
        """Return the present jobs."""
        lines = lists.jobs_of_ids(connection, self._ids)
        batch = lists.batch_line(connection, lines[0].batch_id) if lines else None
        if batch is None:
            return Comparison("")
        headline = self._headlines.of(batch.recipe)
        is_mixed = len({line.batch_id for line in lines}) > 1
        candidates = []
        for line in lines:
            glance = read_glance(connection, line.id, headline)
            file = glance.file if glance else None
            candidates.append(
                Candidate(
                    job=line.id,
                    node=0,
                    title=f"j{line.id} {clean(line.key, 60)}" if is_mixed else clean(line.key, 60),
                    state=line.state,
                    score=line.score,
                    prompt=glance.prompt if glance else "",
                    file=file,
                    opens=openable("best", file, "") if file else None,
                    rating=rating_word(line.rating),
                )
            )
        ids = [line.id for line in lines]
        at = ids.index(self._chosen) if self._chosen in ids else len(ids) - 1
        title = f"b{batch.id} {clean(batch.name, 60)}"
        if is_mixed:
            title = " beside ".join(f"j{id_}" for id_ in ids)
        return Comparison(title, tuple(candidates), at)


class BestOfList(BestOfJobs):
    """View of the jobs of a list around one of them, each by its best file.

    The order is that of the moment at which a part of the list is first read.

    Args:
        page: Reads the ids of the list from an index on, at most a number of them.
        at: Index of the job in the list.
        total: Number of jobs in the list.
        headlines: Headlines of the recipes.
    """

    def __init__(self, page: PageOfIds, at: int, total: int, headlines: Headlines) -> None:
        super().__init__([], 0, headlines)
        self._page = page
        self._total = total
        self.look_at(at)

    def look_at(self, index: int) -> None:
        """Show the part of the list around an index from the next read on."""
        last = max(0, self._total - MAX_CANDIDATES)
        self._first = max(0, min(index - MAX_CANDIDATES // 2, last))
        self._index, self._ids = index, []

    def read(self, connection: sqlite3.Connection, version: int) -> Comparison:
        """Return the present state of the jobs around the one that is looked at."""
        if not self._ids:
            self._ids = self._page(connection, self._first, MAX_CANDIDATES)
            at = self._index - self._first
            self._chosen = self._ids[at] if at < len(self._ids) else 0
        comparison = super().read(connection, version)
        return replace(comparison, first=self._first, total=max(self._total, len(self._ids)))


def beside_origin(
    connection: sqlite3.Connection, job_id: int, headlines: Headlines, scope: str | None = None
) -> BestOfJobs | None:
    """Return a job beside the one that it is a branch of; None if it is no branch.

    Args:
        connection: A reader.
        job_id: The job.
        headlines: Headlines of the recipes.
        scope: The selected scope, empty for the job as a whole; another than the one at which the
            branch begins has no origin. None for the job in a list.
    """
    origin = lineage.origin_of(connection, job_id)
    if origin is None or origin.branch is None or scope not in {None, "", origin.branch}:
        return None
    ids = [origin.source_job_id, job_id]
    there = len(lists.jobs_of_ids(connection, ids)) == len(ids)
    return BestOfJobs(ids, job_id, headlines) if there else None


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
