"""The Python door: a workspace, for the command line, scripts and notebooks alike.

from safelight import open_workspace

    with open_workspace("images") as workspace:
        batch = workspace.run("refine", "prompts.json", settings={"seed": 11})
        for report in workspace.results(batch):
            print(report.key, report.best_iteration)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.rows import BatchRow, CommandRow
from engine import __version__
from engine.client.commands import Report, TargetIds
from engine.client.coroutines import run_coroutine
from engine.client.ids import find_batch, resolve
from engine.client.keeping import KeepingWorkspace
from engine.client.run_id import run_id
from engine.client.watch import BatchUpdate
from engine.text.errors import UserError

if TYPE_CHECKING:  # each is imported by the first call that needs it
    from db.rows import JobRow
    from engine.client.gates import WaitingGate
    from engine.client.grids import GridView
    from engine.client.opening.copies import OpenedFile
    from engine.client.opening.running import RunningProgram
    from engine.client.undoing import Undoing
    from engine.contract.outputs import SummaryLine
    from engine.queueing.queue import QueueOptions, Source
    from engine.runtime.engine import Engine

OnUpdate = Callable[[BatchUpdate], None]


class Workspace(KeepingWorkspace):
    """One workspace: batches are queued into it, run and followed, and stepped into.

    `OpenedWorkspace` has its arguments, attributes and errors.
    """

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
        """Queue an input and wait until its batch has ended; return the batch's id."""
        batch = self.queue(recipe, source, settings=settings, flags=flags, options=options)
        self.follow(batch, progress)
        return batch

    def follow(self, batch: str, progress: OnUpdate | None = None) -> BatchRow:
        """Wait until a batch has ended or is parked; run the engine here if none is running.

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
        """Follow a batch to its end; run the engine here if none is running.

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
            signer=self.signer,
            overrides=self._overrides,
        )

    def results(self, batch: str) -> Iterator[Any]:
        """Yield the result of each job of a batch, in the order of the input.

        Yields:
            For `refine` a `JobReport`, for `storyboard` a `StoryboardReport`; for another recipe
            what it reports, or the job's row where it reports nothing.
        """
        from db.queries.jobs import all_jobs

        with self.reading() as connection:
            row = find_batch(connection, batch)
            report = self.catalog.recipe(row.recipe).outputs.report
            for job in all_jobs(connection, row.id):
                yield job if report is None else report(connection, row, job)

    def jobs(self, batch: str) -> "list[JobRow]":
        """Return the rows of a batch's jobs, in the order of the input."""
        from db.queries.jobs import all_jobs

        with self.reading() as connection:
            return list(all_jobs(connection, find_batch(connection, batch).id))

    def grid_of(self, batch: str, *, files: bool = False) -> "GridView":
        """Return a batch as a grid: its axes, and the job of each cell.

        Args:
            batch: The batch.
            files: True to read the file that represents each cell.

        Raises:
            UnknownId: Nothing has this id.
            NoGrid: It is no grid.
        """
        from engine.client.grids import read_grid

        with self.reading() as connection:
            row = find_batch(connection, batch)
            headline = self.catalog.recipe(row.recipe).headline
            return read_grid(connection, row, headline, files=files)

    def summary(self, batch: str) -> "list[SummaryLine]":
        """Return the facts that a recipe sums a batch up by; empty if it has none."""
        with self.reading() as connection:
            row = find_batch(connection, batch)
            outputs = self.catalog.recipe(row.recipe).outputs
            if outputs.summary is None:
                return []
            return list(outputs.summary(connection, row, self._local_path))

    def _local_path(self, hash_: str) -> "Path":
        """Return where a stored file is here, fetched if it can be; opening it may fail."""
        from engine.contract import StepError

        with suppress(OSError, StepError):
            return self.artifacts.stored(hash_)
        return self.artifacts.path(hash_)

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

    def pause_all(self) -> int:
        """Pause everything, over restarts; return the command's number."""
        return self.command("pause_all", [])[0]

    def resume_all(self) -> int:
        """Resume everything that `pause_all` paused; return the command's number."""
        return self.command("resume_all", [])[0]

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

    def undoing(self, job: str, key: str = "") -> "Undoing":
        """Return the latest decision of a job, or of a key, with what taking it back changes.

        Raises:
            UnknownId: Nothing has this id.
            NothingToUndo: There is no such decision.
        """
        from engine.client.undoing import undoing_of

        with self.reading() as connection:
            named = resolve(connection, job)
            if named.job is None:
                raise UserError("A decision is about one job; name it.")
            return undoing_of(connection, named.job, key)

    def undo(self, job: str, key: str = "") -> int:
        """Take the latest decision of a job back, or that of a key; return the command's number."""
        return self.command("undo", [job], {"key": key})[0]

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

    # -- files --------------------------------------------------------------------------------

    def open(self, source: str, part: str = "") -> "RunningProgram":
        """Open a file of a job in the system's viewer or in a player; return the program.

        Args:
            source: The job, `JOB` or `JOB:PART`.
            part: The part, as for `send`; by default the job's best result.

        Raises:
            UnknownId: There is no such job.
            UnknownPart: The job has no such part.
            CannotOpen: There is no program for it here; the message has the path of a copy.
        """
        from engine.client.opening.part import open_file

        return open_file(self.file(source, part), self.artifacts, self.settings.open)

    def file(self, source: str, part: str = "") -> "OpenedFile":
        """Return the file of a part of a job; arguments and errors as for `open`."""
        from engine.client.opening.part import file_of

        with self.reading() as connection:
            return file_of(connection, self.catalog, source, part)

    def answer(self, number: int) -> CommandRow | None:
        """Return a command, with its answer once it has been carried out."""
        return self.commands.answer(number)


def open_workspace(
    folder: str | Path = ".",
    *,
    create: bool = True,
    overrides: Mapping[str, Any] | None = None,
) -> Workspace:
    """Open the workspace in a folder, creating it if it does not exist.

    Args:
        folder: The workspace's folder.
        create: Whether to make a workspace there.
        overrides: Settings that win over files and environment, as nested mappings.
    """
    return Workspace(Path(folder), create=create, overrides=overrides)
