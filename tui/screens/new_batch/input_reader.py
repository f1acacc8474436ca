"""Reading the file that the form names, in a thread, whenever the name has stood for a moment."""

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
"""Seconds without a key after which a path that was typed is read."""


class InputReader:
    """Reads the form's file and keeps what was found of the newest reading.

    Args:
        screen: Runs the threads and is told by `InputRead`.
    """

    def __init__(self, screen: Screen[int | None]) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._worker: Worker[None] | None = None
        self.number = 0
        """Of the reading that counts."""
        self.reading: Reading | None = None
        """What it has found so far."""

    def wait(self, read: Callable[[], None]) -> None:
        """Calls `read` once no other call of this one has come for `READ_AFTER`."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(READ_AFTER, read)

    def forget(self) -> None:
        """Lets the reading go that is under way, and what it found."""
        self.number += 1
        self.reading = None
        if self._worker is not None:
            self._worker.cancel()

    def read(self, path: Path, recipe: AnyRecipe, others: Sequence[AnyRecipe] = ()) -> None:
        """Reads a file from its beginning, in place of any other.

        Args:
            path: The file.
            recipe: What it is for.
            others: Recipes that it may be for instead.
        """
        self.forget()
        run = partial(self._read, self.number, path, recipe, others)
        self._worker = self._screen.run_worker(run, thread=True, group="read", exit_on_error=False)

    def _read(
        self, number: int, path: Path, recipe: AnyRecipe, others: Sequence[AnyRecipe]
    ) -> None:
        """In a thread."""
        worker = get_current_worker()

        def report(reading: Reading) -> None:
            self._screen.post_message(InputRead(number, reading))

        report(read_input(path, recipe, report, lambda: worker.is_cancelled, others))

    def take(self, message: InputRead) -> bool:
        """Keeps what a reading found; returns whether it is the one that counts."""
        if message.number != self.number:
            return False
        self.reading = message.reading
        return True
