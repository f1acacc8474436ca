"""Labels of metrics: cleaned, and of a bounded number of values each."""

from engine.text.terminal import clean

OTHER = "other"
"""Value of a label once it has as many as it may have."""

MAX_CHARACTERS = 100


class Bounded:
    """Values of one label. The first ones keep their names, all others are `other`.

    Values have to be given in the order of their appearance: then none ever changes its name, and
    a counter never goes down.

    Args:
        most: Maximum number of values.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, str] = {}

    def __call__(self, value: str) -> str:
        """Return the label of a value."""
        if value not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known[value] = clean(value, MAX_CHARACTERS)
        return self._known[value]
