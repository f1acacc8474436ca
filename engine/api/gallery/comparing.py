"""Two results side by side: of two jobs, or of two parts of jobs."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from db.queries.lists import batch_line
from engine.api.gallery.parts import Changes, PartReader, Review, review_of
from engine.api.gallery.pictures import Picture, picture_of
from engine.api.gallery.sheet import read_cards
from engine.client.undoing import word_changes
from engine.client.views.decisions import key_to_select
from engine.client.views.detail import read_detail
from engine.client.views.job_tree import read_tree
from engine.client.views.recipe_info import Headlines
from engine.client.views.tree import JOB_NODE
from engine.config.paths import WorkspacePaths
from engine.contract.kinds import Line


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        job: Its job.
        part: The part of the job; empty for the job's best result.
        address: Its page.
        title: Its name.
        score: Its score.
        rating: Its rating.
        picture: Its file.
        lines: Its result, if it has no file.
        prompt: Its prompt.
        review: The judge's view.
        select: Key and number of the decision that chooses it; None if there is none.
        batch: Number of its batch.
    """

    job: int
    part: str
    address: str
    title: str
    score: float | None
    rating: str | None
    picture: Picture | None
    lines: tuple[Line, ...]
    prompt: str
    review: Review
    select: tuple[str, int] | None
    batch: int


def chosen_sides(jobs: Sequence[str], parts: Sequence[str]) -> list[tuple[int, str]]:
    """Return the first two of the marked jobs and parts, as numbers of jobs and names of parts."""
    marked = [(job, "") for job in jobs] + [
        (p.partition(":")[0], p.partition(":")[2]) for p in parts
    ]
    numbers = [(int(job), part) for job, part in marked if job.isdecimal() and len(job) < 18]
    return numbers[:2]


def read_side(
    connection: sqlite3.Connection,
    headlines: Headlines,
    paths: WorkspacePaths,
    job_id: int,
    part: str,
) -> Side | None:
    """Return one side; None if there is no such job or part."""
    tree = read_tree(connection, job_id, headlines, 60)
    batch = batch_line(connection, tree.line.batch_id) if tree else None
    if tree is None or batch is None:
        return None
    reader = PartReader(connection, job_id, tree, paths)
    node = reader.node(part)
    if node is None:
        return None
    is_job = node.id == JOB_NODE
    card = read_cards(connection, [job_id], tree.scale)[0]
    detail = read_detail(connection, job_id, node, tree.left)
    title = card.key if is_job else f"{card.key}, {node.label}"
    picture = card.picture
    if not is_job:
        picture = picture_of(detail.shown, f"Result of {title}", paths) if detail.shown else None
    return Side(
        job=job_id,
        part=node.part,
        address=f"/j{job_id}" + (f"/at/{quote(node.part)}" if node.part else ""),
        title=title,
        score=card.score if is_job else node.score,
        rating=card.rating if is_job else node.rating,
        picture=picture,
        lines=() if picture else reader.result(node),
        prompt=detail.prompt,
        review=review_of(detail),
        select=key_to_select(node.scope, tree.scale.decisions, tree.scale.choices)
        if node.id < 0
        else None,
        batch=batch.id,
    )


def changes_between(sides: Sequence[Side]) -> Changes:
    """Return the difference of two prompts by words; empty if there is none."""
    one, other = sides[0].prompt, sides[1].prompt
    return tuple(word_changes(one, other)) if one and other and one != other else ()
