"""A job's timeline as lines of text: the whole above, the stretch around the play head below."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import set_cell_size

from engine.contract.bars import bars, resampled
from engine.contract.kinds import Line, Span
from engine.contract.rows import LABEL, row
from engine.contract.timeline import Timeline, TimelineSection
from engine.text import quantities

_MARK_EVERY = 14


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time on some columns.

    Attributes:
        start: Its start in seconds.
        end: Its end, after the start.
        columns: Its width in cells.
    """

    start: float
    end: float
    columns: int

    def column(self, seconds: float) -> int:
        """Return the column of a time; outside of it one that does not exist."""
        return int((seconds - self.start) / (self.end - self.start) * self.columns + 1e-9)

    def inside(self, times: Sequence[float]) -> Sequence[float]:
        """Return the times of an ascending list that are inside."""
        return times[bisect_left(times, self.start) : bisect_right(times, self.end)]


def around(head: float, seconds: float, length: float, columns: int) -> Stretch:
    """Return a stretch of a length around the play head, within the timeline.

    Args:
        head: The play head.
        seconds: Length of the timeline.
        length: Length of the stretch.
        columns: Its width in cells.
    """
    length = min(seconds, length)
    start = min(max(0.0, head - length / 2), seconds - length)
    return Stretch(start, start + length, columns)


def place(timeline: Timeline, head: float) -> str:
    """Return the place of the play head for people: time, and beat and bar if there are any."""
    text = clock(head)
    bar = bisect_right(timeline.downbeats, head + 1e-3)
    if not bar:
        return text
    start = timeline.downbeats[bar - 1]
    beats = bisect_right(timeline.beats, head + 1e-3) - bisect_left(timeline.beats, start - 1e-3)
    return f"{text}  bar {bar}" + (f", beat {beats}" if beats > 0 else "")


def clock(seconds: float) -> str:
    """Return a time as minutes, seconds and hundredths."""
    minutes, rest = divmod(round(max(0.0, seconds) * 100), 6000)
    return f"{minutes}:{rest // 100:02}.{rest % 100:02}"


def overview(timeline: Timeline, head: float, near: Stretch, room: int) -> Iterator[Line]:
    """Yield the whole timeline: sections, energy, and where the stretch below is."""
    whole = Stretch(0.0, timeline.seconds, room)
    if timeline.sections:
        labels = [section.label for section in timeline.sections]
        yield row("whole", *_lane(timeline.sections, labels, whole))
    if timeline.energy:
        yield row("energy", *bars(resampled(timeline.energy, room), 1)[0])
    yield row("", *_bracket(whole, near, head))


def _bracket(whole: Stretch, near: Stretch, head: float) -> Iterator[Span]:
    first = min(whole.columns - 1, whole.column(near.start))
    last = min(whole.columns - 1, max(first, whole.column(near.end) - 1))
    at = min(whole.columns - 1, whole.column(head))
    cells = [" "] * whole.columns
    cells[first : last + 1] = ["─"] * (last - first + 1)
    cells[first], cells[last] = "╰", "╯"
    yield Span("".join(cells[:at]), "muted")
    yield Span("▲", "strong")
    yield Span("".join(cells[at + 1 :]), "muted")


def detail(timeline: Timeline, near: Stretch, *, tall: bool) -> Iterator[Line]:
    """Yield the lanes of a stretch: times, beats, energy, cuts, sections, their words, colours.

    Args:
        timeline: The timeline.
        near: The stretch.
        tall: True if there is room for lanes that repeat what is above.
    """
    yield row("time", Span(_ruler(near), "muted"))
    if timeline.beats or timeline.downbeats:
        yield row("beats", *_beats(timeline, near))
    if tall and timeline.energy:
        yield row("energy", *bars(_levels(timeline, near), 1)[0])
    if timeline.marks and tall:
        yield row("marks", Span(_marks(timeline, near), "strong"))
    if timeline.shots:
        yield row("cuts", Span(_cuts(timeline, near), "strong"))
    yield row("section", *_lane(timeline.sections, [s.label for s in timeline.sections], near))
    names = dict.fromkeys(name for section in timeline.sections for name, _ in section.lanes)
    for name in names:
        texts = [dict(section.lanes).get(name, "") for section in timeline.sections]
        yield row(name[: LABEL - 1], *_lane(timeline.sections, texts, near))
    if any(section.palette for section in timeline.sections):
        yield row("colours", *_colours(timeline.sections, near))


def _ruler(near: Stretch) -> str:
    count = max(1, near.columns // _MARK_EVERY)
    each = near.columns // count
    length = near.end - near.start
    times = (near.start + length * number * each / near.columns for number in range(count))
    texts = (clock(time) if length < 40 else quantities.length(time) for time in times)
    return "".join(f"{text:<{each}}" for text in texts)


def _beats(timeline: Timeline, near: Stretch) -> Iterator[Span]:
    """Yield beats as short marks and first beats of bars as long ones; bars alone if too narrow."""
    cells = [" "] * near.columns
    beats, bars_ = near.inside(timeline.beats), near.inside(timeline.downbeats)
    if len(beats) * 2 <= near.columns:
        _put(cells, near, beats, "╷")
    each = 1
    while len(bars_) * 2 > near.columns * each:
        each *= 2
    _put(cells, near, [time for time in bars_ if _number(timeline, time) % each == 0], "┃")
    yield Span("".join(cells), "accent")


def _number(timeline: Timeline, downbeat: float) -> int:
    return bisect_left(timeline.downbeats, downbeat)


def _put(cells: list[str], near: Stretch, times: Sequence[float], mark: str) -> None:
    for time in times:
        if 0 <= (at := near.column(time)) < near.columns:
            cells[at] = mark


def _levels(timeline: Timeline, near: Stretch) -> list[float]:
    levels, last = timeline.energy, len(timeline.energy) - 1
    step = (near.end - near.start) / near.columns
    times = (near.start + (column + 0.5) * step for column in range(near.columns))
    return [levels[min(last, int(time / timeline.seconds * (last + 1)))] for time in times]


def _marks(timeline: Timeline, near: Stretch) -> str:
    cells = " " * near.columns
    for time, name in sorted(timeline.marks):
        at = near.column(time)
        if 0 <= at < near.columns and near.start <= time <= near.end:
            cells = set_cell_size(cells, at) + set_cell_size(f"◆{name} ", near.columns - at)
    return cells


def _cuts(timeline: Timeline, near: Stretch) -> str:
    """Return marks at cuts, with the words of their transitions where there is room for them."""
    text = " " * near.columns
    shots = [shot for shot in timeline.shots if near.start - 1e-6 <= shot.start < near.end]
    for number, shot in enumerate(shots, 1):
        at = near.column(shot.start)
        end = near.column(shots[number].start) if number < len(shots) else near.columns
        if not 0 <= at < near.columns or end <= at:
            continue
        word = f"{shot.mark} {shot.transition.replace('-', ' ')}"
        part = word if len(word) < end - at else shot.mark
        text = set_cell_size(text, at) + set_cell_size(part, near.columns - at)
    return text


def _lane(
    sections: Sequence[TimelineSection], texts: Sequence[str], near: Stretch
) -> Iterator[Span]:
    done = 0
    for number, (section, text) in enumerate(zip(sections, texts, strict=True)):
        first, last = _columns(section, near, done)
        if last <= first:
            continue
        yield Span(" " * (first - done))
        yield Span(set_cell_size(f"▏{text}", last - first), "" if number % 2 else "accent")
        done = last


def _columns(section: TimelineSection, near: Stretch, done: int) -> tuple[int, int]:
    """Return the first column of a section and the one after its last."""
    first, last = near.column(section.start), near.column(section.end)
    return max(done, first), min(near.columns, max(0, last))


def _colours(sections: Sequence[TimelineSection], near: Stretch) -> Iterator[Span]:
    done = 0
    for section in sections:
        first, last = _columns(section, near, done)
        if last <= first:
            continue
        yield Span(" " * (first - done))
        count = max(1, len(section.palette))
        edges = [first + (last - first) * number // count for number in range(count + 1)]
        for number, colour in enumerate(section.palette or ("",)):
            width = edges[number + 1] - edges[number]
            yield Span(("█" if colour else " ") * width, colour=colour)
        done = last
