"""Passing things: how far a step is. One row a step, replaced at most ten times a second."""

from dataclasses import dataclass, replace

from db.writer import Writer
from db.writes.steps import show_progress

FLUSH_SECONDS = 0.1

MOST_PREVIEW = 256 * 1024
"""Bytes of a preview at most; a larger one is not shown."""


@dataclass(frozen=True, slots=True)
class _Shown:
    batch_id: int
    job_id: int | None
    fraction: float | None
    message: str
    preview: bytes | None = None


class ProgressBoard:
    """Keeps the newest word of each running step and writes it now and then.

    Args:
        writer: The store's writer door.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._changed: dict[int, _Shown] = {}

    def show(
        self, step_id: int, batch_id: int, job_id: int | None, fraction: float | None, message: str
    ) -> None:
        """Replaces what is shown of a step; nothing is written yet."""
        before = self._changed.get(step_id)
        preview = before.preview if before else None
        self._changed[step_id] = _Shown(batch_id, job_id, fraction, message, preview)

    def preview(self, step_id: int, batch_id: int, job_id: int | None, picture: bytes) -> None:
        """Replaces the picture that is shown of a step; nothing is written yet."""
        if len(picture) > MOST_PREVIEW:
            return
        shown = self._changed.get(step_id) or _Shown(batch_id, job_id, None, "")
        self._changed[step_id] = replace(shown, preview=picture)

    def forget(self, step_id: int) -> None:
        """Drops what was not yet written of a step that has ended."""
        self._changed.pop(step_id, None)

    def flush(self) -> None:
        """Writes what has changed; nobody waits for it."""
        changed, self._changed = self._changed, {}
        for step_id, shown in changed.items():
            self._writer.write(
                lambda c, i=step_id, s=shown: show_progress(  # type: ignore[misc]
                    c, i, s.batch_id, s.job_id, s.fraction, s.message, s.preview
                )
            )
