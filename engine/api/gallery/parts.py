"""Parts of a job side by side: iterations, scenes, takes, prompts, as cards."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from engine.api.gallery.pictures import SIZE, Picture, picture_of
from engine.client.undoing import word_changes
from engine.client.views.checks import CheckLine
from engine.client.views.decisions import key_to_select, picked, texts_of
from engine.client.views.detail import Detail, read_detail
from engine.client.views.files import draw_result
from engine.client.views.job_tree import JobTree
from engine.client.views.siblings import SiblingScope, find_inside, find_turns
from engine.client.views.tree import TreeLine
from engine.config.paths import WorkspacePaths
from engine.contract.kinds import Line
from engine.text import figures

MAX_CARDS = 50
"""Parts that are shown side by side, the newest of more."""

Changes = tuple[tuple[str, str], ...]
"""The difference of two texts by words: `=`, `-` or `+`, and the words."""


@dataclass(frozen=True, slots=True)
class Review:
    """A judge's view of a part; all texts are cleaned.

    Attributes:
        text: Its reasons.
        missing: What it misses.
        checks: What it has looked for, failures first.
        scores: Scores by their names.
    """

    text: str = ""
    missing: tuple[str, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    scores: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PartCard:
    """One part of a job.

    Attributes:
        part: Its name, as for `safelight send`.
        title: Its name for people.
        state: Its state.
        score: Its score.
        rating: Its rating; None if it has none.
        taken: True if the recipe or the operator has chosen it.
        picture: Its file.
        preview: Address of the image that it is generating; empty without one.
        lines: Its result, if it has no file.
        prompt: Its prompt.
        changes: How the prompt differs from the one before; empty if it is the first.
        note: Author of the prompt and the reason of its change.
        review: The judge's view.
        select: Key and number of the decision that chooses it; None if there is none.
        edits: Keys of the decisions on its texts.
        outdated: True if a decision may replace it.
    """

    part: str
    title: str
    state: str
    score: float | None
    rating: str | None
    taken: bool
    picture: Picture | None
    preview: str
    lines: tuple[Line, ...]
    prompt: str
    changes: Changes
    note: str
    review: Review
    select: tuple[str, int] | None
    edits: tuple[str, ...]
    outdated: bool


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reader of a job's parts.

    Attributes:
        connection: A reader.
        job_id: The job.
        tree: The job with its steps.
        paths: Folders of the workspace.
    """

    connection: sqlite3.Connection
    job_id: int
    tree: JobTree
    paths: WorkspacePaths

    def node(self, part: str) -> TreeLine | None:
        """Return the node of a part; the job itself for an empty one, None if there is none."""
        return next((node for node in self.tree.nodes if node.part == part), None)

    def beside(self, node: TreeLine) -> tuple[PartCard, ...]:
        """Return the parts beside a node; for the job itself its outermost ones."""
        tree = self.tree
        chosen = picked((n.scope for n in tree.nodes if n.id < 0), tree.decided, tree.scale.choices)
        turns = find_turns(tree.nodes, node, tree.left.images, tree.left.marks, chosen)
        return self._cards(turns)

    def inside(self, node: TreeLine) -> tuple[PartCard, ...]:
        """Return the parts inside a node."""
        tree = self.tree
        return self._cards(find_inside(tree.nodes, node, tree.left.images, tree.left.marks))

    def _cards(self, turns: Sequence[SiblingScope]) -> tuple[PartCard, ...]:
        nodes = {node.id: node for node in self.tree.nodes}
        return tuple(self._card(turn, nodes[turn.node]) for turn in turns[-MAX_CARDS:])

    def _card(self, turn: SiblingScope, node: TreeLine) -> PartCard:
        detail = read_detail(self.connection, self.job_id, node, self.tree.left)
        scale = self.tree.scale
        file = turn.file or detail.shown
        picture = picture_of(file, f"Result of {turn.title}", self.paths) if file else None
        step = next((s for s in node.steps if s in self.tree.left.images.previews), 0)
        return PartCard(
            part=node.part,
            title=turn.title,
            state=turn.state,
            score=turn.score,
            rating=turn.rating,
            taken=turn.taken,
            picture=picture,
            preview=f"/previews/{self.job_id}/{step}" if step and not picture else "",
            lines=() if picture else self.result(node),
            prompt=detail.prompt,
            changes=changes_of(detail),
            note=detail.note,
            review=review_of(detail, turn.lines),
            select=key_to_select(node.scope, scale.decisions, scale.choices),
            edits=tuple(texts_of(node.scope, scale.texts)),
            outdated=turn.outdated,
        )

    def result(self, node: TreeLine) -> tuple[Line, ...]:
        """Return the newest result of a part without a file, as its kind draws it."""
        left = self.tree.left
        for number in reversed(node.steps):
            step = left.lines.get(number)
            if step and (drawn := draw_result(self.connection, step, left.names, SIZE.columns)):
                return drawn.lines.lines[: SIZE.rows]
        return ()


def changes_of(detail: Detail) -> Changes:
    """Return the words by which a prompt differs from the one before; empty if it is the first."""
    if not detail.before or not detail.prompt or detail.before == detail.prompt:
        return ()
    return tuple(word_changes(detail.before, detail.prompt))


def review_of(detail: Detail, of_image: Sequence[tuple[str, float]] = ()) -> Review:
    """Return a judge's view from the details of a part, with the scores of its image."""
    scores = [(score.metric, score.value) for score in detail.scores]
    known = {name for name, _ in scores}
    scores += [(name, value) for name, value in of_image if name not in known]
    critique = detail.critique
    missing = json.loads(critique.missing) if critique else []
    return Review(
        text=critique.text if critique else "",
        missing=tuple(str(one) for one in missing),
        checks=detail.checks,
        scores=tuple((name, figures.score(value)) for name, value in scores),
    )
