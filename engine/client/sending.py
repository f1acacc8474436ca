"""Sending: a file or a text that a job has left behind becomes the input of another recipe."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from engine.client.ids import ResolvedId, UnknownId, batch_name, resolve
from engine.contract.recipe import AnyRecipe, Headline
from engine.plugins.catalog import EntryPointCatalog, UnknownName
from engine.queueing.parts import Part, find_part
from engine.queueing.sending import SentEntry, entry_overrides, sent_entry
from engine.text.errors import UserError
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from db.rows import JobRow
    from engine.queueing.queue import QueueOptions
    from engine.runtime.artifacts import ArtifactStore


class Sending:
    """Parts of jobs, prepared as the input of a recipe.

    Args:
        connection: A connection to the store.
        catalog: The recipes that are installed.
        files: The stored files.
        sources: The parts, `JOB` or `JOB:PART`.
        recipe: The recipe that is to take them.
        settings: Its settings; the names of fields of its input are given to each entry.
        options: How the batch is to run.

    Raises:
        UnknownId: There is no such job.
        UnknownPart: A job has no such part.
        QueueError: The recipe cannot take a part.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        catalog: EntryPointCatalog,
        files: "ArtifactStore",
        sources: Sequence[str],
        recipe: AnyRecipe,
        options: "QueueOptions",
    ) -> None:
        if not sources:
            raise UserError("Nothing was named to send.")
        fields, settings = entry_overrides(recipe, options.overrides)
        entries: dict[str, SentEntry] = {}
        for source in sources:
            job, part, written = _resolved(connection, catalog, source)
            entry = sent_entry(recipe, job, part, written, files, fields)
            entries[_free(entry.key, entries)] = entry
        self._entries = entries
        self.options: QueueOptions = replace(
            options,
            name=options.name or next(iter(entries)),
            overrides=settings,
            file_format="json",
            origins={key: entry.origin for key, entry in entries.items()},
        )

    def stream(self) -> BytesIO:
        """Return the input from its beginning."""
        document: list[Mapping[str, Any]] = [
            {**entry.fields, "id": key} for key, entry in self._entries.items()
        ]
        return BytesIO(json.dumps(document).encode())


def _free(key: str, taken: Mapping[str, SentEntry]) -> str:
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free


def _resolved(
    connection: sqlite3.Connection, catalog: EntryPointCatalog, source: str
) -> "tuple[JobRow, Part, str]":
    """The job of a source, its part, and both as they are written in full."""
    named, name = split_source(connection, source)
    if named.job is None:
        raise UnknownId(
            f"{quoted(source)} is a batch; name one of its jobs, as j1 or BATCH/KEY, and behind a "
            "colon a part of it, as iteration-2."
        )
    part = part_of(connection, catalog, named, name)
    written = f"{batch_name(named.batch.id)}/{named.job.key}"
    return named.job, part, f"{written}:{name}" if name else written


def split_source(connection: sqlite3.Connection, source: str) -> tuple[ResolvedId, str]:
    """Divide `JOB:PART` into a job and the name of a part, empty if there is none.

    Names of batches and jobs may hold colons: the longest that there is counts.

    Raises:
        UnknownId: There is no such job.
    """
    head, part = source, ""
    while True:
        try:
            return resolve(connection, head), part
        except UnknownId:
            shorter, colon, behind = head.rpartition(":")
            if not colon:
                break
            head, part = shorter, f"{behind}:{part}" if part else behind
    return resolve(connection, source.partition(":")[0]), ""  # raises, and names the job alone


def part_of(
    connection: sqlite3.Connection, catalog: EntryPointCatalog, named: ResolvedId, name: str
) -> Part:
    """Return a part of a job by its name; without one the best, as its recipe sees it.

    Raises:
        UnknownPart: The job has no such part.
    """
    if named.job is None:
        raise TypeError("a batch has no parts")
    recipe = _recipe(catalog, named.batch.recipe)
    headline = recipe.headline if recipe else Headline("score", 0, 100)
    return find_part(connection, named.job, name or _best_part(recipe, named.job), headline)


def _recipe(catalog: EntryPointCatalog, name: str) -> AnyRecipe | None:
    try:
        return catalog.recipe(name)
    except UnknownName:  # it is not installed here; its jobs can be sent all the same
        return None


def best_part_of(catalog: EntryPointCatalog, named: ResolvedId) -> str:
    """Return the step with the best output of a job; empty if its recipe names none."""
    if named.job is None:
        return ""
    return _best_part(_recipe(catalog, named.batch.recipe), named.job)


def _best_part(recipe: AnyRecipe | None, job: "JobRow") -> str:
    """Return the part of a job that its recipe calls its best; empty if it names none."""
    if recipe is None or recipe.best_part is None or job.result is None:
        return ""
    return recipe.best_part(job.decoded_result)
