"""Transient state: each job's current step and its progress.

One row per step and a column of the job, replaced at most ten times a second.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from db.writer import StoreWriter
from db.writes.records import Intent
from db.writes.steps import show_progress, show_stages

MAX_PREVIEW = 256 * 1024
"""Maximum size of a preview in bytes; a larger one is not shown."""


class RunningStep(Protocol):
    """A step that runs.

    Attributes:
        step_id: Its row, 0 while that is being written.
        intent: Whose step it is.
    """

    step_id: int
    intent: Intent


@dataclass(frozen=True, slots=True)
class _Shown:
    fraction: float | None
    message: str
    preview: bytes | None = None


class ProgressReporter:
    """Keep the newest report of each running step and write it periodically.

    Args:
        writer: The store's writer door.
    """

    def __init__(self, writer: StoreWriter) -> None:
        self._writer = writer
        self._changed: dict[RunningStep, _Shown] = {}
        self._stages: dict[int, str] = {}

    def begins(self, step: RunningStep) -> None:
        """Note that a job is at this step; nothing is written yet."""
        if step.intent.job_id is not None:
            self._stages[step.intent.job_id] = step.intent.key

    def show(self, step: RunningStep, fraction: float | None, message: str) -> None:
        """Replace the progress shown of a step; nothing is written yet."""
        before = self._changed.get(step)
        self._changed[step] = _Shown(fraction, message, before.preview if before else None)

    def preview(self, step: RunningStep, image: bytes) -> None:
        """Replace the preview of a step; nothing is written yet."""
        if len(image) > MAX_PREVIEW:
            return
        shown = self._changed.get(step) or _Shown(None, "")
        self._changed[step] = replace(shown, preview=image)

    def forget(self, step: RunningStep) -> None:
        """Drop unwritten progress of a step that has ended."""
        self._changed.pop(step, None)

    def flush(self) -> None:
        """Write the changes, without waiting for the commit."""
        if stages := self._stages:
            self._stages = {}
            self._writer.write(lambda c: show_stages(c, stages))
        changed, self._changed = self._changed, {}
        for step, shown in changed.items():
            self._writer.write(
                lambda c, step=step, s=shown: show_progress(  # type: ignore[misc]
                    c,
                    step.step_id,
                    step.intent.batch_id,
                    step.intent.job_id,
                    s.fraction,
                    s.message,
                    s.preview,
                )
            )
