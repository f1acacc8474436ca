"""Snapshot of one job: the tree of its scopes and steps, and the details of the selected part."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from db.queries import inspect, lineage
from db.queries.history import latest_events
from db.rows import EventRow
from engine.client.views.decisions import picked
from engine.client.views.detail import Detail, read_detail
from engine.client.views.job_tree import prompt_of, read_tree
from engine.client.views.jobs import JobItem, job_row
from engine.client.views.page import read_page
from engine.client.views.recipe_info import Headlines, RecipeInfo
from engine.client.views.siblings import SiblingScope, find_inside, find_turns
from engine.client.views.tree import JOB_NODE, TreeLine, folded, matters_most
from engine.client.views.whole import has_parts, whole
from engine.text.terminal import clean
from tui.snapshots.job_files import JobFile, job_files


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """Everything on the screen of a job."""

    job: JobItem | None
    batch_id: int
    scale: RecipeInfo
    nodes: tuple[TreeLine, ...]
    turns: tuple[SiblingScope, ...]
    turn: int
    detail: Detail | None
    selected: int
    inside: tuple[SiblingScope, ...] = ()
    files: tuple[JobFile, ...] = ()
    events: tuple[EventRow, ...] = ()
    origin: str = ""
    """Return the part of another job that its input was sent from, cleaned; empty if none."""

    @property
    def node(self) -> TreeLine | None:
        """Return the node that is shown in detail."""
        return next((node for node in self.nodes if node.id == self.selected), None)

    def at(self, node_id: int) -> "JobSnapshot":
        """Return the job with another node selected, whose details are not read yet."""
        node = next((node for node in self.nodes if node.id == node_id), None)
        if node is None or node_id == self.selected:
            return self
        return replace(self, selected=node_id, turn=_turn_of(self.turns, node.scope))


class JobView:
    """View of one job.

    Attributes:
        selected: Node shown in detail; None for the most important one.
        columns: Width in cells of drawings of results.
        part: The part shown in detail at first, as `iteration-2`; empty for the most important.
        has_files: True to read the files of all steps.
        has_events: True to read the newest events.
    """

    every = 5.0

    def __init__(self, job_id: int, headlines: Headlines) -> None:
        self.job_id = job_id
        self.selected: int | None = None
        self.part = ""
        self.columns = 60
        self.has_files = False
        self.has_events = False
        self._headlines = headlines
        self._seen: tuple[object, ...] | None = None
        self._snapshot: JobSnapshot | None = None

    def read(self, connection: sqlite3.Connection, version: int) -> JobSnapshot:
        """Return the present job; without a job if it is gone."""
        wanted = (self.selected, self.columns, self.has_files, self.has_events)
        seen = (inspect.job_version(connection, self.job_id), *wanted)
        if self._snapshot is None or seen != self._seen:
            self._snapshot = self._read(connection)
            self._seen = seen
        return self._snapshot

    def _read(self, connection: sqlite3.Connection) -> JobSnapshot:
        found = read_tree(connection, self.job_id, self._headlines, self.columns)
        if found is None:
            return JobSnapshot(None, 0, RecipeInfo(), (), (), 0, None, 0)
        nodes, left, line, scale = found.nodes, found.left, found.line, found.scale
        chosen = self._chosen(nodes, has_page=bool(scale.page))
        taken = picked((node.scope for node in nodes if node.id < 0), found.decided, scale.choices)
        turns = find_turns(nodes, chosen, left.images, left.marks, taken)
        detail = read_detail(connection, self.job_id, chosen, left)
        if chosen.id == JOB_NODE and scale.page:
            detail = self._with_page(connection, detail, scale, list(left.lines.values()))
        elif chosen.id == JOB_NODE and has_parts(nodes):
            detail = whole(connection, detail, nodes, line, left, scale)
        here = tuple(str(d) for d in found.decided if chosen.scope in {"", d.scope})
        return JobSnapshot(
            job=replace(job_row(line, (), found.seconds), message=clean(line.message or "", 1000)),
            batch_id=line.batch_id,
            scale=scale,
            nodes=folded(nodes, chosen),
            turns=turns,
            turn=_turn_of(turns, chosen.scope),
            detail=replace(detail, decided=here),
            selected=chosen.id,
            inside=find_inside(nodes, chosen, left.images, left.marks),
            files=job_files(connection, left) if self.has_files else (),
            events=tuple(latest_events(connection, self.job_id)) if self.has_events else (),
            origin=_origin(connection, self.job_id),
        )

    def _chosen(self, nodes: Sequence[TreeLine], *, has_page: bool) -> TreeLine:
        chosen = next((node for node in nodes if node.id == self.selected), None)
        if chosen is None and self.part:
            chosen = next((node for node in nodes if node.part == self.part), None)
        return chosen or matters_most(nodes, has_page=has_page)

    def _with_page(
        self,
        connection: sqlite3.Connection,
        detail: Detail,
        scale: RecipeInfo,
        steps: Sequence[inspect.StepLine],
    ) -> Detail:
        """Return the details of a job with its page in place of its latest file and prompt."""
        page = read_page(connection, self.job_id, scale.page, steps, self.columns)
        if not page.sections:
            return detail
        files = page.openable or detail.openable
        return replace(
            detail, page=page.sections, openable=files, images=(), shown=None, preview=b"",
            prompt="", note="", drawn=None, sheet=None,
        )  # fmt: skip

    def prompt_of(self, connection: sqlite3.Connection, scope: str) -> str:
        """Return the prompt that a scope is painted from, in full."""
        return prompt_of(connection, self.job_id, scope)


def _turn_of(turns: Sequence[SiblingScope], scope: str) -> int:
    return next((turn.node for turn in turns if turn.scope == scope), 0)


def _origin(connection: sqlite3.Connection, job_id: int) -> str:
    found = lineage.origin_of(connection, job_id)
    return clean(found.source, 80) if found else ""
