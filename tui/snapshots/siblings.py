"""Scopes side by side: the iterations of a loop, the scenes of a film, the images of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.queries.inspect import FileLine
from tui.snapshots.image_scores import ImageScores
from tui.snapshots.tree import TreeLine

MOST = 50
MAX_LINES = 4
"""Scores of one image that are shown below it."""


@dataclass(frozen=True, slots=True)
class SiblingScope:
    """One of several scopes of the same kind.

    Attributes:
        node: Its node.
        scope: Its path.
        title: Its name, cleaned.
        score: What it was given.
        state: Its state.
        image: Hash of its image, empty where there is none.
        taken: Whether its image is the one that was chosen out of several.
        lines: What else its image was given.
        preview: How its image looks so far, while it is made.
        outdated: Whether it is from before a decision that the job is worked on for.
        file: The stored file of its image, of any kind.
    """

    node: int
    scope: str
    title: str
    score: float | None
    state: str
    image: str
    taken: bool = False
    lines: tuple[tuple[str, float], ...] = ()
    preview: bytes = b""
    outdated: bool = False
    file: FileLine | None = None


@dataclass(frozen=True, slots=True)
class StepImages:
    """What a job's steps painted.

    Attributes:
        first: Hash of the first image of each step that left one.
        previews: How those that are being made look so far.
        files: The files by their hashes.
    """

    first: Mapping[int, str]
    previews: Mapping[int, bytes]
    files: Mapping[str, FileLine] = field(default_factory=dict)


def find_turns(
    nodes: Sequence[TreeLine],
    chosen: TreeLine,
    images: StepImages,
    marks: ImageScores,
    decided: frozenset[str] = frozenset(),
) -> tuple[SiblingScope, ...]:
    """The scopes that belong beside each other where a node is looked at, in time.

    Beside a scope stand those of its kind, such as all iterations of a scene. A step that stands
    beside several images, as one that scores them does, has them beside each other.

    Args:
        nodes: The tree.
        chosen: The node that is looked at.
        images: What the steps painted.
        marks: What they were given.
        decided: Scopes that an operator chose.
    """
    scopes = [node for node in nodes if node.id < 0]
    beside = _set_of(chosen, scopes, images) if chosen.id > 0 else []
    if not beside:
        beside = _like(chosen, scopes)
    here = [node.scope for node in beside if node.scope in decided]
    return tuple(_turn(node, images, marks, here) for node in beside[-MOST:])


def _set_of(chosen: TreeLine, scopes: Sequence[TreeLine], images: StepImages) -> list[TreeLine]:
    """The images of a set, of which a step is not one but that lie beside it."""
    inside = [node for node in scopes if node.scope.rpartition("/")[0] == chosen.scope]
    painted = [node for node in inside if chosen.scope and _painted(node, images)]
    return painted if len(painted) > 1 else []


def _painted(node: TreeLine, images: StepImages) -> bool:
    return any(step in images.first or step in images.previews for step in node.steps)


def _like(chosen: TreeLine, scopes: Sequence[TreeLine]) -> list[TreeLine]:
    """The scopes of the same kind in the same scope; of the job itself all that it holds."""
    parent, _, name = chosen.scope.rpartition("/")
    kind = name.rpartition("-")[0]
    return [
        node
        for node in scopes
        if node.scope.rpartition("/")[0] == parent
        and (not chosen.scope or node.scope.rpartition("/")[2].rpartition("-")[0] == kind)
    ]


def _turn(
    node: TreeLine, images: StepImages, marks: ImageScores, decided: Sequence[str]
) -> SiblingScope:
    painted = [images.first[step] for step in node.steps if step in images.first]
    taken = [image for image in painted if image in marks.taken]
    image = (taken or painted or [""])[-1 if taken else 0]
    preview = next((images.previews[s] for s in node.steps if s in images.previews), b"")
    single = len(painted) == 1
    return SiblingScope(
        node=node.id,
        scope=node.scope,
        title=node.label,
        score=node.score,
        state=node.state,
        image=image,
        taken=node.scope in decided if decided else single and bool(taken),
        lines=marks.lines(image)[:MAX_LINES] if single else (),
        preview=b"" if image else preview,
        outdated=node.outdated,
        file=images.files.get(image),
    )
