"""The line under the form: contents of the file and the estimate, or an error."""

from textual.widgets import Static


class Summary(Static):
    """A line in which some texts stay until the next edit."""

    def __init__(self) -> None:
        super().__init__(id="summary", markup=False)
        self._line = ("", False)
        self._stands = False

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a text that stays until `lift`."""
        self._stands = True
        self._put(text, bad=bad)

    def lift(self) -> None:
        """Let other texts replace the one that stays."""
        self._stands = False

    def show(self, text: str, *, bad: bool) -> None:
        """Show a text, unless another one stays."""
        if not self._stands:
            self._put(text, bad=bad)

    def _put(self, text: str, *, bad: bool) -> None:
        if (text, bad) == self._line:
            return  # every change of a line is a new layout
        self._line = (text, bad)
        self.update(text)
        self.set_class(bad, "-bad")
