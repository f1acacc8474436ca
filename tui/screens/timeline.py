"""A job on its timeline: sections, beats, shots and colours, and the frames under a play head."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget

from engine.client.views.decisions import SELECT
from engine.client.views.decisions_here import decisions_here
from engine.client.views.files import openable, stored_of
from engine.client.views.timeline import TimelineSnapshot, TimelineView, frame_at
from engine.text.terminal import quoted
from tui.actions import bindings
from tui.feed import View
from tui.screens.deciding import DecidingScreen
from tui.widgets.bars import TopBar
from tui.widgets.frame_reader import FrameReader
from tui.widgets.image import ImageView
from tui.widgets.timeline_facts import TimelineFacts
from tui.widgets.timeline_lanes import around
from tui.widgets.timeline_strip import TimelineLanes

if TYPE_CHECKING:
    from engine.contract.timeline import Timeline, TimelineSection, TimelineShot

NEAR_SECONDS = 24.0
"""Length of the stretch that is shown around the play head at first."""

SHORTEST_NEAR = 2.0
BEAT_SECONDS = 0.5
"""Step of the play head where there are no beats."""

FRAME_RATE = 24.0
TALL, TALLER = 30, 40
"""Rows from which there are more lanes, and from which there are images of shots."""

_SAME = 1e-3


class TimelineScreen(DecidingScreen):
    """One job on its timeline.

    Args:
        job_id: The job.
        key: Its key, cleaned.
        enter: Called with a scope of the job to go there, after the screen has closed.
    """

    WHERE = "timeline"
    AUTO_FOCUS = "TimelineLanes"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("timeline")

    def __init__(self, job_id: int, key: str, enter: Callable[[str], None]) -> None:
        super().__init__()
        self.job_id = job_id
        self._key = key
        self._enter = enter
        self._snapshot = TimelineSnapshot(0)
        self._head = 0.0
        self._near = NEAR_SECONDS

    @property
    def view(self) -> View:
        """Return the view of the timeline."""
        return self._view

    @property
    def timeline(self) -> "Timeline | None":
        """The timeline; None as long as there is none."""
        return self._snapshot.timeline

    @property
    def head(self) -> float:
        """Time of the play head in seconds."""
        return self._head

    def compose_body(self) -> Iterator[Widget]:
        """Compose the lanes; the frame and the facts of its section under them."""
        app = self.dashboard
        self._view = TimelineView(self.job_id, app.headlines, app.paths)
        yield TimelineLanes()
        yield ImageView(id="shots")
        with Horizontal(id="under"):
            yield ImageView(id="frame")
            with VerticalScroll(id="facts", can_focus=False):
                yield TimelineFacts()

    def on_mount(self) -> None:
        """Say where this is, and read frames in a thread."""
        self._frames = FrameReader(self, self._put_frame)
        trail = (f"j{self.job_id} {self._key}", "timeline")
        self.query_one(TopBar).set_trail(*trail, read_only=self.dashboard.read_only)

    async def show(self, snapshot: TimelineSnapshot) -> None:
        """Show what was read; the play head stays."""
        self._snapshot = snapshot
        if snapshot.timeline is not None:
            self._head = min(self._head, snapshot.timeline.seconds)
        self._lay_out()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        """Show everything at the play head."""
        timeline, rows = self.timeline, self.size.height
        lanes = self.query_one(TimelineLanes)
        self.set_class(timeline is None, "-empty")
        for widget in self.query("#under, #shots"):
            widget.display = timeline is not None
        if timeline is None:
            lanes.say("There is no timeline yet.")
            return
        near = around(self._head, timeline.seconds, self._near, lanes.columns)
        lanes.show(timeline, self._head, near, tall=rows >= TALL)
        self.query_one("#shots").display = rows >= TALLER and bool(timeline.shots)
        if rows >= TALLER:
            self._frames.draw_shots(timeline, near, self.query_one("#shots", ImageView))
        self.query_one(TimelineFacts).show(
            self._section,
            self._shot,
            f"{self._snapshot.state} {self._snapshot.message}".strip(),
            self._snapshot.spent,
        )
        if self._snapshot.frames:
            self._frames.ask(self._source(), self._head, self._snapshot.frames[0].hash)
        else:
            self._show_still()

    def _source(self) -> "Callable[[float], bytes | None]":
        """Return what reads a frame: from the smallest film, for it is decoded at once."""
        return partial(frame_at, self._snapshot.frames[0], self.dashboard.paths)

    def _put_frame(self, frame: bytes | None) -> None:
        if frame:
            self.query_one("#frame", ImageView).show_preview(frame)
        else:
            self._show_still()

    def _show_still(self) -> None:
        """Show the image of the shot in place of a frame."""
        shot, view = self._shot, self.query_one("#frame", ImageView)
        if shot is not None and shot.image:
            view.show_preview(shot.image)
        else:
            view.show(None)

    @property
    def _section(self) -> "TimelineSection | None":
        sections = self.timeline.sections if self.timeline else ()
        at = bisect_right([one.start for one in sections], self._head + _SAME)
        return sections[at - 1] if at else None

    @property
    def _shot(self) -> "TimelineShot | None":
        shots = self.timeline.shots if self.timeline else ()
        at = bisect_right([one.start for one in shots], self._head + _SAME)
        return shots[at - 1] if at else None

    # -- the play head ------------------------------------------------------------------------

    def go(self, seconds: float) -> None:
        """Move the play head to a time, within the timeline."""
        if self.timeline is not None:
            last = self.timeline.seconds - 1 / self._frame_rate
            before, self._head = self._head, min(max(0.0, seconds), max(0.0, last))
            if self._head == before and seconds != before:
                self.say("This is the end." if seconds > before else "This is the start.")
            self._lay_out()

    @on(TimelineLanes.Pressed)
    def pressed(self, message: TimelineLanes.Pressed) -> None:
        """Move the play head to where the timeline was clicked."""
        self.go(message.seconds)

    @property
    def _frame_rate(self) -> float:
        rates = (stored_of(f, Path()).facts.get("frame_rate") for f in self._snapshot.frames)
        known = [float(rate) for rate in rates if isinstance(rate, int | float) and rate > 0]
        return max(known, default=FRAME_RATE)

    def _step(self, times: Sequence[float], step: int) -> None:
        """Go to the next of some ascending times, or to the one before."""
        if not times:
            self.go(self._head + step * BEAT_SECONDS)
            return
        if step > 0:
            at = bisect_right(times, self._head + _SAME)
            self.go(times[at] if at < len(times) else self.timeline.seconds if self.timeline else 0)
        else:
            at = bisect_left(times, self._head - _SAME)
            self.go(times[at - 1] if at else 0.0)

    def _starts(self, name: str) -> list[float]:
        return [one.start for one in getattr(self.timeline, name, ())]

    def action_next_beat(self) -> None:
        """Go to the next beat."""
        self._step(self.timeline.beats if self.timeline else (), +1)

    def action_previous_beat(self) -> None:
        """Go to the beat before."""
        self._step(self.timeline.beats if self.timeline else (), -1)

    def action_next_section(self) -> None:
        """Go to the next section."""
        self._step(self._starts("sections"), +1)

    def action_previous_section(self) -> None:
        """Go to the section before."""
        self._step(self._starts("sections"), -1)

    def action_next_shot(self) -> None:
        """Go to the next shot."""
        self._step(self._starts("shots") or self._starts("sections"), +1)

    def action_previous_shot(self) -> None:
        """Go to the shot before."""
        self._step(self._starts("shots") or self._starts("sections"), -1)

    def action_frame_forward(self) -> None:
        """Go a frame forward."""
        self.go(self._head + 1 / self._frame_rate)

    def action_frame_back(self) -> None:
        """Go a frame back."""
        self.go(self._head - 1 / self._frame_rate)

    def action_to_start(self) -> None:
        """Go to the start."""
        self.go(0.0)

    def action_to_end(self) -> None:
        """Go to the end."""
        self.go(float("inf"))

    def action_zoom_in(self) -> None:
        """Show a shorter stretch."""
        self._show_near(max(SHORTEST_NEAR, self._near / 2), "It gets no closer than this.")

    def action_zoom_out(self) -> None:
        """Show a longer stretch, at most all."""
        seconds = self.timeline.seconds if self.timeline else NEAR_SECONDS
        self._show_near(min(seconds, self._near * 2), "The whole is shown.")

    def _show_near(self, seconds: float, otherwise: str) -> None:
        """Show another stretch, or say why there is none."""
        if seconds == self._near:
            self.say(otherwise)
        self._near = seconds
        self._lay_out()

    # -- stepping in --------------------------------------------------------------------------

    def action_play_here(self) -> None:
        """Play the largest film from here."""
        files = self._snapshot.frames
        if not files:
            self.say("There is no film to play yet.", bad=True)
            return
        film = openable("film", files[-1], "")
        self.dashboard.open_file(self.job_id, film, start=self._head)

    def action_go_to_section(self) -> None:
        """Go to the image or the section under the play head in the job."""
        scopes = self._scopes()
        self.dismiss()
        if scopes:
            self._enter(scopes[-1])

    def _scopes(self) -> list[str]:
        """Return the scopes of the section and of the image under the play head."""
        section, shot = self._section, self._shot
        scopes = [section.scope if section else "", shot.scope if shot else ""]
        return [scope for scope in scopes if scope]

    def action_change_here(self) -> None:
        """List what can be decided here, each with what runs again."""
        scopes = self._scopes()
        if not scopes:
            self.say("Nothing can be decided here.", bad=True)
            return
        read = partial(
            decisions_here, job_id=self.job_id, scopes=scopes, scale=self._snapshot.scale
        )
        self.ask(read, self._pick)

    def _pick(self, keys: Mapping[str, str]) -> None:
        from tui.screens.menus import text_menu

        if not keys:
            self.say("The recipe has no decision about this.", bad=True)
        else:
            self.app.push_screen(text_menu(keys), self._change)

    def _change(self, key: str | None) -> None:
        if key is None:
            return
        if key.rpartition("/")[2] == SELECT:
            self._choose(key)
        else:
            self.edit_text(key)

    def _choose(self, key: str) -> None:
        from tui.screens.edit_prompt import EditPromptScreen

        def decide(editor: EditPromptScreen, text: str) -> None:
            if text.isdecimal() and len(text) < 9:
                self.ask_first(f"Decide {key}?", key, int(text), editor=editor)
            else:
                editor.refuse(f"{quoted(text, 20)} is not a number: write 0, 1, 2 or more.")

        self.app.push_screen(EditPromptScreen(f"{key} (a number; 0: the best)", "", decide))

    def spending_of(self) -> int | None:
        """Return the batch of this job."""
        return self._snapshot.batch_id or None

    def selected_state(self) -> str:
        """Return the state of the job."""
        return self._snapshot.state

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return this job."""
        return [{"job": self.job_id}], f"j{self.job_id} ({self._key})"
