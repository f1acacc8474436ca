"""Scopes side by side: the iterations of a loop, the scenes of a film, the images of a set."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.queries.faces import FileLine
from engine.client.views.image_scores import ImageScores
from engine.client.views.tree import TreeLine

MOST = 50
MAX_LINES = 4
"""Maximum scores of one image that are shown below it."""


@dataclass(frozen=True, slots=True)
class SiblingScope:
    """One of several scopes of the same kind.

    Attributes:
        node: Its node.
        scope: Its path.
        title: Its name, cleaned.
        score: Its score.
        state: Its state.
        image: Hash of its image, empty if there is none.
        taken: True if its image was selected out of several.
        lines: Other scores of its image.
        preview: Preview of its image, while it is being generated.
        outdated: True if it is older than a decision whose steps are running.
        file: The stored file of its image, of any kind.
        rating: Its own rating: `1` to `5`, `keep`, `reject`; None if it is not rated.
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
    rating: str | None = None


@dataclass(frozen=True, slots=True)
class StepImages:
    """Images of a job's steps.

    Attributes:
        first: Hash of the first image of each step that left one.
        previews: Previews of images that are being generated.
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
    """Return the scopes to show beside each other for a node, in order of time.

    A scope is shown beside those of its kind, such as all iterations of a scene. A step beside
    several images, such as one that scores them, shows the images.

    Args:
        nodes: The tree.
        chosen: The selected node.
        images: Images of the steps.
        marks: Their scores.
        decided: Scopes that an operator chose.
    """
    scopes = [node for node in nodes if node.id < 0]
    beside = _set_of(chosen, scopes, images) if chosen.id > 0 else []
    if not beside:
        beside = _like(chosen, scopes)
    here = [node.scope for node in beside if node.scope in decided]
    return tuple(_turn(node, images, marks, here) for node in beside[-MOST:])


def find_inside(
    nodes: Sequence[TreeLine], chosen: TreeLine, images: StepImages, marks: ImageScores
) -> tuple[SiblingScope, ...]:
    """Return the scopes inside a scope to show beside each other: its largest set of images.

    Args:
        nodes: The tree.
        chosen: The selected node; a step or the job has none.
        images: Images of the steps.
        marks: Their scores.
    """
    if chosen.id >= 0:
        return ()
    sets: defaultdict[str, list[TreeLine]] = defaultdict(list)
    for node in nodes:
        parent, _, name = node.scope.rpartition("/")
        if node.id < 0 and parent == chosen.scope and _painted(node, images):
            sets[name.rpartition("-")[0]].append(node)
    largest = max(sets.values(), key=len, default=[])
    if len(largest) < 2:
        return ()
    return tuple(_turn(node, images, marks, ()) for node in largest[-MOST:])


def _set_of(chosen: TreeLine, scopes: Sequence[TreeLine], images: StepImages) -> list[TreeLine]:
    """Return the images of a set next to a step that is not one of them."""
    inside = [node for node in scopes if node.scope.rpartition("/")[0] == chosen.scope]
    painted = [node for node in inside if chosen.scope and _painted(node, images)]
    return painted if len(painted) > 1 else []


def _painted(node: TreeLine, images: StepImages) -> bool:
    return any(step in images.first or step in images.previews for step in node.steps)


def _painted_images(node: TreeLine, images: StepImages) -> list[str]:
    """Return the images of a scope; temporary files, such as parts of a film, only without any."""
    from engine.contract.files import TEMPORARY  # not for the first paint

    painted = [images.first[step] for step in node.steps if step in images.first]
    files = {image: images.files.get(image) for image in painted}
    lasting = [image for image, file in files.items() if file is None or file.role != TEMPORARY]
    return lasting or painted


def _like(chosen: TreeLine, scopes: Sequence[TreeLine]) -> list[TreeLine]:
    """Return the scopes of the same kind in the same scope; for the job all of its scopes."""
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
    painted = _painted_images(node, images)
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
        rating=node.rating,
    )
