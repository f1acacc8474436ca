"""The files that represent jobs, for sheets and glances; those of ended jobs are read once."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.queries.faces import FileLine, faces_of_jobs, newest_previews
from db.queries.lists import JobLine
from engine.client.views.files import faces
from engine.client.views.recipe_info import RecipeInfo

MAX_KEPT = 2_000
"""Maximum number of jobs whose files are remembered."""

_ENDED = {"done", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class Face:
    """The image of a job.

    Attributes:
        file: Its best file, of any kind.
        preview: The image that it is generating, if its backend shows one: a small encoded file.
    """

    file: FileLine | None = None
    preview: bytes = b""


class FaceReader:
    """Reader of the faces of jobs."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[object, FileLine | None]] = OrderedDict()

    def of(
        self, connection: sqlite3.Connection, jobs: Sequence[JobLine], headline: RecipeInfo
    ) -> dict[int, Face]:
        """Return the face of each job that has one.

        Args:
            connection: A reader.
            jobs: Jobs of one recipe, some hundred at most.
            headline: The headline of the recipe.
        """
        missing = [job for job in jobs if self._kept.get(job.id, (None,))[0] != _version(job)]
        files = self._read(connection, [job.id for job in missing], headline)
        for job in missing:
            self._kept[job.id] = (_version(job), files.get(job.id))
        self._forget(job.id for job in jobs)
        running = [job.id for job in jobs if job.state == "running"]
        previews = newest_previews(connection, running) if running else {}
        result = {job.id: Face(self._kept[job.id][1], previews.get(job.id, b"")) for job in jobs}
        return {id_: face for id_, face in result.items() if face != Face()}

    @staticmethod
    def _read(
        connection: sqlite3.Connection, ids: list[int], headline: RecipeInfo
    ) -> dict[int, FileLine]:
        if not ids:
            return {}
        better = headline.higher_is_better
        return faces_of_jobs(
            connection, ids, headline.metric, higher_is_better=better, faces=faces()
        )

    def _forget(self, needed: Iterable[int]) -> None:
        """Drop the oldest ones."""
        for id_ in needed:
            self._kept.move_to_end(id_)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)


def _version(job: JobLine) -> object:
    """Return a value that differs once the face may have changed; None if it always may."""
    if job.state not in _ENDED:
        return object()
    return (job.state, job.finished_at, job.score)
