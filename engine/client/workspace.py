"""The Python door: a workspace, for the command line, scripts and notebooks alike.

from engine import open_workspace

    with open_workspace("pictures") as workspace:
        batch = workspace.run("refine", "prompts.json", settings={"seed": 11})
        for report in workspace.results(batch):
            print(report.key, report.best_iteration)
"""

import asyncio
import os
import socket
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

from db.queries import batches as batch_queries
from db.rows import Batch, Command
from db.store import Store, Write
from db.writes import commands as command_writes
from engine.client.errors import damaged, is_damage
from engine.client.follow import attend
from engine.client.ids import batch_name, find, find_batch
from engine.client.watch import Update
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings, read_settings
from engine.config.version import __version__
from engine.contract.recipe import Catalog
from engine.money.estimate import Estimate
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.queue import Queue, QueueOptions, Source, take_back
from engine.runtime.commands import CommandDesk, NothingRuns
from engine.runtime.engine import Engine
from engine.runtime.lock import EngineLock, WorkspaceBusy, lock_holder
from engine.runtime.suspended import is_suspended

T = TypeVar("T")
OnUpdate = Callable[[Update], None]


class Workspace:
    """One workspace: its store, its settings, and an engine when one is needed.

    Args:
        root: The workspace's folder.
        create: Make the workspace where there is none.
        catalog: Where recipes and backends are found; by default the installed ones.
        overrides: Settings that win over files and environment.
        private: The private folder, where it is not in `root`; see `trial`.

    Attributes:
        shown_root: The folder as it was given, for messages.

    Raises:
        StoreError: The store cannot be used.
        SettingsError: A setting is wrong.
    """

    def __init__(
        self,
        root: Path,
        *,
        create: bool = False,
        catalog: EntryPointCatalog | None = None,
        overrides: Mapping[str, Any] | None = None,
        private: Path | None = None,
    ) -> None:
        self.shown_root = root
        self.paths = WorkspacePaths(root.absolute(), private)
        self.catalog = catalog or EntryPointCatalog()
        self._overrides = overrides
        if create:
            self.paths.make()
            self.store = Store.create(self.paths.store, created_by=__version__)
        else:
            self.store = Store(self.paths.store)
        self.settings: Settings = read_settings(root, overrides)
        self._forget_abandoned()

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
        connection = self.store.reader()
        try:
            yield connection
        except (ValueError, sqlite3.OperationalError) as error:
            if is_damage(error):
                raise damaged(error) from error
            raise
        finally:
            connection.close()

    # -- work ---------------------------------------------------------------------------------

    def queue(
        self,
        recipe: str,
        source: Source | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: QueueOptions | None = None,
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
        queue = Queue(self.paths, self.store, self.settings, self.catalog)
        return batch_name(queue.queue(self.catalog.recipe(recipe), source, chosen))

    def estimate(
        self,
        recipe: str,
        source: Source | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: QueueOptions | None = None,
    ) -> Estimate:
        """What a batch would take: steps, calls, cost and time; arguments as for `queue`."""
        chosen = _with(options, settings, flags)
        queue = Queue(self.paths, self.store, self.settings, self.catalog)
        return queue.estimate(self.catalog.recipe(recipe), source, chosen)

    def append(self, batch: str, source: Source, options: QueueOptions | None = None) -> int:
        """Adds entries to a batch; returns how many."""
        with self.reading() as connection:
            found = find_batch(connection, batch)
        queue = Queue(self.paths, self.store, self.settings, self.catalog)
        recipe = self.catalog.recipe(found.recipe)
        return queue.append(found.id, recipe, source, options or QueueOptions())

    def run(
        self,
        recipe: str,
        source: Source | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        flags: Mapping[str, Any] | None = None,
        options: QueueOptions | None = None,
        progress: OnUpdate | None = None,
    ) -> str:
        """Queues an input and stays until its batch has ended; returns the batch's id."""
        batch = self.queue(recipe, source, settings=settings, flags=flags, options=options)
        self.follow(batch, progress)
        return batch

    def follow(self, batch: str, progress: OnUpdate | None = None) -> Batch:
        """Stays until a batch has ended or is parked, being the engine where none runs.

        Args:
            batch: The batch's id.
            progress: Called with what has changed, a few times a second.

        Raises:
            KeyboardInterrupt: A signal cut it short; the batch can be followed again.
        """
        with self.reading() as connection:
            batch_id = find_batch(connection, batch).id
        ended, came = _run(self.attend(batch_id, progress or (lambda _update: None)))
        if came:
            raise KeyboardInterrupt
        return ended

    async def attend(self, batch_id: int, on_update: OnUpdate) -> tuple[Batch, int]:
        """Follows a batch to its end, being the engine where none runs.

        Returns:
            The batch as it is at the end, and the number of the signal that cut it short, or 0.
        """
        return await attend(self.store, self.paths, self.engine, batch_id, on_update)

    def engine(self) -> Engine:
        """An engine for this workspace; it takes the lock when it runs."""
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
        """Asks for something to be done to batches and jobs; returns the commands' numbers.

        A running engine acts on them within a moment. Where none runs, they are carried out
        before this returns.

        Raises:
            UnknownId: Nothing has one of the ids; nothing was asked for.
            sqlite3.OperationalError: Another program holds the store; nothing was asked for.
        """
        with self.reading() as connection:
            targets = [find(connection, text).target for text in ids]

        def add(connection: sqlite3.Connection) -> list[int]:
            return [
                command_writes.add_command(connection, verb, [target], arguments or {}, source)
                for target in targets
            ]

        with self.store.intake() as write:
            numbers = write(add)
        self.carry_out_commands()
        return numbers

    def ask(self, verb: str, arguments: Mapping[str, Any], *, source: str = "python") -> int:
        """Asks the engine for something that is about no batch; returns the command's number."""
        with self.store.intake() as write:
            number = write(lambda c: command_writes.add_command(c, verb, [], arguments, source))
        self.carry_out_commands()
        return number

    def carry_out_commands(self) -> None:
        """Does what was asked for while no engine runs; leaves it to the engine that does.

        Where another program holds the store, a command stays asked for: `answer` has none yet.
        """
        try:
            with EngineLock(self.paths.lock), self.store.alone() as write:
                self._carry_out(write)
        except WorkspaceBusy:
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise

    def _carry_out(self, write: Write) -> None:
        """Does each pending command in one transaction: all of it and its answer, or nothing."""
        with self.reading() as connection:
            commands = batch_queries.pending_commands(connection)
        for command in commands:
            write(partial(_do, command, self.catalog))

    def answer(self, number: int) -> Command | None:
        """A command, with what became of it once it has been carried out."""
        with self.reading() as connection:
            return batch_queries.command(connection, number)

    def engine_process(self) -> tuple[int, str] | None:
        """Pid and host of the engine that runs on this workspace; None where none does."""
        return lock_holder(self.paths.lock)

    def suspended_engine(self) -> tuple[int, str] | None:
        """Pid and host of an engine that holds the workspace and is stopped, doing nothing."""
        holder = self.engine_process()
        return holder if is_suspended(holder) else None

    def _forget_abandoned(self) -> None:
        """Removes batches whose queueing was cut off on this machine: whole or not there."""
        with self.reading() as connection:
            preparing = batch_queries.preparers(connection)
        for batch_id, preparer in preparing:
            if not _is_alive(preparer):
                with self.store.intake() as write:
                    take_back(write, batch_id)


def _do(command: Command, catalog: Catalog, connection: sqlite3.Connection) -> None:
    """Carries a command out within the transaction of a connection."""

    async def awaited(operation: Callable[[sqlite3.Connection], T]) -> T:
        return operation(connection)

    _run(CommandDesk(connection, awaited, NothingRuns(), catalog).carry_out(command))


def _with(
    options: QueueOptions | None,
    settings: Mapping[str, Any] | None,
    flags: Mapping[str, Any] | None,
) -> QueueOptions:
    base = options or QueueOptions()
    return replace(
        base,
        overrides={**base.overrides, **(settings or {})},
        flags={**base.flags, **(flags or {})},
    )


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end, also where an event loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _is_alive(preparer: str) -> bool:
    """Whether a `pid@host` may still be at work; another machine's always may."""
    pid, _, host = preparer.partition("@")
    if host != socket.gethostname() or not pid.isdecimal():
        return bool(host)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run_id() -> str:
    """The name of this run: `RUN_ID` where it is set and safe, else time and pid."""
    given = os.environ.get("RUN_ID", "")
    if given and len(given) <= 80 and all(c.isalnum() or c in "._-" for c in given):
        return given.lstrip(".") or "run"
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"


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
