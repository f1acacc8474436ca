"""Scopes side by side: the iterations of a loop, the scenes of a film, the pictures of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.snapshots.image_scores import Marks
from tui.snapshots.tree import Node

MOST = 50
MOST_LINES = 4
"""Scores of one picture that are shown below it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One of several scopes of the same kind.

    Attributes:
        node: Its node.
        scope: Its path.
        title: Its name, cleaned.
        score: What it was given.
        state: Its state.
        picture: Hash of its picture, empty where there is none.
        taken: Whether its picture is the one that was chosen out of several.
        lines: What else its picture was given.
        preview: How its picture looks so far, while it is made.
        outdated: Whether it is from before a decision that the job is worked on for.
    """

    node: int
    scope: str
    title: str
    score: float | None
    state: str
    picture: str
    taken: bool = False
    lines: tuple[tuple[str, float], ...] = ()
    preview: bytes = b""
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a job's steps painted.

    Attributes:
        first: Hash of the first picture of each step that left one.
        previews: How those that are being made look so far.
    """

    first: Mapping[int, str]
    previews: Mapping[int, bytes]


def find_turns(
    nodes: Sequence[Node],
    chosen: Node,
    pictures: Pictures,
    marks: Marks,
    decided: frozenset[str] = frozenset(),
) -> tuple[Turn, ...]:
    """The scopes that belong beside each other where a node is looked at, in time.

    Beside a scope stand those of its kind, such as all iterations of a scene. A step that stands
    beside several pictures, as one that scores them does, has them beside each other.

    Args:
        nodes: The tree.
        chosen: The node that is looked at.
        pictures: What the steps painted.
        marks: What they were given.
        decided: Scopes that an operator chose.
    """
    scopes = [node for node in nodes if node.id < 0]
    beside = _set_of(chosen, scopes, pictures) if chosen.id > 0 else []
    if not beside:
        beside = _like(chosen, scopes)
    here = [node.scope for node in beside if node.scope in decided]
    return tuple(_turn(node, pictures, marks, here) for node in beside[-MOST:])


def _set_of(chosen: Node, scopes: Sequence[Node], pictures: Pictures) -> list[Node]:
    """The pictures of a set, of which a step is not one but that lie beside it."""
    inside = [node for node in scopes if node.scope.rpartition("/")[0] == chosen.scope]
    painted = [node for node in inside if chosen.scope and _painted(node, pictures)]
    return painted if len(painted) > 1 else []


def _painted(node: Node, pictures: Pictures) -> bool:
    return any(step in pictures.first or step in pictures.previews for step in node.steps)


def _like(chosen: Node, scopes: Sequence[Node]) -> list[Node]:
    """The scopes of the same kind in the same scope; of the job itself all that it holds."""
    parent, _, name = chosen.scope.rpartition("/")
    kind = name.rpartition("-")[0]
    return [
        node
        for node in scopes
        if node.scope.rpartition("/")[0] == parent
        and (not chosen.scope or node.scope.rpartition("/")[2].rpartition("-")[0] == kind)
    ]


def _turn(node: Node, pictures: Pictures, marks: Marks, decided: Sequence[str]) -> Turn:
    painted = [pictures.first[step] for step in node.steps if step in pictures.first]
    taken = [picture for picture in painted if picture in marks.taken]
    picture = (taken or painted or [""])[-1 if taken else 0]
    preview = next((pictures.previews[s] for s in node.steps if s in pictures.previews), b"")
    single = len(painted) == 1
    return Turn(
        node=node.id,
        scope=node.scope,
        title=node.label,
        score=node.score,
        state=node.state,
        picture=picture,
        taken=node.scope in decided if decided else single and bool(taken),
        lines=marks.lines(picture)[:MOST_LINES] if single else (),
        preview=b"" if picture else preview,
        outdated=node.outdated,
    )
