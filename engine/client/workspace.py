"""The Python door: a workspace, for the command line, scripts and notebooks alike.

from safelight import open_workspace

    with open_workspace("images") as workspace:
        batch = workspace.run("refine", "prompts.json", settings={"seed": 11})
        for report in workspace.results(batch):
            print(report.key, report.best_iteration)
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from db.rows import BatchRow, CommandRow
from db.store import Store
from engine.client.abandoned import remove_abandoned
from engine.client.commands import Commands, Report, TargetIds
from engine.client.coroutines import run_coroutine
from engine.client.engine_process import Holder, engine_holder, suspended_holder
from engine.client.ids import batch_name, find_batch, resolve
from engine.client.reading import reading
from engine.client.requests import BatchRequest
from engine.client.run_id import run_id
from engine.client.watch import BatchUpdate
from engine.config.paths import WorkspacePaths
from engine.config.version import __version__

if TYPE_CHECKING:  # each is imported by the first call that needs it
    from engine.client.gates import WaitingGate
    from engine.config.settings import Settings
    from engine.money.estimate import Estimate
    from engine.plugins.catalog import EntryPointCatalog
    from engine.queueing.queue import Queue, QueueOptions, Source
    from engine.runtime.engine import Engine

OnUpdate = Callable[[BatchUpdate], None]


class Workspace:
    """One workspace: its store, its settings, and an engine when one is needed.

    Args:
        root: The workspace's folder.
        create: Make the workspace where there is none.
        catalog: Where recipes and backends are found; by default the installed ones.
        overrides: Settings that win over files and environment.
        private: The private folder, where it is not in `root`; see `trial`.
        check_settings: Read the settings now; otherwise when they are first needed.

    Attributes:
        shown_root: The folder as it was given, for messages.
        paths: Its folders.
        store: Its store.
        commands: Commands of operators.

    Raises:
        StoreError: The store cannot be used.
        SettingsError: A setting is wrong.
    """

    def __init__(
        self,
        root: Path,
        *,
        create: bool = False,
        catalog: "EntryPointCatalog | None" = None,
        overrides: Mapping[str, Any] | None = None,
        private: Path | None = None,
        check_settings: bool = True,
    ) -> None:
        self.shown_root = root
        self.paths = WorkspacePaths(root.absolute(), private)
        self._given_catalog = catalog
        self._overrides = overrides
        if create:
            self.paths.make()
            self.store = Store.create(self.paths.store, created_by=__version__)
        else:
            self.store = Store(self.paths.store)
        self.commands = Commands(self.paths, self.store, lambda: self.catalog)
        if check_settings:
            self.settings  # noqa: B018 - reads them
        remove_abandoned(self.store)

    @cached_property
    def settings(self) -> "Settings":
        """The workspace's settings, as they were when they were first needed."""
        from engine.config.settings import read_settings

        return read_settings(self.shown_root, self._overrides)

    @cached_property
    def catalog(self) -> "EntryPointCatalog":
        """The recipes and backends that are installed."""
        from engine.plugins.catalog import EntryPointCatalog

        return self._given_catalog or EntryPointCatalog()

    @classmethod
    @contextmanager
    def trial(cls, root: Path) -> Iterator[Self]:
        """Open a workspace with an empty store of its own for a while, for estimates.

        Nothing is created in its folder, so an input that is refused leaves none behind.

        Args:
            root: The workspace's folder; its settings are read.
        """
        with TemporaryDirectory(prefix="safelight-") as private:
            yield cls(root, create=True, private=Path(private))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is held open between calls."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a read-only connection for a short while.

        Raises:
            UserError: On leaving: a row holds what Safelight does not write.
        """
        with reading(self.store) as connection:
            yield connection

    # -- work ---------------------------------------------------------------------------------

    def queue(
        self,
        recipe: str,
        source: "Source | None" = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> str:
        """Queues an input; returns the batch's id.

        Args:
            recipe: Name of the recipe.
            source: A file of entries, `-` for standard input, or an open binary stream; None if
                the recipe's own options give the input.
            settings: The recipe's settings, `seed`, and `BACKEND.key`.
            flags: The recipe's own options, for example `{"samples": 100}` for `--samples 100`.
            options: Everything else; `settings` and `flags` win over its own.

        Raises:
            InputError: The input has something wrong; nothing was queued.
            QueueError: An option has something wrong; nothing was queued.
        """
        chosen = _with(options, settings, flags)
        return batch_name(self._queue().queue(self.catalog.recipe(recipe), source, chosen))

    def estimate(
        self,
        recipe: str,
        source: "Source | None" = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
    ) -> "Estimate":
        """What a batch would take: steps, calls, cost and time; arguments as for `queue`."""
        chosen = _with(options, settings, flags)
        return self._queue().estimate(self.catalog.recipe(recipe), source, chosen)

    def queue_request(self, request: BatchRequest) -> str:
        """Queue a request of a form; return the batch's id. Raises as `queue` does."""
        return self.queue(
            request.recipe,
            request.source,
            settings=request.all_settings,
            options=_options_of(request),
        )

    def estimate_request(self, request: BatchRequest) -> "Estimate":
        """Return what a request of a form would take. Raises as `estimate` does."""
        return self.estimate(
            request.recipe,
            request.source,
            settings=request.all_settings,
            options=_options_of(request),
        )

    def append(self, batch: str, source: "Source", options: "QueueOptions | None" = None) -> int:
        """Adds entries to a batch; returns how many."""
        with self.reading() as connection:
            found = find_batch(connection, batch)
        recipe = self.catalog.recipe(found.recipe)
        return self._queue().append(found.id, recipe, source, _with(options, None, None))

    def run(
        self,
        recipe: str,
        source: "Source | None" = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: "QueueOptions | None" = None,
        progress: OnUpdate | None = None,
    ) -> str:
        """Queues an input and stays until its batch has ended; returns the batch's id."""
        batch = self.queue(recipe, source, settings=settings, flags=flags, options=options)
        self.follow(batch, progress)
        return batch

    def follow(self, batch: str, progress: OnUpdate | None = None) -> BatchRow:
        """Stays until a batch has ended or is parked, being the engine where none runs.

        Args:
            batch: The batch's id.
            progress: Called with what has changed, a few times a second.

        Raises:
            KeyboardInterrupt: A signal cut it short; the batch can be followed again.
        """
        with self.reading() as connection:
            batch_id = find_batch(connection, batch).id
        ended, came = run_coroutine(self.attend(batch_id, progress or (lambda _update: None)))
        if came:
            raise KeyboardInterrupt
        return ended

    async def attend(self, batch_id: int, on_update: OnUpdate) -> tuple[BatchRow, int]:
        """Follows a batch to its end, being the engine where none runs.

        Returns:
            The batch as it is at the end, and the number of the signal that cut it short, or 0.
        """
        from engine.client.follow import follow_batch

        return await follow_batch(self.store, self.paths, self.engine, batch_id, on_update)

    def engine(self) -> "Engine":
        """An engine for this workspace; it takes the lock when it runs."""
        from engine.runtime.engine import Engine

        return Engine(
            self.paths,
            self.settings,
            self.catalog,
            version=__version__,
            run_id=run_id(),
            overrides=self._overrides,
        )

    def results(self, batch: str) -> Iterator[Any]:
        """What became of each job of a batch, in the order of the input.

        Yields:
            For `refine` a `JobReport`, for `storyboard` a `StoryboardReport`; for another recipe
            what it reports, or the job's row where it reports nothing.
        """
        from db.queries.jobs import all_jobs

        with self.reading() as connection:
            found = find_batch(connection, batch)
            report = self.catalog.recipe(found.recipe).outputs.report
            for job in all_jobs(connection, found.id):
                yield job if report is None else report(connection, found, job)

    # -- stepping in --------------------------------------------------------------------------

    def command(
        self,
        verb: str,
        ids: Sequence[str],
        arguments: Mapping[str, Any] | None = None,
        *,
        source: str = "python",
    ) -> list[int]:
        """Have something done to batches and jobs; return the commands' numbers.

        A running engine acts on them within a moment; without one they are carried out before
        this returns.

        Args:
            verb: One of `engine.client.actions.ACTIONS`.
            ids: Batches and jobs; none for what is about neither.
            arguments: The action's arguments.
            source: The program that asks.

        Raises:
            UnknownId: Nothing has one of the ids; nothing was done.
            UnknownAction: There is no such verb; nothing was done.
            sqlite3.OperationalError: Another program holds the store; nothing was done.
        """
        with self.reading() as connection:
            targets = [resolve(connection, text).target for text in ids]
        return self.commands.add(verb, targets, arguments, source=source)

    def step_in(
        self, verb: str, targets: Sequence[TargetIds], arguments: Mapping[str, Any], *, source: str
    ) -> Report:
        """Have something done to batches and jobs by number, wait for the answers, sum them up."""
        numbers = self.commands.add(verb, targets, arguments, source=source)
        return self.commands.report(verb, targets, numbers)

    def waiting(self, text: str) -> "list[WaitingGate]":
        """Return what a job, or every job of a batch, shows at gates that wait for approval.

        Args:
            text: A job or a batch.

        Raises:
            UnknownId: Nothing has this id.
        """
        from engine.client.gates import gates_in

        with self.reading() as connection:
            named = resolve(connection, text)
            return list(gates_in(connection, named.batch, named.job))

    def approve(self, job: str, key: str = "", **edited: Any) -> int:
        """Approve what a job waits with at a gate; return the command's number.

        Args:
            job: The job, or a batch for all that its jobs wait with.
            key: The gate, if the job waits at several.
            **edited: `value=...`: plain data that the recipe gets in place of what it showed.
        """
        if set(edited) - {"value"}:
            raise TypeError("approve takes value=... only")
        return self.command("approve", [job], {"key": key, **edited})[0]

    def reject(self, job: str, key: str = "", *, reason: str = "") -> int:
        """Reject what a job waits with at a gate; arguments as for `approve`.

        Args:
            job: The job, or a batch.
            key: The gate, if the job waits at several.
            reason: The reason, for the job's history.
        """
        return self.command("reject", [job], {"key": key, "reason": reason})[0]

    def answer(self, number: int) -> CommandRow | None:
        """Return a command, with its answer once it has been carried out."""
        return self.commands.answer(number)

    def engine_process(self) -> Holder | None:
        """Pid and host of the engine that runs on this workspace; None where none does."""
        return engine_holder(self.paths)

    def suspended_engine(self) -> Holder | None:
        """Pid and host of an engine that holds the workspace and is stopped, doing nothing."""
        return suspended_holder(self.paths)

    def _queue(self) -> "Queue":
        from engine.queueing.queue import Queue

        return Queue(self.paths, self.store, self.settings, self.catalog)


def _options_of(request: BatchRequest) -> "QueueOptions":
    from engine.queueing.queue import QueueOptions

    return QueueOptions(name=request.name, priority=request.priority, in_flight=request.in_flight)


def _with(
    options: "QueueOptions | None",
    settings: Mapping[str, Any] | None,
    flags: Mapping[str, Any] | None,
) -> "QueueOptions":
    from engine.queueing.queue import QueueOptions

    base = options or QueueOptions()
    return replace(
        base,
        overrides={**base.overrides, **(settings or {})},
        flags={**base.flags, **(flags or {})},
    )


def open_workspace(
    folder: str | Path = ".",
    *,
    create: bool = True,
    overrides: Mapping[str, Any] | None = None,
) -> Workspace:
    """Opens the workspace in a folder, making it where there is none.

    Args:
        folder: The workspace's folder.
        create: Whether to make a workspace there.
        overrides: Settings that win over files and environment, as nested mappings.
    """
    return Workspace(Path(folder), create=create, overrides=overrides)
