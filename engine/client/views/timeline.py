"""Snapshot of a job's timeline: what its kinds put on it, and the files that have its frames."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from db.clock import seconds_between
from db.queries import inspect, lists
from db.queries.faces import FileLine
from db.queries.inspect import StepLine
from engine.client.views.files import line_of, result_item, stored_of
from engine.client.views.recipe_info import Headlines, RecipeInfo
from engine.client.views.stored import stored_file
from engine.config.paths import WorkspacePaths
from engine.contract.files import TEMPORARY
from engine.contract.tiers import Spent, spent_by_tier

if TYPE_CHECKING:
    from engine.contract.kinds import Item
    from engine.contract.timeline import Timeline

_LENGTHS_APART = 1.0

FRAME_SIDE = 960
"""Longer side of a frame in pixels, at most."""


@dataclass(frozen=True, slots=True)
class TimelineSnapshot:
    """A job on its timeline.

    Attributes:
        batch_id: Its batch; 0 if the job is gone.
        timeline: The timeline; None as long as no kind has one.
        frames: Files with its frames, the one that is decoded fastest first.
        scale: Its recipe.
        state: State of the job.
        message: Why it waits or failed, or empty.
        spent: Costs of the recipe's tiers so far.
    """

    batch_id: int
    timeline: "Timeline | None" = None
    frames: tuple[FileLine, ...] = ()
    scale: RecipeInfo = field(default_factory=RecipeInfo)
    state: str = ""
    message: str = ""
    spent: tuple[Spent, ...] = ()


class TimelineView:
    """View of a job's timeline.

    Args:
        job_id: The job.
        headlines: The recipes.
        paths: Paths of the workspace.
    """

    every = 5.0

    def __init__(self, job_id: int, headlines: Headlines, paths: WorkspacePaths) -> None:
        self._job_id = job_id
        self._headlines = headlines
        self._paths = paths
        self._timelines: dict[str, Timeline | None] = {}

    def read(self, connection: sqlite3.Connection, version: int) -> TimelineSnapshot:
        """Return the present timeline."""
        lines = lists.jobs_of_ids(connection, [self._job_id])
        batch = lists.batch_line(connection, lines[0].batch_id) if lines else None
        if not lines or batch is None:
            return TimelineSnapshot(0)
        steps = [s for s in inspect.step_lines(connection, self._job_id) if s.state == "done"]
        files = self._files(connection)
        timeline = self._timeline(connection, steps, files)
        scale = self._headlines.of(batch.recipe)
        return TimelineSnapshot(
            batch_id=lines[0].batch_id,
            timeline=timeline,
            frames=_with_frames(files, timeline.seconds) if timeline else (),
            scale=scale,
            state=lines[0].state,
            message=lines[0].message or "",
            spent=spent_by_tier(scale.tiers, map(_spent, steps)),
        )

    def _files(self, connection: sqlite3.Connection) -> list[FileLine]:
        """Return the files that may have a timeline or frames, without parts that are joined."""
        from engine.kinds.timelines import over_time

        rows = inspect.files_of_kinds(connection, self._job_id, over_time(), TEMPORARY)
        return [line_of(row) for row in rows]

    def _timeline(
        self, connection: sqlite3.Connection, steps: Sequence[StepLine], files: Sequence[FileLine]
    ) -> "Timeline | None":
        from engine.kinds.timelines import has_timeline, joined

        parts = [self._of_file(file) for file in files if has_timeline(file.kind)]
        parts += [
            self._kept(f"step {step.id}", result_item(connection, step))
            for step in steps
            if has_timeline(step.kind)
        ]
        return joined([part for part in parts if part is not None])

    def _of_file(self, file: FileLine) -> "Timeline | None":
        path = stored_file(self._paths, file.hash)
        return (
            None if path is None else self._kept(file.hash, stored_of(file, path, self._paths).item)
        )

    def _kept(self, key: str, item: "Item") -> "Timeline | None":
        from engine.kinds.timelines import timeline_of

        if key not in self._timelines:
            self._timelines[key] = timeline_of(item)
        return self._timelines[key]


def frame_at(file: FileLine, paths: WorkspacePaths, seconds: float) -> bytes | None:
    """Return a frame of a stored file at a time as an encoded image; None if there is none."""
    from engine.kinds.timelines import frame_of

    path = stored_file(paths, file.hash)
    return frame_of(stored_of(file, path or Path(), paths).item, seconds, FRAME_SIDE)


def _spent(step: StepLine) -> tuple[str, float, int]:
    """Return the key, the seconds and the micro-dollars of a finished step."""
    return step.key, seconds_between(step.started_at, step.finished_at) or 0.0, step.cost


def _with_frames(files: Sequence[FileLine], seconds: float) -> tuple[FileLine, ...]:
    """Return files that last as long as the timeline, the smallest first."""
    from engine.kinds.timelines import shows_frames

    lasting = [
        file
        for file in files
        if shows_frames(file.kind) and abs(_seconds(file) - seconds) <= _LENGTHS_APART
    ]
    return tuple(sorted(lasting, key=lambda file: (file.width or 0) * (file.height or 0)))


def _seconds(file: FileLine) -> float:
    seconds = stored_of(file, Path()).facts.get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else -1e9
