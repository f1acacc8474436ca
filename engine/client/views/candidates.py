"""Things that are compared: parts of a job, or whole jobs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.queries.faces import FileLine
from engine.client.views.checks import CheckLine
from engine.client.views.files import OpenableFile

if TYPE_CHECKING:
    from engine.contract.kinds import Item

MAX_CANDIDATES = 50
"""Maximum things that are compared; the newest of more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several things that are compared.

    Attributes:
        job: Its job.
        node: Its node in the job's tree; 0 for the job itself.
        title: Its name, cleaned.
        state: Its state.
        score: Its score.
        prompt: The prompt that it was generated from, cleaned; empty if it is a prompt itself.
        scores: Further scores by metric.
        file: Its file.
        item: Its result, if it has no file.
        opens: The same file, to be opened.
        checks: What its judge has looked for.
        again: Steps that run again if it is chosen, of a whole job if it is queued again; empty if
            it can be neither.
        rating: Its own rating: `1` to `5`, `keep`, `reject`; None if it is not rated.
        settings: Settings that it was generated with by name, cleaned; empty for a part of a job.
    """

    job: int
    node: int
    title: str
    state: str
    score: float | None
    prompt: str = ""
    scores: tuple[tuple[str, float], ...] = ()
    file: FileLine | None = None
    item: "Item | None" = None
    opens: OpenableFile | None = None
    checks: tuple[CheckLine, ...] = ()
    again: str = ""
    rating: str | None = None
    settings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Things to compare.

    Attributes:
        title: What they are, cleaned.
        candidates: The things, in order.
        chosen: Number of the one that was selected, from 0.
        first: Index of the first thing in its list.
        total: Number of things in the list; 0 if all of them are here.
    """

    title: str
    candidates: tuple[Candidate, ...] = ()
    chosen: int = 0
    first: int = 0
    total: int = 0

    def place(self, number: int) -> str:
        """Return the place of a thing in its list, as `3/12`."""
        return f"{self.first + number + 1}/{self.total or len(self.candidates)}"
