"""One job: the tree of its scopes and steps, and what the selected part of it left behind."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.clock import seconds_between
from db.queries import inspect, lists
from engine.text import clean
from tui import figures
from tui.views.batch import JobRow, job_row
from tui.views.detail import Detail, read_detail
from tui.views.headlines import Headlines

JOB_NODE = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree.

    Attributes:
        id: The step's number; of a scope that of its first step, negative; 0 for the job itself.
        depth: How deep it stands.
        label: Its name, cleaned.
        scope: The scope that it is or lies in.
        state: Its state; of a scope the one that matters most.
        score: Headline score that it gave.
        time: How long it took.
        steps: The steps that it stands for.
    """

    id: int
    depth: int
    label: str
    scope: str
    state: str
    score: float | None
    time: str
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One of several scopes that follow each other, such as an iteration."""

    node: int
    title: str
    score: float | None
    state: str
    picture: str


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """Everything that the screen of a job shows."""

    job: JobRow | None
    batch_id: int
    metric: str
    low: float
    high: float
    nodes: tuple[Node, ...]
    turns: tuple[Turn, ...]
    turn: int
    detail: Detail | None
    selected: int


class JobView:
    """Reads one job.

    Attributes:
        selected: Node that is shown in detail; None for the one that matters most.
    """

    every = 5.0

    def __init__(self, job_id: int, headlines: Headlines) -> None:
        self.job_id = job_id
        self.selected: int | None = None
        self._headlines = headlines
        self._seen: tuple[object, ...] | None = None
        self._snapshot: JobSnapshot | None = None

    def read(self, connection: sqlite3.Connection, version: int) -> JobSnapshot:
        """The job as it is now; without a job where it is gone."""
        seen = (inspect.job_version(connection, self.job_id), self.selected)
        if self._snapshot is None or seen != self._seen:
            self._snapshot = self._read(connection)
            self._seen = seen
        return self._snapshot

    def _read(self, connection: sqlite3.Connection) -> JobSnapshot:
        lines = lists.jobs_of_ids(connection, [self.job_id])
        batch = lists.batch_line(connection, lines[0].batch_id) if lines else None
        if not lines or batch is None:
            return JobSnapshot(None, 0, "score", 0, 100, (), (), 0, None, 0)
        headline = self._headlines.of(batch.recipe)
        scores = inspect.step_scores(connection, self.job_id, headline.metric)
        nodes = tree(inspect.step_lines(connection, self.job_id), scores, lines[0])
        chosen = self._chosen(nodes)
        turns = find_turns(nodes, chosen, inspect.first_pictures(connection, self.job_id))
        current = _scope_of(nodes, chosen)
        return JobSnapshot(
            job=replace(job_row(lines[0], ()), message=clean(lines[0].message or "", 1000)),
            batch_id=batch.id,
            metric=clean(headline.metric, 30),
            low=headline.low,
            high=headline.high,
            nodes=nodes,
            turns=turns,
            turn=next((t.node for t in turns if t.node == current), 0),
            detail=read_detail(connection, self.job_id, chosen.id, chosen.steps),
            selected=chosen.id,
        )

    def _chosen(self, nodes: Sequence[Node]) -> Node:
        found = next((node for node in nodes if node.id == self.selected), None)
        return found or matters_most(nodes)


def matters_most(nodes: Sequence[Node]) -> Node:
    """What somebody who opens a job wants to see: what failed, else the newest scope."""
    bad = [node for node in nodes if node.id > 0 and node.state in {"failed", "unknown"}]
    if bad:
        return bad[-1]
    scopes = [node for node in nodes if node.id < 0]
    return scopes[-1] if scopes else nodes[0]


_MATTERS = ("failed", "unknown", "running", "submitted", "open", "done")


def _matter(states: Sequence[str]) -> str:
    return next(
        (state for state in _MATTERS if state in states), states[-1] if states else "queued"
    )


def tree(
    steps: Sequence[inspect.StepLine], scores: dict[int, float], job: lists.JobLine
) -> tuple[Node, ...]:
    """The tree as lines: the job, each scope before what lies in it."""
    inside: dict[str, list[inspect.StepLine]] = {}
    for step in steps:
        parts = step.scope.split("/") if step.scope else []
        for depth in range(1, len(parts) + 1):
            inside.setdefault("/".join(parts[:depth]), []).append(step)
    ids = tuple(step.id for step in steps)
    nodes = [Node(JOB_NODE, 0, clean(job.key, 120), "", job.state, job.score, "", ids)]
    opened: set[str] = set()
    for step in steps:
        parts = step.scope.split("/") if step.scope else []
        for depth in range(1, len(parts) + 1):
            scope = "/".join(parts[:depth])
            if scope not in opened:
                opened.add(scope)
                nodes.append(_scope_node(scope, depth, inside[scope], scores))
        nodes.append(_step_node(step, len(parts) + 1, scores))
    return tuple(nodes)


def _scope_node(
    scope: str, depth: int, steps: Sequence[inspect.StepLine], scores: dict[int, float]
) -> Node:
    given = [scores[step.id] for step in steps if step.id in scores]
    return Node(
        id=-steps[0].id,
        depth=depth,
        label=clean(scope.rpartition("/")[2], 60).replace("-", " "),
        scope=scope,
        state=_matter([step.state for step in steps]),
        score=given[-1] if given else None,
        time=figures.duration(sum(_seconds(step) or 0 for step in steps)),
        steps=tuple(step.id for step in steps),
    )


def _step_node(step: inspect.StepLine, depth: int, scores: dict[int, float]) -> Node:
    percent = "" if step.fraction is None else f" {step.fraction:.0%}"
    return Node(
        id=step.id,
        depth=depth,
        label=clean(step.name, 60) + percent,
        scope=step.scope,
        state=step.state,
        score=scores.get(step.id),
        time=figures.duration(_seconds(step)),
        steps=(step.id,),
    )


def _seconds(step: inspect.StepLine) -> float | None:
    return seconds_between(step.started_at, step.finished_at)


def _scope_of(nodes: Sequence[Node], chosen: Node) -> int:
    """The scope that a node is or lies in."""
    return next((n.id for n in nodes if n.id < 0 and n.scope == chosen.scope), 0)


def find_turns(nodes: Sequence[Node], chosen: Node, pictures: dict[int, str]) -> tuple[Turn, ...]:
    """The scopes beside the chosen one, such as all iterations of a scene, in time."""
    scopes = [node for node in nodes if node.id < 0]
    parent = chosen.scope.rpartition("/")[0]
    beside = [node for node in scopes if node.scope.rpartition("/")[0] == parent]
    return tuple(
        Turn(
            node=node.id,
            title=node.label,
            score=node.score,
            state=node.state,
            picture=next((pictures[step] for step in node.steps if step in pictures), ""),
        )
        for node in beside[-50:]
    )
