"""A sender before a simulated line: what is sent is counted, nothing is timed."""

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pyte

from tui.line.pace import FIRST, LIVE_SHARE, LinePace
from tui.line.sender import ASK, PIECE, SYNC_END, SYNC_START, Sender

SIZE = (60, 20)
_ASKED = re.compile(re.escape(ASK).replace(r"\{\}", r"(\d+)"))


@dataclass(order=True)
class Due:
    at: float
    number: int
    do: Callable[[], None] = field(compare=False)
    over: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.over = True


class Line:
    """A line with a clock of its own, and the terminal behind it."""

    def __init__(
        self, rate: float = 25_000, latency: float = 0.15, *, answers: bool = True
    ) -> None:
        self.now = 0.0
        self.rate, self.latency, self.answers = rate, latency, answers
        self.free = 0.0
        self.sent: list[str] = []
        self.due: list[Due] = []
        self.screen = pyte.Screen(*SIZE)
        self.stream = pyte.Stream(self.screen)
        self.pace = LinePace(lambda: self.now)
        self.sender = Sender(self.pace, self.write, self.later)

    def later(self, seconds: float, do: Callable[[], None]) -> Due:
        due = Due(self.now + seconds, len(self.due), do)
        heapq.heappush(self.due, due)
        return due

    def write(self, data: str) -> None:
        self.sent.append(data)
        self.free = max(self.free, self.now) + len(data.encode()) / self.rate
        asked = _ASKED.fullmatch(data)
        if asked is None:
            self.pace.taken(len(data.encode()), 0.0)
            self.later(self.free - self.now + self.latency, lambda: self.stream.feed(data))
        elif self.answers:
            number = int(asked[1])
            self.later(self.free - self.now + 2 * self.latency, lambda: self.answer(number))

    def answer(self, number: int) -> None:
        self.pace.answered(number)
        self.sender.pump()

    @property
    def frames(self) -> list[str]:
        return [data for data in self.sent if not _ASKED.fullmatch(data)]

    @property
    def questions(self) -> int:
        return len(self.sent) - len(self.frames)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due and self.due[0].at <= end:
            due = heapq.heappop(self.due)
            self.now = max(self.now, due.at)
            if not due.over:
                due.do()
        self.now = end

    def bytes(self, *, of_images: bool = False) -> int:
        sent = [data for data in self.frames if ("▀" in data) == of_images]
        return sum(len(data.encode()) for data in sent)

    def begin(self) -> None:
        """Begins, and paints the first screen, from which a slow line is known."""
        self.sender.begin()
        self.run(1)
        self.sender.send(screen("first", "38;2;1;2;3;48;2;4;5;6"), SIZE)
        self.run(4)
        self.sent.clear()


def screen(word: str, look: str = "1") -> str:
    """A whole screen, each word with a look of its own."""
    word_ = f"\x1b[{look}m{word:<10.10}\x1b[0m"
    return "".join(f"\x1b[{y};1H{word_ * 6}\n" for y in range(1, SIZE[1] + 1)) + "\x1b[1;1H"


def image(colour: int) -> str:
    rows = (
        "".join(f"\x1b[38;2;{colour};{x};{y};48;2;9;{x};{y}m▀\x1b[0m" for x in range(40))
        for y in range(15)
    )
    return "".join(f"\x1b[{y};11H{row}\n" for y, row in enumerate(rows, 2)) + "\x1b[1;1H"


def test_a_slow_line_is_known_after_the_first_screen() -> None:
    slow, quick = Line(), Line(rate=5_000_000, latency=0.001)
    slow.begin()
    quick.begin()
    assert slow.pace.slow
    assert not quick.pace.slow


def test_a_quick_line_gets_every_frame_as_it_is() -> None:
    line = Line(rate=5_000_000, latency=0.001)
    line.begin()
    frames = [screen(f"frame {n}") for n in range(20)]
    for frame in frames:
        for data in (SYNC_START, frame, SYNC_END):
            line.sender.send(data, SIZE)
        line.run(0.02)
    assert [data for data in line.frames if data not in {SYNC_START, SYNC_END}] == frames
    assert line.sent.count(SYNC_START) == line.sent.count(SYNC_END) == 20
    assert line.pace.may_repaint()


def test_a_terminal_that_is_silent_is_soon_asked_no_more() -> None:
    line = Line(answers=False)
    line.sender.begin()
    for n in range(20):
        line.sender.send(screen(f"frame {n}", "38;2;1;2;3;48;2;4;5;6"), SIZE)
        line.run(0.1)
    assert line.questions == FIRST
    assert not line.pace.slow


def test_a_silent_line_is_known_by_writes_that_block() -> None:
    line = Line(answers=False)
    line.begin()
    for _ in range(3):
        line.pace.wrote(PIECE)
        line.pace.taken(PIECE, PIECE / 25_000)
    assert line.pace.slow
    line.sender.send(screen("late"), SIZE)
    line.run(3)
    line.sent.clear()
    line.sender.send(screen("late"), SIZE)
    assert line.sent == []


def test_a_line_that_stands_still_is_sent_nothing_more() -> None:
    line = Line(answers=False)
    line.begin()
    line.pace.wrote(4000)
    line.run(1)
    for n in range(20):
        line.sender.send(screen(f"frame {n}"), SIZE)
    assert line.sent == []
    line.pace.taken(4000, 0.0)
    line.run(1)
    assert line.screen.display[3].startswith("frame 19")


def test_frames_are_never_queued() -> None:
    line = Line()
    line.begin()
    for n in range(200):
        line.sender.send(screen(f"n{n:05d}"), SIZE)
        line.run(0.01)
    assert line.bytes() < 2 * 25_000 * 1.2
    line.run(1)
    assert line.screen.display[7].startswith("n00199")


def test_a_key_is_answered_before_the_rest() -> None:
    line = Line()
    line.begin()
    line.sender.send(screen("rest"), SIZE)
    line.pace.pressed()
    before = line.bytes()
    line.sender.send("\x1b[19;1H\x1b[7mcursor\x1b[0m", SIZE)
    while "cursor" not in "".join(line.sent):
        line.run(0.01)
    assert line.bytes() - before <= 2 * PIECE


def test_images_follow_and_are_given_up_at_a_key() -> None:
    line = Line()
    line.begin()
    line.sender.send(image(1), SIZE)
    line.run(0.3)
    begun = line.bytes(of_images=True)
    assert 0 < begun < len(image(1).encode()) / 2
    line.pace.pressed()
    line.sender.send("\x1b[19;1H\x1b[7mcursor\x1b[0m", SIZE)
    line.sender.send(image(2), SIZE)
    line.run(0.25)
    assert line.bytes(of_images=True) == begun
    assert line.screen.display[18].startswith("cursor")
    line.run(5)
    assert line.screen.buffer[5][20].fg == "02" + f"{10:02x}{4:02x}"


def test_what_changes_by_itself_has_its_share_and_keys_take_none() -> None:
    line = Line()
    line.begin()
    line.run(5)
    for n in range(10_000):
        if line.pace.may_repaint():
            line.sender.send(screen(f"n{n}").replace(f"n{n}", f"{n:05d}"[::-1] * 2), SIZE)
        line.run(0.01)
    share = LIVE_SHARE * 25_000 * 100
    assert 0.6 * share < line.bytes() < 1.1 * share
    line.run(5)
    line.pace.pressed()
    line.sender.send(screen("answer"), SIZE)
    assert line.pace.may_repaint()


def test_a_terminal_of_another_size_is_painted_whole() -> None:
    line = Line()
    line.begin()
    line.sender.send(screen("same"), SIZE)
    line.run(2)
    line.sent.clear()
    line.sender.send(screen("same"), SIZE)
    assert line.bytes() == 0
    line.sender.send(screen("same"), (80, 24))
    line.run(2)
    assert line.bytes() > 1000


def test_what_no_grid_understands_goes_through() -> None:
    line = Line()
    line.begin()
    line.sender.send("\x07", SIZE)
    line.sender.send("\x1b]52;c;YQ==\x07", SIZE)
    line.sender.send("\x1bPq~\x1b\\", SIZE)
    assert line.frames == [
        "\x07",
        "\x1b]52;c;YQ==\x07",
        "\x1bPq~\x1b\\",
    ]


def test_a_line_that_becomes_quick_gets_what_was_held_back() -> None:
    line = Line()
    line.begin()
    for n in range(12):
        line.sender.send(screen(f"n{n}"), SIZE)
        line.run(0.05)
    line.rate, line.latency = 5_000_000, 0.001
    for n in range(200):
        line.sender.send(screen(f"m{n}"), SIZE)
        line.run(0.1)
    assert not line.pace.slow
    assert line.screen.display[7].startswith("m199")


def test_an_answer_that_is_lost_holds_nothing_up_for_ever() -> None:
    line = Line()
    line.begin()
    line.answers = False
    line.sender.send(screen("asked"), SIZE)
    line.run(0.5)
    line.answers = True
    for n in range(8):
        line.sender.send(screen(f"n{n}"), SIZE)
        line.run(1)
    assert line.pace.slow
    assert line.screen.display[7].startswith("n7")


def test_an_answer_to_another_question_is_not_taken() -> None:
    line = Line()
    line.begin()
    assert not line.pace.answered(7)
    number = line.pace.asked()
    assert not line.pace.answered(number + 1)
    assert line.pace.answered(number)
    assert not line.pace.answered(number)


def test_a_first_answer_that_comes_late_is_no_measure_for_long() -> None:
    """As while a program is still importing."""
    line = Line(latency=0.5)
    line.sender.begin()
    line.run(1.5)
    line.latency = 0.01
    for n in range(6):
        line.sender.send(screen(f"first{n}", "38;2;1;2;3;48;2;4;5;6"), SIZE)
        line.run(1)
        line.sender.send("\x1b[1;1Hcursor", SIZE)
        line.run(1.5)
    assert line.pace.slow
