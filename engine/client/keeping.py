"""Ratings, stars and notes of an operator; archived, deleted and searched batches."""

import getpass
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.client.ids import UnknownId, find_batch, find_job, resolve
from engine.client.queueing import QueueingWorkspace
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from db.queries.deletions import Freed
    from db.queries.learned import LearnedRow
    from db.queries.ratings import RatingRow
    from engine.client.search import SearchResult


MOST_READ = 100_000
"""Maximum number of finished jobs that are read before what was learned is listed."""


class KeepingWorkspace(QueueingWorkspace):
    """A workspace whose results are rated, put away and searched."""

    # -- ratings ------------------------------------------------------------------------------

    def rate(self, source: str, value: str | int | None = None, *, note: str | None = None) -> int:
        """Rate a job or a part of it; return the command's number.

        Args:
            source: The job, or a part of it: `JOB` or `JOB:PART`, as for `send`.
            value: 1 to 5, `keep`, `reject`, or `none`; None leaves the rating as it is.
            note: A note in place of the one before, at most 4 000 characters; None leaves it.

        Raises:
            UnknownId: There is no such job.
            UnknownPart: The job has no such part.
        """
        with self.reading() as connection:
            target, part = self._rated(connection, source)
        arguments = rating_arguments(value, note, part)
        return self.commands.add("rate", [target], arguments, source="python")[0]

    def ratings(self, job: str) -> "list[RatingRow]":
        """Return the ratings of a job and of its parts, earlier ones too, oldest first.

        Raises:
            UnknownId: There is no such job.
        """
        from db.queries.ratings import ratings_of

        with self.reading() as connection:
            named = find_job(connection, job)
            return ratings_of(connection, named.job.id) if named.job else []

    def rated(self, source: str) -> tuple[dict[str, int], str]:
        """Return the target of a rating and the part that it is about; errors as for `rate`."""
        with self.reading() as connection:
            return self._rated(connection, source)

    def _rated(self, connection: sqlite3.Connection, source: str) -> tuple[dict[str, int], str]:
        from engine.client.sending import part_of, split_source

        named, part = split_source(connection, source)
        if named.job is None:
            raise UnknownId(f"{quoted(source)} is a batch; name one of its jobs, as BATCH/KEY.")
        if part:
            part_of(connection, self.catalog, named, part)
        return named.target, part

    def learned(self, model: str = "", *, all_terms: bool = False) -> "list[LearnedRow]":
        """Return terms that never helped with a model, once finished jobs have been read.

        Args:
            model: Only of models with this in their name.
            all_terms: Also terms that helped, or were tried too seldom.
        """
        from db.queries.learned import learned
        from engine.queueing.learning import learn

        learn(self.store, self.catalog, MOST_READ)
        with self.reading() as connection:
            return learned(connection, model, all_terms=all_terms)

    # -- batches ------------------------------------------------------------------------------

    def star(self, batch: str, *, on: bool = True) -> int:
        """Star a batch, or take its star away; return the command's number."""
        return self._of_batch("star", batch, {"on": on})

    def note(self, batch: str, text: str) -> int:
        """Write a note on a batch, at most 4 000 characters; return the command's number."""
        return self._of_batch("note", batch, {"text": text})

    def archive(self, batch: str) -> int:
        """Leave a batch out of lists; return the command's number."""
        return self._of_batch("archive", batch, {})

    def unarchive(self, batch: str) -> int:
        """List an archived batch again; return the command's number."""
        return self._of_batch("unarchive", batch, {})

    def delete(self, batch: str) -> int:
        """Delete an ended batch; return the command's number.

        Its rows, outputs and stored files go in small pieces: before this returns if no engine
        runs. Files that other batches name stay. What was spent stays counted.
        """
        return self._of_batch("delete", batch, {})

    def frees(self, batch: str) -> "Freed":
        """Return what deleting a batch frees.

        Raises:
            UnknownId: There is no such batch.
        """
        from db.queries.deletions import what_is_freed

        with self.reading() as connection:
            freed = what_is_freed(connection, find_batch(connection, batch).id)
        if freed is None:
            raise UnknownId(f"{quoted(batch)} is gone.")
        return freed

    def _of_batch(self, verb: str, batch: str, arguments: Mapping[str, Any]) -> int:
        with self.reading() as connection:
            target = resolve(connection, batch).target
        return self.commands.add(verb, [target], arguments, source="python")[0]

    # -- search -------------------------------------------------------------------------------

    def search(
        self,
        text: str,
        *,
        batch: str | None = None,
        recipe: str | None = None,
        min_score: float | None = None,
        rating: str | None = None,
        limit: int = 50,
    ) -> "SearchResult":
        """Search the prompts, critiques, reasons, notes, models and keys of finished jobs.

        Args:
            text: Words that all occur, the last perhaps only begun; `"..."` is a phrase, `-word`
                leaves jobs out. Any text is a query.
            batch: Only this batch.
            recipe: Only batches of this recipe.
            min_score: Only jobs with at least this headline score.
            rating: Only jobs rated like this: `4`, `keep`, `>=4`.
            limit: Maximum number of jobs, at most 1 000.

        Raises:
            UnknownId: There is no such batch.
            ValueError: `rating` is not a condition.
        """
        from db.queries.search import Condition
        from engine.client import search

        with self.reading() as connection:
            ranks = rating_ranks(rating)
            batch_id = find_batch(connection, batch).id if batch else None
        self.index_words()
        with self.reading() as connection:
            condition = Condition(batch_id, recipe, min_score, ranks)
            return search.search(connection, text, condition, limit)

    def index_words(self) -> None:
        """Index words of finished jobs for a moment, if there are any and no engine does it."""
        from db.queries.search import count_unindexed
        from engine.client.engine_process import engine_holder
        from engine.client.search import index_here

        with self.reading() as connection:
            behind = count_unindexed(connection, 1) > 0
        if behind and engine_holder(self.paths) is None:
            index_here(self.store, self.paths)


def rating_ranks(condition: str | None) -> frozenset[int] | None:
    """Return the ranks that a condition on ratings accepts; None for no condition.

    Raises:
        ValueError: It is not a condition.
    """
    from db.rating import ranks_of

    if condition is None:
        return None
    ranks = ranks_of(condition)
    if ranks is None:
        raise ValueError(f"{quoted(condition)} is no rating: 1 to 5, keep, reject, or >=4, <3.")
    return ranks


def rating_arguments(
    value: str | int | None, note: str | None = None, part: str = ""
) -> dict[str, Any]:
    """Return the arguments of the command `rate`, with the name of the user."""
    try:
        author = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        author = "operator"
    arguments = {"value": None if value is None else str(value), "note": note, "part": part}
    return {
        **{name: one for name, one in arguments.items() if one is not None},
        "author": author[:100],
    }
