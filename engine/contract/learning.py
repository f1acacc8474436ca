"""Learning of a recipe from its finished jobs: terms that help with a model, or never do."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from db.rows import JobRow


class Evidence(NamedTuple):
    """One time that a term was tried.

    Attributes:
        model: Backend and model that it was tried with, `fal fal-ai/flux/dev`.
        term: A phrase, at most 200 characters.
        gain: Points that the score rose by.
    """

    model: str
    term: str
    gain: float


@dataclass(frozen=True, slots=True)
class Learner:
    """Reader of what finished jobs have shown, and the setting that gets it.

    Attributes:
        capability: Capability whose first backend and model what was learned belongs to.
        setting: The setting that gets terms that never helped, when a batch is queued.
        switch: The setting that says whether it does.
        most: Maximum number of terms.
        read: Yields what a finished job has shown.
    """

    capability: str
    setting: str
    switch: str
    most: int
    read: Callable[[sqlite3.Connection, JobRow], Iterable[Evidence]]
