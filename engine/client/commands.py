"""Commands of operators: written to the store, carried out by the engine or here, answered."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from db.queries import batches as batch_queries
from db.queries.deletions import batch_to_delete, has_freed
from db.rows import CommandRow
from db.store import Store, Write
from db.writes.commands import add_command
from engine.client.actions import UnknownAction, action_of
from engine.client.coroutines import run_coroutine
from engine.client.engine_process import engine_holder, suspended_holder
from engine.client.reading import reading
from engine.client.suspended import remedy
from engine.config.paths import WorkspacePaths
from engine.contract import StepError
from engine.runtime.lock import EngineLock, WorkspaceBusy
from engine.text.plural import pluralize
from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.contract.recipe import Catalog
    from engine.runtime.artifacts import ArtifactStore

log = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_SECONDS = 5.0
"""Seconds that an answer is waited for."""

_POLL_SECONDS = 0.05

TargetIds = Mapping[str, int]
"""`{"job": 12}` or `{"batch": 3}`."""


@dataclass(frozen=True, slots=True)
class Report:
    """The answers to the commands of one action, as one text.

    Attributes:
        sentence: What was done, and what was refused and why.
        refused: True if any of them was refused.
    """

    sentence: str
    refused: bool


class Commands:
    """The commands of one workspace.

    Args:
        paths: Folders of the workspace.
        store: Its store.
        load_catalog: Returns the recipes and backends; called only if commands are carried out
            here.
        load_artifacts: Returns the stored files; called only if some are to be removed.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        store: Store,
        load_catalog: "Callable[[], Catalog]",
        load_artifacts: "Callable[[], ArtifactStore]",
    ) -> None:
        self._paths = paths
        self._store = store
        self._load_catalog = load_catalog
        self._load_artifacts = load_artifacts

    def add(
        self,
        verb: str,
        targets: Sequence[TargetIds],
        arguments: Mapping[str, Any] | None = None,
        *,
        source: str,
        on_add: Callable[[sqlite3.Connection, list[int]], None] | None = None,
    ) -> list[int]:
        """Write one command per target, or one without a target; return their numbers.

        A running engine acts on them within a moment; without one they are carried out here,
        before this returns. `on_add` is called with their numbers in the same transaction.

        Raises:
            UnknownAction: There is no such verb; nothing was written.
            sqlite3.OperationalError: Another program holds the store; nothing was written.
        """
        if not action_of(verb).is_command:
            raise UnknownAction(f"{verb} is not a command for an engine.")
        each: list[list[TargetIds]] = [[target] for target in targets] or [[]]

        def add(connection: sqlite3.Connection) -> list[int]:
            written = [add_command(connection, verb, one, arguments or {}, source) for one in each]
            if on_add is not None:
                on_add(connection, written)
            return written

        with self._store.intake() as write:
            numbers = write(add)
        self.process()
        return numbers

    def process(self) -> None:
        """Carry out pending commands while no engine runs; leave them to an engine that does.

        If another program holds the store, a command stays pending and has no answer yet.
        """
        if engine_holder(self._paths) is not None:
            return
        try:
            with EngineLock(self._paths.lock), self._store.alone() as write:
                self._process(write)
        except WorkspaceBusy:
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise

    def _process(self, write: Write) -> None:
        """Carry out each command in one transaction: all of it and its answer, or nothing."""
        with reading(self._store) as connection:
            commands = batch_queries.pending_commands(connection)
        for command in commands:
            write(partial(_carry_out, command, self._load_catalog()))
        self._delete_marked(write)

    def _delete_marked(self, write: Write) -> None:
        """Delete batches that are marked for it, and files that earlier ones have left."""
        with reading(self._store) as connection:
            if batch_to_delete(connection) is None and not has_freed(connection):
                return
        from engine.provenance.copies import SignedCopies
        from engine.runtime.deletion import Deletion, delete_here

        deletion = Deletion(
            self._store,
            self._paths,
            self._load_catalog(),
            SignedCopies(self._paths.signed, 0).remove_of,
            self._load_artifacts(),
        )
        try:
            delete_here(deletion, write)
        except StepError as error:  # what is left is removed by the next command or engine
            log.warning("files of deleted batches are left: %s", error)

    def answer(self, number: int) -> CommandRow | None:
        """Return a command, with its answer once it has been carried out."""
        with reading(self._store) as connection:
            return batch_queries.command(connection, number)

    def wait(self, numbers: Sequence[int]) -> list[CommandRow | None]:
        """Wait a while for the answers to commands; return them as they are then."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            answers = [self.answer(number) for number in numbers]
            waiting = any(answer is not None and answer.state == "pending" for answer in answers)
            if not waiting or time.monotonic() > deadline:
                return answers
            self.process()  # the engine may have ended before it came to them
            time.sleep(_POLL_SECONDS)

    def waits_for(self) -> str:
        """Return the reason why a command has no answer yet."""
        if suspended := suspended_holder(self._paths):
            return f"asked for; the engine, pid {suspended[0]}, is suspended. {remedy(suspended)}"
        if engine_holder(self._paths) is not None:
            return "asked for; the engine has not processed it yet."
        return (
            "asked for, but another program holds the store. The next command or engine that finds "
            "the store free carries it out."
        )

    def report(self, verb: str, targets: Sequence[TargetIds], numbers: Sequence[int]) -> Report:
        """Wait for the answers to the commands of one action, and sum them up."""
        answers = [command for command in self.wait(numbers) if command is not None]
        by_state: dict[str, list[str]] = {"done": [], "refused": [], "pending": []}
        for command in answers:
            by_state.setdefault(command.state, []).append(command.answer or "")
        done, refused, waiting = by_state["done"], by_state["refused"], len(by_state["pending"])
        if len(answers) == 1:
            one = (done or refused or [self.waits_for().capitalize()])[0]
            return Report(clean(one, 400), bool(refused))
        noun, many = ("batch", "batches") if "batch" in targets[0] else ("job", "jobs")
        parts = [f"{action_of(verb).done} {pluralize(len(done), noun, many)}."] if done else []
        if refused:
            parts.append(f"{pluralize(len(refused), noun, many)} refused: {refused[0]}")
        if waiting:
            parts.append(f"{pluralize(waiting, noun, many)} not answered yet.")
        return Report(clean(" ".join(parts), 400), bool(refused))


def _carry_out(command: CommandRow, catalog: "Catalog", connection: sqlite3.Connection) -> None:
    """Carry out a command within the transaction of a connection."""
    from engine.runtime.command_context import NoEngine
    from engine.runtime.commands import CommandHandler

    async def awaited(operation: Callable[[sqlite3.Connection], T]) -> T:
        return operation(connection)

    run_coroutine(CommandHandler(connection, awaited, NoEngine(), catalog).carry_out(command))
