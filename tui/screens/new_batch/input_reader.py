"""Reading the form's file in a thread, shortly after its name was typed."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, get_current_worker

from engine.client.inputs import Reading, read_input
from engine.contract.recipe import AnyRecipe
from tui.screens.new_batch.messages import InputRead

READ_AFTER = 0.3
"""Seconds without a key before a typed path is read."""


class InputReader:
    """Reader of the form's file, with the results of the newest reading.

    Args:
        screen: Runs the threads and receives `InputRead`.
    """

    def __init__(self, screen: Screen[int | None]) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._worker: Worker[None] | None = None
        self.number = 0
        """Number of the current reading."""
        self.reading: Reading | None = None
        """Its results so far."""

    def wait(self, read: Callable[[], None]) -> None:
        """Drop the current reading; call `read` once no other call has come for `READ_AFTER`."""
        self.forget()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(READ_AFTER, read)

    def forget(self) -> None:
        """Drop the current reading and its results."""
        self.number += 1
        self.reading = None
        if self._worker is not None:
            self._worker.cancel()

    def read(self, path: Path, recipe: AnyRecipe, others: Sequence[AnyRecipe] = ()) -> None:
        """Read a file from its beginning, in place of any other.

        Args:
            path: The file.
            recipe: Its recipe.
            others: Recipes that it may fit instead.
        """
        self.forget()
        run = partial(self._read, self.number, path, recipe, others)
        self._worker = self._screen.run_worker(run, thread=True, group="read", exit_on_error=False)

    def _read(
        self, number: int, path: Path, recipe: AnyRecipe, others: Sequence[AnyRecipe]
    ) -> None:
        """Read; in a thread."""
        worker = get_current_worker()

        def report(reading: Reading) -> None:
            self._screen.post_message(InputRead(number, reading))

        report(read_input(path, recipe, report, lambda: worker.is_cancelled, others))

    def take(self, message: InputRead) -> bool:
        """Store the results of a reading; return True if it is the current one."""
        if message.number != self.number:
            return False
        self.reading = message.reading
        return True
