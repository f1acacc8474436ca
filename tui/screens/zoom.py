"""Screen of one image, as large as the terminal, with its neighbours a key away."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine.client.views.candidates import Candidate, Comparison
from engine.client.views.comparison import PartsOfAJob
from engine.client.views.drawings import result_lines
from engine.client.views.files import facts_line
from engine.client.views.whole_jobs import BestOfJobs, BestOfList
from engine.text import figures
from tui.actions import bindings
from tui.feed import View
from tui.images.terminal import pixel_terminal
from tui.images.zoom import WHOLE, Zoom, fitting_scale, moved, scaled
from tui.screens.base import BaseScreen
from tui.widgets.bars import KeyBar, TopBar
from tui.widgets.drawing import text_of, tones
from tui.widgets.image import ImageView

if TYPE_CHECKING:
    from engine.contract.kinds import Item

FACTOR = 1.5
"""Change of the scale by a key."""

CLEAR = "\x1b[48;2;{};{};{}m\x1b[2J\x1b[m"
"""Clears the terminal in a colour: some cells beside a sixel are not painted again."""

STEP = 0.5
"""Part of the area by which a key moves what is shown."""


class ZoomScreen(BaseScreen):
    """One of several things, full screen.

    Args:
        view: The things, with the one that is shown first.
    """

    WHERE = "zoom"
    AUTO_FOCUS = ""
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("zoom")

    def __init__(self, view: PartsOfAJob | BestOfJobs) -> None:
        super().__init__()
        self._view = view
        self._snapshot = Comparison("")
        self._at = -1
        self._zoom = WHOLE

    @property
    def view(self) -> View:
        """Return the view of the things."""
        return self._view

    def compose(self) -> ComposeResult:
        """Compose the crumbs, the image, its facts and the keys."""
        yield TopBar()
        yield from self.compose_body()
        yield KeyBar(list(self._keys()))

    def compose_body(self) -> Iterator[Widget]:
        """Compose the image, the text in place of one, and the facts."""
        yield ImageView()
        with VerticalScroll(can_focus=False):
            yield Static(id="text", markup=False)
        yield Static(id="facts", markup=False)

    def catch_up(self) -> None:
        """Read the things and the state of the engine."""
        self.feed.show((self.view, self), (self.dashboard.head_view, self))
        self.show_head(self.dashboard.head)

    def show_head(self, head: Any) -> None:
        """Show the state of the engine."""
        self.query_one(TopBar).set_head(head)

    async def show(self, snapshot: Comparison) -> None:
        """Show what was read; the thing that is looked at stays."""
        before, self._snapshot = self._candidate, snapshot
        count = len(snapshot.candidates)
        if not 0 <= self._at < count:
            self._at = min(snapshot.chosen, count - 1)
        if self._candidate != before or not count:
            self._lay_out()

    @property
    def _candidate(self) -> Candidate | None:
        candidates = self._snapshot.candidates
        return candidates[self._at] if 0 <= self._at < len(candidates) else None

    def _lay_out(self) -> None:
        candidate = self._candidate
        if candidate is None:
            self.query_one("#facts", Static).update("There is nothing to show here.")
            return
        trail = self._snapshot.title, candidate.title
        self.query_one(TopBar).set_trail(*trail, read_only=self.dashboard.read_only)
        image, scroll = self.query_one(ImageView), self.query_one(VerticalScroll)
        image.display = candidate.file is not None or candidate.item is None
        scroll.display = not image.display
        if image.display:
            image.show_file(self.dashboard.paths, candidate.file)
            image.set_zoom(self._zoom)
        elif candidate.item is not None:
            self._draw_result(candidate.item)
        self.call_after_refresh(self._show_facts)

    def _draw_result(self, item: "Item") -> None:
        """Show a result, which its kind draws as lines."""
        lines = result_lines(item, max(20, self.size.width - 3))
        text = text_of(lines, tones(self.app.theme_variables)) if lines else ""
        self.query_one("#text", Static).update(text)

    def _show_facts(self) -> None:
        candidate = self._candidate
        if candidate is None:
            return
        facts = [self._snapshot.place(self._at)]
        facts += [] if candidate.score is None else [figures.score(candidate.score)]
        if candidate.file is not None:
            facts += [fact for fact in (facts_line(candidate.file), self._percent()) if fact]
        self.query_one("#facts", Static).update(" · ".join(facts))

    def on_resize(self) -> None:
        """Show the scale at the new size."""
        self.call_after_refresh(self._show_facts)

    def on_unmount(self) -> None:
        """Take a sixel away: what is drawn after it need not cover all of its last rows."""
        terminal = pixel_terminal()
        driver = self.app._driver
        if terminal is not None and terminal.protocol == "sixel" and driver is not None:
            driver.write(CLEAR.format(*self.background_colors[1].rgb))
            self.app.refresh(layout=True)

    # -- zoom ---------------------------------------------------------------------------------

    @property
    def _image_size(self) -> tuple[int, int] | None:
        """Width and height of the image; None if none is shown."""
        file = self._candidate.file if self._candidate else None
        if file is None or file.kind != "image" or not file.width or not file.height:
            return None
        return file.width, file.height

    def _percent(self) -> str:
        size = self._image_size
        if size is None:
            return ""
        fits = "fit, " if self._zoom == WHOLE else ""
        scale = self._zoom.scale or fitting_scale(size, self.query_one(ImageView).box)
        return f"{fits}{100 * scale:.0f} %"

    def _set_zoom(self, zoom: Zoom) -> None:
        self._zoom = zoom
        self.query_one(ImageView).set_zoom(zoom)
        self._show_facts()

    def _scale(self, factor: float) -> None:
        size = self._image_size
        if size is None:
            self.say("Only images can be enlarged.", bad=True)
        else:
            box = self.query_one(ImageView).box
            limit = "It is as large as it gets." if factor > 1 else "The whole is shown."
            self._turn_to(scaled(self._zoom, size, box, factor), limit)

    def _pan(self, right: float, down: float) -> None:
        size = self._image_size
        scroll = self.query_one(VerticalScroll)
        if scroll.display:
            scroll.scroll_relative(y=round(down * scroll.size.height), animate=False)
        elif size is not None and self._zoom != WHOLE:
            box = self.query_one(ImageView).box
            self._turn_to(moved(self._zoom, size, box, (right, down)), "This is the edge.")
        else:
            self.say("The whole is shown: + enlarges it.")

    def _turn_to(self, zoom: Zoom, otherwise: str) -> None:
        """Show another part, or say why there is none."""
        if zoom == self._zoom:
            self.say(otherwise)
        else:
            self._set_zoom(zoom)

    def action_zoom_in(self) -> None:
        """Enlarge the image."""
        self._scale(FACTOR)

    def action_zoom_out(self) -> None:
        """Shrink the image, at least to the size at which it fits."""
        self._scale(1 / FACTOR)

    def action_one_to_one(self) -> None:
        """Show a pixel of the image as a pixel of the terminal."""
        size = self._image_size
        if size is None:
            self.say("Only images can be enlarged.", bad=True)
        else:
            box = self.query_one(ImageView).box
            self._set_zoom(moved(self._zoom._replace(scale=1.0), size, box, (0, 0)))

    def action_whole(self) -> None:
        """Show the whole image."""
        self._set_zoom(WHOLE)

    def action_pan_left(self) -> None:
        """Move to the left."""
        self._pan(-STEP, 0)

    def action_pan_right(self) -> None:
        """Move to the right."""
        self._pan(+STEP, 0)

    def action_pan_up(self) -> None:
        """Move up."""
        self._pan(0, -STEP)

    def action_pan_down(self) -> None:
        """Move down."""
        self._pan(0, +STEP)

    # -- neighbours ---------------------------------------------------------------------------

    def action_next_image(self) -> None:
        """Show the next thing, in the same part of it."""
        self._go(+1)

    def action_previous_image(self) -> None:
        """Show the thing before."""
        self._go(-1)

    def _go(self, step: int) -> None:
        snapshot, at = self._snapshot, self._at + step
        if 0 <= at < len(snapshot.candidates):
            self._at = at
            self._lay_out()
        elif isinstance(self._view, BestOfList) and 0 <= snapshot.first + at < snapshot.total:
            self._view.look_at(snapshot.first + at)
            self._at = -1
            self.feed.wake()
        else:
            self.say("There are no more in that direction.")

    def action_open_file(self) -> None:
        """Open the file."""
        candidate = self._candidate
        if candidate is None or candidate.opens is None:
            self.say("This has no file to open.", bad=True)
        else:
            self.dashboard.open_file(candidate.job, candidate.opens)

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the job of the thing."""
        candidate = self._candidate
        if candidate is None:
            return [], ""
        return [{"job": candidate.job}], f"j{candidate.job}"
