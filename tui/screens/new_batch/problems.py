"""All problems of the input, in a list that scrolls."""

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static


class ProblemList(VerticalScroll, can_focus=True):
    """Sentences of the intake; hidden while there are none."""

    DEFAULT_CSS = """
    ProblemList {
        display: none;
        height: auto;
        max-height: 8;
        margin: 0 1;
        border: round $border-blurred;
        border-title-color: $text-error;

        &.-any { display: block; }
        &:focus { border: round $border; }
    }
    """

    _said: tuple[tuple[str, ...], int] = ((), 0)

    def compose(self) -> ComposeResult:
        """Compose the sentences."""
        yield Static(markup=False)

    def say(self, problems: Sequence[str], total: int) -> None:
        """Show problems.

        Args:
            problems: One sentence each, cleaned by the intake.
            total: Number of all problems.
        """
        if (tuple(problems), total) == self._said:
            return
        self._said = (tuple(problems), total)
        text = Text("\n".join(f"✗ {problem}" for problem in problems))
        if total > len(problems):
            text.append(f"\n… and {total - len(problems):,} more", "bold")
        self.query_one(Static).update(text)
        plural = "problem" if total == 1 else "problems"
        self.border_title = f"{total:,} {plural} in the file; nothing was queued"
        self.set_class(bool(problems), "-any")
        self.scroll_home(animate=False)
