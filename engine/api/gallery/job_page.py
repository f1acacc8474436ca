"""The page of a job, or of one of its parts: everything on it, by kinds and no recipe."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from db.queries import lineage, lists
from db.queries.history import latest_events
from db.queries.ratings import present_ratings
from engine.api.gallery.film import Film, film_of
from engine.api.gallery.parts import Changes, PartCard, PartReader, Review, changes_of, review_of
from engine.api.gallery.pictures import Picture, Section, picture_of, sections_of
from engine.api.gallery.sheet import Card, Neighbours, SheetQuery, read_cards, read_neighbours
from engine.client.gates import WaitingGate, waiting_gates
from engine.client.views.decisions import DecisionLine, key_to_select, texts_of
from engine.client.views.detail import Detail, Timing, read_detail
from engine.client.views.files import OpenableFile
from engine.client.views.job_tree import JobTree, read_tree
from engine.client.views.page import read_page
from engine.client.views.recipe_info import Headlines
from engine.client.views.score_table import ImageScoreTable
from engine.client.views.timeline import TimelineView
from engine.client.views.tree import JOB_NODE, TreeLine
from engine.client.views.whole import has_parts, whole
from engine.config.paths import WorkspacePaths
from engine.text import figures
from engine.text.terminal import clean

COLUMNS = 80
"""Width in cells of results that are drawn as text."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another job that this one came from or was sent to."""

    job: int
    text: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something that has happened to a job."""

    time: str
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A file of a job in a list, with its address."""

    address: str
    name: str
    title: str
    facts: str
    part: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """Everything on the page of a job or of a part of it.

    Attributes:
        card: The job.
        batch: Number of its batch.
        batch_name: Name of its batch.
        recipe: Its recipe.
        seconds: Its working time in words.
        cost: Its cost in words.
        stage: What it does now.
        part: The part that is shown; empty for the job.
        title: Name of the part or the job.
        trail: Parts around it, from the outside: their names and titles.
        picture: The image that is shown largest.
        prompt: The prompt.
        changes: How the prompt has changed.
        note: Author of the prompt and the reason of its change.
        review: The judge's view.
        scores: Scores of several images as a table.
        detail: Errors, times and calls.
        sections: The parts of a page that the recipe declares.
        parts: Parts side by side.
        inside: Parts inside of it.
        film: Its timeline.
        gates: What waits for approval.
        decided: Decisions in force.
        select: Key and number of the decision that chooses the part; None if there is none.
        edits: Keys of texts that can be decided.
        note_text: The operator's note on the rating.
        origin: The job that its input came from.
        sent: Jobs that its parts were sent to.
        files: Its files.
        events: What has happened, newest first.
        neighbours: Jobs before and after it on the sheet.
        query: The sheet that it was opened from.
    """

    card: Card
    batch: int
    batch_name: str
    recipe: str
    seconds: str
    cost: str
    stage: str
    part: str
    title: str
    trail: tuple[tuple[str, str], ...]
    picture: Picture | None
    prompt: str
    changes: Changes
    note: str
    review: Review
    scores: ImageScoreTable | None
    detail: Detail
    sections: tuple[Section, ...]
    parts: tuple[PartCard, ...]
    inside: tuple[PartCard, ...]
    film: Film | None
    gates: tuple[WaitingGate, ...]
    decided: tuple[DecisionLine, ...]
    select: tuple[str, int] | None
    edits: tuple[str, ...]
    note_text: str
    rating: str | None
    origin: Related | None
    sent: tuple[Related, ...]
    files: tuple[StoredLine, ...]
    events: tuple[EventLine, ...]
    neighbours: Neighbours
    query: SheetQuery

    @property
    def timings(self) -> Sequence[Timing]:
        """The steps of what is shown."""
        return self.detail.timings


class JobPageReader:
    """Reader of pages of jobs.

    Args:
        connection: A reader.
        headlines: The recipes.
        paths: Folders of the workspace.
    """

    def __init__(
        self, connection: sqlite3.Connection, headlines: Headlines, paths: WorkspacePaths
    ) -> None:
        self._connection = connection
        self._headlines = headlines
        self._paths = paths

    def read(self, job_id: int, part: str, query: SheetQuery) -> JobPage | None:
        """Return the page of a job or of a part of it; None if there is none."""
        tree = read_tree(self._connection, job_id, self._headlines, COLUMNS)
        batch = lists.batch_line(self._connection, tree.line.batch_id) if tree else None
        if tree is None or batch is None:
            return None
        parts = PartReader(self._connection, job_id, tree, self._paths)
        node = parts.node(part)
        if node is None:
            return None
        is_job = node.id == JOB_NODE
        card = read_cards(self._connection, [job_id], tree.scale)[0]
        detail = self._detail(tree, node)
        sections = self._sections(tree, job_id) if is_job else ()
        if sections:  # their prompts are several, not versions of one
            detail = replace(detail, before="", prompt="", note="")
        ratings = present_ratings(self._connection, job_id)
        rated = ratings.get(node.part)
        return JobPage(
            card=card,
            batch=batch.id,
            batch_name=clean(batch.name, 120),
            recipe=clean(batch.recipe, 60),
            seconds=figures.duration(tree.seconds),
            cost=figures.money(tree.line.cost) if tree.line.cost else "",
            stage=clean(tree.line.stage or "", 80),
            part=node.part,
            title=node.label if not is_job else card.key,
            trail=_trail(tree, node),
            picture=self._picture(card, detail, node),
            prompt=detail.prompt,
            changes=changes_of(detail),
            note=detail.note,
            review=review_of(detail),
            scores=detail.sheet,
            detail=detail,
            sections=sections,
            parts=parts.beside(node) if is_job or node.id < 0 else (),
            inside=parts.inside(node),
            film=self._film(job_id) if is_job else None,
            gates=tuple(waiting_gates(self._connection, job_id)),
            decided=tuple(d for d in tree.decided if node.scope in {"", d.scope}),
            select=_select(tree, node),
            edits=tuple(texts_of(node.scope, tree.scale.texts)),
            note_text=clean(rated.note, 4000, keep_newlines=True) if rated else "",
            rating=node.rating if not is_job else card.rating,
            origin=self._origin(job_id) if is_job else None,
            sent=self._sent(job_id) if is_job else (),
            files=_files(detail.openable),
            events=self._events(job_id) if is_job else (),
            neighbours=read_neighbours(self._connection, tree.line, tree.scale, query),
            query=query,
        )

    def _detail(self, tree: JobTree, node: TreeLine) -> Detail:
        detail = read_detail(self._connection, tree.line.id, node, tree.left)
        if node.id == JOB_NODE and has_parts(tree.nodes):
            return whole(self._connection, detail, tree.nodes, tree.line, tree.left, tree.scale)
        return detail

    def _picture(self, card: Card, detail: Detail, node: TreeLine) -> Picture | None:
        if node.id == JOB_NODE:
            return card.picture
        if detail.shown is None:
            return None
        return picture_of(detail.shown, f"Result of {node.label}", self._paths)

    def _sections(self, tree: JobTree, job_id: int) -> tuple[Section, ...]:
        steps = list(tree.left.lines.values())
        page = read_page(self._connection, job_id, tree.scale.page, steps, COLUMNS)
        return sections_of(page.sections, self._paths, job_id)

    def _film(self, job_id: int) -> Film | None:
        view = TimelineView(job_id, self._headlines, self._paths)
        timeline = view.read(self._connection, 0).timeline
        return film_of(timeline) if timeline else None

    def _origin(self, job_id: int) -> Related | None:
        row = lineage.origin_of(self._connection, job_id)
        return Related(row.source_job_id, clean(row.source, 120)) if row else None

    def _sent(self, job_id: int) -> tuple[Related, ...]:
        rows = lineage.sent_from(self._connection, job_id, 50)
        return tuple(Related(row.job_id, clean(row.source, 120)) for row in rows)

    def _events(self, job_id: int) -> tuple[EventLine, ...]:
        rows = latest_events(self._connection, job_id)
        return tuple(
            EventLine(figures.clock(row.at), row.level, clean(row.message or row.type, 300))
            for row in reversed(rows)
        )


def _trail(tree: JobTree, node: TreeLine) -> tuple[tuple[str, str], ...]:
    """Return the parts around a node, the outermost first."""
    scope = node.scope if node.id > 0 else node.scope.rpartition("/")[0]
    titles: Mapping[str, str] = {one.scope: one.label for one in tree.nodes if one.id < 0}
    parts = scope.split("/") if scope else []
    paths = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    return tuple((path, titles.get(path, path)) for path in paths)


def _select(tree: JobTree, node: TreeLine) -> tuple[str, int] | None:
    """Return the decision that chooses a part; steps and the job itself have none."""
    if node.id >= 0:
        return None
    return key_to_select(node.scope, tree.scale.decisions, tree.scale.choices)


def _files(files: Sequence[OpenableFile]) -> tuple[StoredLine, ...]:
    return tuple(
        StoredLine(f"/files/{one.file.hash}", one.name, one.title, one.facts, clean(one.part, 80))
        for one in files
        if one.file.role != "trace"
    )
