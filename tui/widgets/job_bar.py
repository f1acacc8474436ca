"""One job in one line."""

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from engine.text import figures
from engine.text.plural import pluralize
from tui.snapshots.job import JobSnapshot
from tui.states import TONES, look
from tui.widgets.theme_changes import on_theme_change


class JobBar(Static):
    """State, score, iterations, time, cost, and the reason why it waits or failed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"bar--{tone}" for tone in ("muted", *TONES)}

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: JobSnapshot | None = None

    def set_job(self, snapshot: JobSnapshot) -> None:
        """Show a job, or a message if it is gone."""
        shown, self._shown = self._shown, snapshot
        if shown is None or snapshot.job is None or snapshot.job != shown.job:
            self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same job in other colours."""
        if self._shown is not None:
            self.update(self._line(self._shown), layout=False)

    def _line(self, snapshot: JobSnapshot) -> Text:
        job = snapshot.job
        if job is None:
            return Text("This job is no longer in the store.")
        seen = look(job.state)
        style = self.get_component_rich_style(f"bar--{seen.tone}", partial=True)
        muted = self.get_component_rich_style("bar--muted", partial=True)
        text = Text(no_wrap=True, overflow="ellipsis")
        reason = f" ({job.reason})" if job.reason else ""
        text.append(f"{seen.shape} {seen.word}{reason}  ", style)
        if job.score is not None:
            strong = muted + Style(dim=True) if job.outdated else Style(bold=True)
            text.append(f"{snapshot.scale.metric} ", muted)
            text.append(figures.score(job.score), strong)
            text.append(f" of {figures.score(snapshot.scale.high)}  ", muted)
        rated = [f"rated {job.rating}"] if job.rating else []
        said = [*([pluralize(job.iterations, "iteration")] if job.iterations else []), *rated]
        said += [job.time] if job.time else []
        said += [figures.money(job.cost)] if job.cost else []
        said += [f"priority {job.priority:+d}"] if job.priority else []
        said += [f"sent from {snapshot.origin}"] if snapshot.origin else []
        said += [job.message] if job.message else []
        return text.append("  ".join(said), muted)
