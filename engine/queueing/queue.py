"""From an input file to a queued batch: validated, snapshotted, atomic."""

import logging
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from db.errors import BatchChanged
from db.queries import batches as batch_queries
from db.queries import jobs as job_queries
from db.rows import BatchRow
from db.store import Store, Write
from db.writes import batches as writes
from db.writes.branches import begin_branch, set_seed
from db.writes.events import record_event
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings
from engine.config.trust.grants import trust
from engine.contract import Backend
from engine.contract.files import KeepFile
from engine.contract.recipe import AnyRecipe, Catalog
from engine.contract.recipe_input import RecipeInput
from engine.intake import ValidEntry, read
from engine.queueing.branching import BranchPlan
from engine.queueing.estimate import estimated
from engine.queueing.extras import refuse_without_extra
from engine.queueing.input_files import keep_in, look_at
from engine.queueing.learning import learn
from engine.queueing.money.estimate import Estimate, less_calls
from engine.queueing.new_jobs import new_job
from engine.queueing.output_folders import OutputFolders
from engine.queueing.overrides import QueueError
from engine.queueing.plan import BatchPlan, Planner, QueueOptions, Source
from engine.queueing.recipe_options import apply_options
from engine.queueing.variants import Variants
from engine.runtime.intake_lock import taking_in
from engine.runtime.objects.opening import artifacts_of
from engine.text.folder_names import place_summary

__all__ = ["KnownIds", "Queue", "QueueError", "QueueOptions", "Source"]

log = logging.getLogger(__name__)

CHUNK = 2000
"""Number of jobs per intake transaction."""

NOTE = "queue.note"
"""Type of the event about parts of a request that a batch's backends ignore."""

APPEND_LIMIT = 100_000
"""Maximum number of entries appended at once, in a single transaction."""

FOLDER_TRIES = 5
"""Maximum number of searches for free folders while other processes take them."""


class KnownIds(QueueError):
    """A batch has some of the ids already that are appended to it."""


class Queue:
    """Queue of batches in a workspace's store.

    Args:
        paths: The workspace's places.
        store: Its store.
        settings: Its settings.
        catalog: Recipes and backends.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        store: Store,
        settings: Settings,
        catalog: Catalog,
    ) -> None:
        self._paths = paths
        self._store = store
        self._settings = settings
        self._catalog = catalog
        self._planner = Planner(paths, store, settings, catalog)
        self._artifacts = artifacts_of(paths, settings)
        self._keep_file = keep_in(self._artifacts)

    def queue(self, recipe: AnyRecipe, source: Source | None, options: QueueOptions) -> int:
        """Read, validate and queue an input; return the batch's number.

        Raises:
            InputError: The input has something wrong; nothing was queued.
            QueueError: The options have something wrong; nothing was queued.
            Untrusted: A key of the user would go to an address that only the workspace names.
        """
        source, options = _applied(recipe, source, options)
        if recipe.learner is not None:
            learn(self._store, self._catalog)
        plan = self._planner.plan(recipe, source, options)
        self._keep_addresses(plan)
        variants = Variants(self._planner, plan, options)
        with taking_in(self._paths.intake_lock):
            entries = _read(variants, source, options, self._keep_file)
            return self._queue(variants, _chunks(entries), options)

    def _keep_addresses(self, plan: BatchPlan) -> None:
        """Store the addresses that the user has given; the engine has only the batch's settings."""
        try:
            if plan.addresses:
                trust(self._paths.root, plan.addresses)
        except OSError as error:
            log.warning("the addresses of this batch cannot be kept as trusted: %s", error)

    def _queue(
        self,
        variants: Variants,
        chunks: Iterator[list[ValidEntry[RecipeInput]]],
        options: QueueOptions,
    ) -> int:
        first = next(chunks, [])  # most inputs are one chunk: an invalid one leaves no trace
        with self._store.intake() as write:
            batch_id, plan = self._create(write, variants.plan)
            write(partial(_note, batch_id=batch_id, notes=plan.notes))
            try:
                for chunk in chain([first], chunks):
                    of = [variants.store(write, batch_id, entry.settings) for entry in chunk]
                    self._add(write, batch_id, plan, chunk, of)
                write(partial(_seal, batch_id=batch_id, options=options))
            except BaseException:
                take_back(write, batch_id)
                raise
        return batch_id

    def backends(
        self, recipe: AnyRecipe, options: QueueOptions
    ) -> Iterator[tuple[str, list[Backend]]]:
        """Yield each capability of a recipe with the backends that a batch would have, in order.

        Raises:
            QueueError: The options have something wrong.
        """
        chosen = apply_options(recipe, None, options).options
        plan = self._planner.plan(recipe, "-", chosen)
        for capability, first in plan.backends.items():
            yield capability, [first, *plan.fallbacks.get(capability, ())]

    def estimate(self, recipe: AnyRecipe, source: Source | None, options: QueueOptions) -> Estimate:
        """Return the estimate of a batch of a recipe and an input, without queueing it.

        Raises:
            InputError: The input has something wrong.
            QueueError: The options have something wrong.
        """
        source, options = _applied(recipe, source, options)
        plan = self._planner.plan(recipe, source, options)
        variants = Variants(self._planner, plan, options)
        entries = _read(variants, source, options, look_at)
        planned = ((entry.input, variants.plan_of(entry.settings)) for entry in entries)
        reader = self._store.reader()
        try:
            return estimated(plan, planned, reader, self._settings)
        finally:
            reader.close()

    def branch(self, planned: BranchPlan) -> int:
        """Queue a branch of a job as a batch of its own; return the batch's number.

        Its job has the key of the one that it comes from, which its seeds derive from.
        """
        plan = replace(planned.plan, origins={planned.key: planned.origin})
        entry = ValidEntry(1, planned.key, planned.input)
        self._keep_addresses(plan)

        def begin(connection: sqlite3.Connection) -> None:
            job = job_queries.job_by_key(connection, batch_id, planned.key)
            if job is None:
                raise BatchChanged(f"Batch b{batch_id} is no longer there.")
            set_seed(connection, job.id, planned.seed)
            begin_branch(connection, job, planned.branch)
            writes.seal_batch(connection, batch_id)

        with taking_in(self._paths.intake_lock), self._store.intake() as write:
            batch_id, plan = self._create(write, plan)
            try:
                self._add(write, batch_id, plan, [entry], [None])
                write(begin)
            except BaseException:
                take_back(write, batch_id)
                raise
        return batch_id

    def estimate_branch(self, planned: BranchPlan) -> Estimate:
        """Return what a branch would take, without the calls that it keeps."""
        reader = self._store.reader()
        try:
            whole = estimated(planned.plan, [(planned.input, planned.plan)], reader, self._settings)
        finally:
            reader.close()
        return less_calls(whole, [(step.backend, step.model) for step in planned.branch.kept])

    @property
    def planner(self) -> Planner:
        """Factory of plans in this workspace."""
        return self._planner

    def append(
        self,
        batch_id: int,
        recipe: AnyRecipe,
        source: Source,
        options: QueueOptions,
    ) -> int:
        """Add entries to a batch, with the batch's own settings; return how many.

        Raises:
            InputError: The input has something wrong; nothing was added.
            QueueError: Too many entries, or an id that the batch already has.
        """
        reader = self._store.reader()
        try:
            batch = batch_queries.batch(reader, batch_id)
        finally:
            reader.close()
        if batch is None or batch.state == "preparing":
            raise QueueError(f"There is no batch b{batch_id} to append to.")
        refuse_without_extra(recipe)
        with taking_in(self._paths.intake_lock):
            return self._append(batch, recipe, source, options)

    def _append(
        self, batch: BatchRow, recipe: AnyRecipe, source: Source, options: QueueOptions
    ) -> int:
        plan = BatchPlan(
            recipe, batch.name, batch.seed, batch.settings, batch.snapshot, Path(batch.outputs), ""
        )
        variants = Variants(self._planner, plan, options)
        entries = list(_read(variants, source, options, self._keep_file, batch.total))
        if len(entries) > APPEND_LIMIT:
            raise QueueError(f"At most {APPEND_LIMIT} entries are appended at once; queue a batch.")
        if any(entry.settings for entry in entries):
            raise QueueError(
                "Entries with settings of their own cannot be appended: a batch keeps its own.",
                remedy="Queue them as a batch.",
            )
        with self._store.intake() as write:
            of, seal = [None] * len(entries), options.on_seal
            self._add(write, batch.id, plan, entries, of, on_seal=seal, beside_others=True)
        return len(entries)

    def _create(self, write: Write, plan: BatchPlan) -> tuple[int, BatchPlan]:
        """Create the batch, under another name if a process has just taken its own."""
        while True:
            batch_id = write(partial(create_named, batch=self._new_batch(plan)))
            if batch_id is not None:
                return batch_id, plan
            plan = replace(plan, name=self._planner.free_name(plan.wanted_name))

    def _new_batch(self, plan: BatchPlan) -> writes.NewBatch:
        folders = self._folders(plan)
        summary = plan.results / place_summary(plan.name, folders.summary_taken, folders.holds_job)
        folders.close()
        return writes.NewBatch(
            name=plan.name,
            recipe=plan.recipe.name,
            recipe_version=plan.recipe.version,
            seed=plan.seed,
            settings=plan.settings,
            snapshot=plan.snapshot,
            outputs=str(plan.results),
            summary=str(summary),
            source=plan.source,
            priority=plan.priority,
            in_flight=plan.in_flight,
            preparer=f"{os.getpid()}@{socket.gethostname()}",
            budget=plan.budget,
            webhooks=plan.webhooks,
            start="done" if plan.recipe.before is None else "pending",
        )

    def _add(
        self,
        write: Write,
        batch_id: int,
        plan: BatchPlan,
        entries: list[ValidEntry[RecipeInput]],
        of: Sequence[int | None],
        *,
        beside_others: bool = False,
        on_seal: Callable[[sqlite3.Connection, int], None] | None = None,
    ) -> None:
        """Add entries to a batch; choose folders again if another process took them meanwhile.

        Args:
            write: Writes in a transaction.
            batch_id: The batch.
            plan: Its plan.
            entries: The entries.
            of: The settings in the store that each of them has of its own.
            beside_others: True if others may add to the batch, too.
            on_seal: Called with the batch's number in the same transaction.

        Raises:
            QueueError: Others add to the batch too, and it has one of the ids.
            Blocked: Files of the entries cannot be stored in the object store.
        """
        self._artifacts.settle()

        def add(connection: sqlite3.Connection) -> None:
            if beside_others:
                _refuse_known_keys(connection, batch_id, entries)
            writes.add_jobs(connection, batch_id, jobs)
            if on_seal is not None:
                on_seal(connection, batch_id)

        for turn in range(FOLDER_TRIES):
            jobs = self._jobs(plan, entries, of)
            try:
                write(add)
            except sqlite3.IntegrityError:
                if turn + 1 == FOLDER_TRIES:
                    raise
            else:
                return

    def _jobs(
        self, plan: BatchPlan, entries: list[ValidEntry[RecipeInput]], of: Sequence[int | None]
    ) -> list[writes.NewJob]:
        folders = self._folders(plan)
        try:
            pairs = zip(entries, of, strict=True)
            return [new_job(plan, entry, folders, variant) for entry, variant in pairs]
        finally:
            folders.close()

    def _folders(self, plan: BatchPlan) -> OutputFolders:
        return OutputFolders(self._store, self._paths.root, plan.results)


def _applied(
    recipe: AnyRecipe, source: Source | None, options: QueueOptions
) -> tuple[Source, QueueOptions]:
    """Return an input and its batch options, with the recipe's own options applied.

    Raises:
        QueueError: The recipe's packages are not installed, or an option is wrong.
    """
    refuse_without_extra(recipe)
    request = apply_options(recipe, source, options)
    if request.source is None:
        raise QueueError(f"Recipe {recipe.name} was given no input.")
    return request.source(), request.options


def _read(
    variants: Variants,
    source: Source,
    options: QueueOptions,
    keep_file: KeepFile,
    offset: int = 0,
) -> Iterator[ValidEntry[RecipeInput]]:
    """Read and validate an input for a batch; `offset` is the number of entries that it has."""
    recipe = variants.plan.recipe
    entries = read(
        source,
        recipe.input,
        file_format=options.file_format,
        keep_file=keep_file,
        offset=offset,
        reader=recipe.reader,
        settings=recipe.settings.model_validate_json(variants.plan.settings),
        check=variants.problems,
        grid=options.grid,
        may_set_backends=options.own_settings,
        stored=options.stored,
    )
    return entries if options.limit is None else islice(entries, options.limit)


def create_named(connection: sqlite3.Connection, batch: writes.NewBatch) -> int | None:
    """Add a batch and return its number; None if another one has its name."""
    if batch_queries.batches_named(connection, batch.name):
        return None
    return writes.create_batch(connection, batch)


def _refuse_known_keys(
    connection: sqlite3.Connection, batch_id: int, entries: list[ValidEntry[RecipeInput]]
) -> None:
    known = [e.key for e in entries if job_queries.job_by_key(connection, batch_id, e.key)]
    if known:
        raise KnownIds(f"Batch b{batch_id} already has the ids {', '.join(known[:10])}.")


def _seal(connection: sqlite3.Connection, batch_id: int, options: QueueOptions) -> None:
    writes.seal_batch(connection, batch_id)
    if options.on_seal is not None:
        options.on_seal(connection, batch_id)


def _note(connection: sqlite3.Connection, batch_id: int, notes: Sequence[str]) -> None:
    for note in notes:
        record_event(connection, NOTE, batch_id=batch_id, level="warning", message=note)


def _chunks(entries: Iterator[ValidEntry[RecipeInput]]) -> Iterator[list[ValidEntry[RecipeInput]]]:
    while chunk := list(islice(entries, CHUNK)):
        yield chunk


def take_back(write: Write, batch_id: int) -> None:
    """Remove an unfinished batch, a slice at a time."""
    while write(lambda c: writes.delete_jobs_of(c, batch_id)):
        pass
    write(lambda c: writes.delete_batch(c, batch_id))
