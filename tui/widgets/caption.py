"""The line under a contact sheet: the selected row, and why it is not better."""

from rich.text import Text
from textual.widgets import Static

from engine.client.views.checks import CheckLine
from engine.client.views.jobs import Glance, JobItem
from tui.states import look
from tui.widgets.theme_changes import on_theme_change


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
            elif lacking := _lacking(glance):
                text.append("   ".join(lacking), bad)
            else:
                text.append(_line(glance.words), muted)
        self.update(text, layout=False)


def _lacking(glance: Glance) -> list[str]:
    """Return what the judge did not find, as `✗ light 0.5, expected 0.1 to 0.2`."""
    checks = [_check(one) for one in glance.verdict.checks if one.verdict == "unmet"]
    return checks or [f"! {thing}" for thing in glance.verdict.missing]


def _check(check: CheckLine) -> str:
    expected = f", expected {check.expected}" if check.expected else ""
    return f"✗ {check.name} {check.value}".rstrip() + expected


def _line(words: str) -> str:
    return " ".join(words.split())
