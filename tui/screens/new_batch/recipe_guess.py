"""The recipe that a file is for, until the operator chooses one."""

from engine.client.inputs import Reading


class RecipeGuess:
    """Guess of a recipe from the file alone, not from what was guessed before.

    While a path is typed, its beginning may be a folder that fits another recipe. So each file is
    first read for the usual recipe, whichever is shown.

    Args:
        settled: True if the recipe is chosen from the start.
    """

    def __init__(self, *, settled: bool) -> None:
        self.settled = settled
        """True if the operator has chosen the recipe."""
        self._is_open = False
        self._number = 0
        self._guessed = ""
        self._is_unusual = False

    @property
    def is_unusual(self) -> bool:
        """True if another recipe than the usual one was guessed from the file."""
        return self._is_unusual and not self.settled

    @property
    def is_open(self) -> bool:
        """True if there is a file whose recipe is not guessed yet."""
        return self._is_open and not self.settled

    def open(self) -> None:
        """Guess again: there is another file, which will be read."""
        self._is_open = True

    def close(self) -> None:
        """Guess nothing: there is no file."""
        self._is_open = self._is_unusual = False

    def wait_for(self, number: int) -> None:
        """Have a reading decide, which is for the usual recipe.

        Args:
            number: Number of the reading.
        """
        self._is_open, self._number = True, number

    def decide(self, number: int, reading: Reading, usual: str) -> str:
        """Return the recipe that a reading decides for; empty if it decides nothing.

        Args:
            number: Number of the reading.
            reading: Its results.
            usual: Recipe that it was read for.
        """
        if not self.is_open or number != self._number or not reading.finished:
            return ""
        self._is_open = False
        self._is_unusual = bool(reading.problems) and reading.fits_one
        self._guessed = reading.fits if self._is_unusual else usual
        return self._guessed

    def note(self, shown: str) -> None:
        """Note the recipe that is shown now: another one than the guessed is the operator's."""
        self.settled = self.settled or shown != self._guessed
