"""A job's steps as a tree of scopes, line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from db.queries import inspect, lists
from engine.client.views.image_scores import ImageScores
from engine.text import figures
from engine.text.terminal import clean

JOB_NODE = 0

LONGEST = 30
"""Maximum lines of a tree that is shown whole."""

_DEEPEST = 64  # scopes that start with the same step are distinguished by their depth


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A line of the tree.

    Attributes:
        id: The step's number; of a scope a negative number of its own; 0 for the job itself.
        depth: Its depth.
        label: Its name, cleaned.
        scope: The scope that it is or belongs to.
        state: Its state; of a scope the most important one.
        score: Its score: the headline, or the overall score.
        time: Its working time.
        steps: The steps that it represents.
        outdated: True if it is older than a decision whose steps are running.
        rating: Its own rating: `1` to `5`, `keep`, `reject`; None if it is not rated.
    """

    id: int
    depth: int
    label: str
    scope: str
    state: str
    score: float | None
    time: str
    steps: tuple[int, ...]
    outdated: bool = False
    rating: str | None = None

    @property
    def part(self) -> str:
        """Its name as a part of the job, as for `safelight send`; empty for the job itself."""
        if self.id <= 0:
            return self.scope
        return f"{self.scope}/{self.label}" if self.scope else self.label


def rated(nodes: Sequence[TreeLine], ratings: Mapping[str, str | None]) -> tuple[TreeLine, ...]:
    """Return the nodes with the present ratings of their parts."""
    return tuple(
        replace(node, rating=ratings[node.part]) if ratings.get(node.part) else node
        for node in nodes
    )


def matters_most(nodes: Sequence[TreeLine], *, has_page: bool = False) -> TreeLine:
    """Return the initial part of a job: a failure or a gate that waits, else the newest scope.

    Where some scopes are scored, it is the newest of those with their name: the last scene of a
    storyboard, and not the film that is cut from it afterwards.

    Args:
        nodes: The tree.
        has_page: True if the job itself has a page, which then is shown in place of a scope.
    """
    bad = [node for node in nodes if node.id > 0 and node.state in _NEEDS_SOMEBODY]
    if bad or has_page:
        return bad[-1] if bad else nodes[0]
    scopes = [node for node in nodes if node.id < 0 and node.depth == 1]
    scored = {_name(node.scope) for node in scopes if node.score is not None}
    scopes = [node for node in scopes if _name(node.scope) in scored] or scopes
    return scopes[-1] if scopes else nodes[0]


def _name(scope: str) -> str:
    """Return the name of a scope without its number."""
    return scope.rstrip("0123456789")


def around_of(nodes: Sequence[TreeLine], node: TreeLine | None) -> TreeLine | None:
    """Return the scope or the job around a node; None for the job itself."""
    if node is None or node.id == JOB_NODE:
        return None
    scope = node.scope if node.id > 0 else node.scope.rpartition("/")[0]
    return next((one for one in nodes if one.id <= 0 and one.scope == scope), None)


_NEEDS_SOMEBODY = ("failed", "unknown", "waiting")
_MATTERS = (*_NEEDS_SOMEBODY, "running", "submitted", "open", "done")


def _matter(states: Sequence[str]) -> str:
    return next(
        (state for state in _MATTERS if state in states), states[-1] if states else "queued"
    )


def tree(
    steps: Sequence[inspect.StepLine],
    marks: ImageScores,
    images: Mapping[int, str],
    job: lists.JobLine,
    seconds: Mapping[int, float],
    outdated: frozenset[int] = frozenset(),
) -> tuple[TreeLine, ...]:
    """Return the tree as lines: the job, each scope before its contents.

    Args:
        steps: The job's steps, in the order of their starts.
        marks: Their scores.
        images: The first image of each step that left one.
        job: The job.
        seconds: Working time of each step.
        outdated: Steps older than a decision whose steps are running.
    """
    inside = _inside(steps)
    score_of = {step.id: _given(step, marks, images) for step in steps}
    ids = tuple(step.id for step in steps)
    children: dict[str, list[TreeLine]] = {}
    opened: set[str] = set()
    for step in steps:
        paths = _paths(step.scope)
        for depth, path in enumerate(paths, start=1):
            if path not in opened:
                opened.add(path)
                node = _scope_node(path, depth, inside[path], marks, score_of, seconds)
                children.setdefault(path.rpartition("/")[0], []).append(node)
        node = _step_node(step, len(paths) + 1, score_of[step.id], seconds)
        children.setdefault(step.scope, []).append(node)
    root = TreeLine(JOB_NODE, 0, clean(job.key, 120), "", job.state, job.score, "", ids)
    root = replace(root, outdated=bool(job.outdated))
    lines = (root, *_lines("", children))
    return tuple(_dated(node, outdated) for node in lines) if outdated else lines


def _dated(node: TreeLine, outdated: frozenset[int]) -> TreeLine:
    """Return a node, marked if the newest of its steps is outdated."""
    newest = node.steps[-1] if node.steps else 0
    return replace(node, outdated=True) if node.id and newest in outdated else node


def folded(nodes: Sequence[TreeLine], chosen: TreeLine) -> tuple[TreeLine, ...]:
    """Return a long tree with only the outermost scope of the chosen node unfolded."""
    if len(nodes) <= LONGEST:
        return tuple(nodes)
    unfolded = chosen.scope.partition("/")[0]
    return tuple(
        replace(node, label=f"{node.label} …") if _is_shut(node, unfolded) else node
        for node in nodes
        if node.depth <= 1 or node.scope.partition("/")[0] == unfolded
    )


def _is_shut(node: TreeLine, unfolded: str) -> bool:
    return node.id < 0 and node.depth == 1 and node.scope != unfolded


def _paths(scope: str) -> list[str]:
    """Return a scope and its ancestors, the outermost first."""
    parts = scope.split("/") if scope else []
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))][: _DEEPEST - 1]


def _inside(steps: Sequence[inspect.StepLine]) -> dict[str, list[inspect.StepLine]]:
    inside: dict[str, list[inspect.StepLine]] = {}
    for step in steps:
        for path in _paths(step.scope):
            inside.setdefault(path, []).append(step)
    return inside


def _lines(scope: str, children: Mapping[str, Sequence[TreeLine]]) -> list[TreeLine]:
    """Return the contents of a scope, each inner scope before its own contents."""
    lines: list[TreeLine] = []
    for node in children.get(scope, ()):
        lines.append(node)
        if node.id < 0:
            lines += _lines(node.scope, children)
    return lines


def _given(step: inspect.StepLine, marks: ImageScores, images: Mapping[int, str]) -> float | None:
    """Return the score of a step, or of its image."""
    own_score = marks.steps.get(step.id)
    return marks.of_image(images.get(step.id, "")) if own_score is None else own_score


def _scope_node(
    scope: str,
    depth: int,
    steps: Sequence[inspect.StepLine],
    marks: ImageScores,
    score_of: Mapping[int, float | None],
    seconds: Mapping[int, float],
) -> TreeLine:
    headlines = [marks.headline[step.id] for step in steps if step.id in marks.headline]
    is_leaf = all(step.scope == scope for step in steps)
    others = [v for step in steps if is_leaf and (v := score_of[step.id]) is not None]
    return TreeLine(
        id=-(steps[0].id * _DEEPEST + depth),
        depth=depth,
        label=clean(scope.rpartition("/")[2], 60).replace("-", " "),
        scope=scope,
        state=_matter([step.state for step in steps]),
        score=next(reversed(headlines or others), None),
        time=figures.duration(sum(seconds.get(step.id, 0) for step in steps)),
        steps=tuple(step.id for step in steps),
    )


def _step_node(
    step: inspect.StepLine, depth: int, score: float | None, seconds: Mapping[int, float]
) -> TreeLine:
    percent = "" if step.fraction is None else f" {step.fraction:.0%}"
    return TreeLine(
        id=step.id,
        depth=depth,
        label=clean(step.name, 60) + percent,
        scope=step.scope,
        state=step.state,
        score=score,
        time=figures.duration(seconds.get(step.id) if step.finished_at else None),
        steps=(step.id,),
    )
