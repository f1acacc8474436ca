"""The line under a contact sheet: the selected row, and why it is not better."""

from rich.text import Text
from textual.widgets import Static

from engine.client.views.jobs import Glance, JobItem
from tui.states import look
from tui.widgets.theme_changes import on_theme_change

NOT_MET = ": not met; "
"""Separator of an expectation and its measurement in evaluations by measures."""


class Caption(Static):
    """The key of the selected job, then what its evaluation did not find, or its error."""

    COMPONENT_CLASSES = {"caption--bad", "caption--waits", "caption--muted"}  # noqa: RUF012 - Textual's way

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: tuple[JobItem | None, Glance | None] = (None, None)

    def set_glance(self, job: JobItem | None, glance: Glance | None) -> None:
        """Show a job; its words follow once they are read."""
        fits = glance is not None and job is not None and glance.id == job.id
        shown = (job, glance if fits else None)
        if shown != self._shown:
            self._shown = shown
            self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Show the same in other colours."""
        job, glance = self._shown
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        if job is not None:
            text.append(job.key)
        if glance is not None:
            bad = self.get_component_rich_style("caption--bad", partial=True)
            muted = self.get_component_rich_style("caption--muted", partial=True)
            text.append("   ")
            if glance.failed and job is not None:
                state = look(job.work_state)
                waits = self.get_component_rich_style("caption--waits", partial=True)
                tone = bad if state.tone == "failed" else waits
                text.append(f"{state.shape} {_line(glance.words)}", tone)
            elif measures := failed_measures(glance.words):
                text.append("   ".join(f"✗ {measure}" for measure in measures), bad)
            else:
                text.append(_line(glance.words), muted)
        self.update(text, layout=False)


def failed_measures(words: str) -> list[str]:
    """Return the expectations that an evaluation lists as not met, as `storm: lightness is 0.5`."""
    parts = [line.partition(NOT_MET) for line in words.splitlines()]
    return [f"{name}: {why.rstrip('.')}" for name, met, why in parts if met]


def _line(words: str) -> str:
    return " ".join(words.split())
