"""The line under the form: what is in the file and what the batch would take, or what is wrong."""

from textual.widgets import Static


class Summary(Static):
    """A line of which some texts stand until the next edit."""

    def __init__(self) -> None:
        super().__init__(id="summary", markup=False)
        self._line = ("", False)
        self._stands = False

    def say(self, text: str, *, bad: bool = False) -> None:
        """Says something that stands until `lift`."""
        self._stands = True
        self._put(text, bad=bad)

    def lift(self) -> None:
        """Lets other texts take the place of what was said."""
        self._stands = False

    def show(self, text: str, *, bad: bool) -> None:
        """Says something, unless something stands."""
        if not self._stands:
            self._put(text, bad=bad)

    def _put(self, text: str, *, bad: bool) -> None:
        if (text, bad) == self._line:
            return  # every change of a line is a new layout
        self._line = (text, bad)
        self.update(text)
        self.set_class(bad, "-bad")
