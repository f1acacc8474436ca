"""How quick the line to the terminal is, and when it is free.

A program cannot see how much of what it wrote is still on its way: kernels, `sshd` and modems keep
tens of kilobytes. So the terminal is asked where its cursor is (`CSI 6 n`) after much was written;
its answer says that everything before has arrived, and the cursor's column which question it is
that was answered. A terminal that never answers is soon asked no more, and its line judged by how
long writing blocks.
"""

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

SLOW = 100_000
"""Bytes a second below which a line is slow."""

LIVE_SHARE = 0.06
"""Share of a slow line for what changes without a key."""

LONGEST_REST = 3.0
"""Seconds after which live parts are repainted, however much was sent."""

KEY_SECONDS = 0.5
"""How long after a key what is painted counts as its answer."""

COUNTED, LARGE, SAMPLE = 500, 2000, 4000
"""Least bytes of a frame that is measured, of one that is worth a question on a quick line, and of
a measurement: fewer tell more of the machine than of the line."""

BLOCKED_SECONDS = 0.02
"""How long a write takes at least that was held up by the line."""

CHOKED_SECONDS = 0.1
"""After how long that the system takes nothing the line is taken for blocked."""

SMALL = 256
"""Most bytes before a question whose answer tells how long a line takes when it is empty."""

FEW, KEPT, TRIPS = 3, 5, 20
"""How many measurements are too few for a median, how many are kept, and how many round trips."""

FIRST, OPEN, NUMBERS = 3, 16, 32
"""The most questions before the first answer and without an answer, and how many are told apart."""

STALL_SECONDS = 0.25
"""How late an answer may be before the line is taken for blocked."""

TRIP_SECONDS = 1.0
"""Least time between two questions after small frames, that tell how long an empty line takes."""

SHORTER = 0.8
"""Share of the round trip known so far below which what was measured with it is forgotten."""

GIVEN_UP_SECONDS = 2.0
"""After how long an answer counts as lost."""

ASK_SECONDS = 0.2
"""Least time between two questions on a line that is not slow, each after a large frame."""


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    asked: float  # at once after what was written last
    bytes: int
    expected: float  # when the line has carried them
    tells_trip: bool  # few bytes on an empty line


class LinePace:
    """Measures a line by what is written to it and answered.

    Args:
        clock: Seconds of a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # answers come in the thread that reads keys
        self.forget()

    def forget(self) -> None:
        """Starts measuring over: the terminal may be another one."""
        with self._lock:
            self._samples: deque[float] = deque(maxlen=KEPT)
            self._blocked: deque[float] = deque(maxlen=KEPT)
            self._questions: deque[_Question] = deque()
            self._trips: deque[float] = deque(maxlen=TRIPS)
            self._last_size, self._last_asked, self._last_large = 0, float("-inf"), float("-inf")
            self._last_answer, self._number = 0.0, 0
            self._measured = (0, 0.0)
            self._free_at = self._live_at = 0.0
            self._held, self._last_taken = 0, 0.0
            self._last_key = float("-inf")
            self._rate: float | None = None

    # -- what happens ------------------------------------------------------------------------

    def wrote(self, size: int, *, live: bool = True) -> None:
        """Notes bytes that were handed to the terminal.

        Args:
            size: How many.
            live: Whether they take of the share of what changes without a key.
        """
        with self._lock:
            now = self._clock()
            self._last_size = size
            self._last_taken = self._last_taken if self._held else now
            self._held += size
            if (rate := self._rate) is None:
                return
            self._free_at = max(self._free_at, now) + size / rate
            if live and self._is_slow() and now - self._last_key > KEY_SECONDS:
                rest = size / (rate * LIVE_SHARE)
                self._live_at = min(max(self._live_at, now) + rest, now + LONGEST_REST)

    def should_ask(self) -> bool:
        """Whether a question after what was just written would tell something."""
        with self._lock:
            if not self._trips:
                return self._last_size >= LARGE and len(self._questions) < FIRST
            if len(self._questions) >= OPEN:
                return False
            if self._is_slow():
                return True
            now = self._clock()
            if self._last_size >= LARGE:
                return now - self._last_large >= ASK_SECONDS
            return now - self._last_asked >= TRIP_SECONDS and not self._questions

    def asked(self) -> int:
        """Notes that the terminal is asked, right after what was written last.

        Returns:
            The question's number, that its answer has to bear.
        """
        with self._lock:
            now = self._clock()
            self._number = self._number % NUMBERS + 1
            empty = not self._questions and self._last_size <= SMALL
            expected = max(self._free_at, now)
            self._questions.append(_Question(self._number, now, self._last_size, expected, empty))
            self._last_asked = now
            self._last_large = now if self._last_size >= LARGE else self._last_large
            return self._number

    def answered(self, number: int) -> bool:
        """Notes an answer; returns False where none with this number was expected."""
        with self._lock:
            if all(question.number != number for question in self._questions):
                return False
            while (question := self._questions.popleft()).number != number:
                self._measured = (0, 0.0)  # that answer is lost
            now = self._clock()
            self._learn_trip(now - question.asked, tells_trip=question.tells_trip)
            begin = max(question.asked + min(self._trips), self._last_answer)
            if question.bytes >= COUNTED:
                size, seconds = self._measured
                self._measure(size + question.bytes, seconds + max(0.0, now - begin))
            self._last_answer = now
            return True

    def _learn_trip(self, took: float, *, tells_trip: bool) -> None:
        known = min(self._trips, default=float("inf"))
        if took < known * SHORTER:
            self._samples.clear()  # they were taken for shorter than they were
        if tells_trip or took < known:
            self._trips.append(took)

    def taken(self, size: int, seconds: float) -> None:
        """Notes bytes that the system has taken, and how long that took.

        How long counts where the terminal does not answer.
        """
        with self._lock:
            self._held, self._last_taken = max(0, self._held - size), self._clock()
            if not self._trips and seconds >= BLOCKED_SECONDS:
                self._blocked.append(size / seconds)
                if len(self._blocked) >= FEW:
                    self._rate = statistics.median(self._blocked)

    def pressed(self) -> None:
        """Notes a key."""
        with self._lock:
            self._last_key = self._clock()

    def _measure(self, size: int, seconds: float) -> None:
        if size < SAMPLE:
            self._measured = (size, seconds)
            return
        self._measured = (0, 0.0)
        self._samples.append(size / max(seconds, 1e-3))
        few = len(self._samples) < FEW
        self._rate = max(self._samples) if few else statistics.median(self._samples)

    # -- what follows from it ----------------------------------------------------------------

    @property
    def slow(self) -> bool:
        """Whether the line is known to be slow, or stands still."""
        with self._lock:
            return self._is_slow() or self._is_choked()

    def _is_slow(self) -> bool:
        return self._rate is not None and self._rate < SLOW

    def _is_choked(self) -> bool:
        return bool(self._held) and self._clock() - self._last_taken > CHOKED_SECONDS

    @property
    def waits(self) -> bool:
        """Whether an answer may still come."""
        with self._lock:
            young = self._clock() - self._last_asked < GIVEN_UP_SECONDS
            return bool(self._questions) and young

    def busy(self) -> float:
        """Seconds until a slow line has carried what was written."""
        with self._lock:
            now = self._clock()
            busy = max(0.0, self._free_at - now)
            return max(busy, CHOKED_SECONDS) if self._is_late() or self._is_choked() else busy

    def _is_late(self) -> bool:
        """Whether an answer should have come; one that never does counts as lost after a while."""
        if not self._questions or not self._trips:
            return False
        late = self._clock() - self._questions[0].expected - min(self._trips)
        if late > GIVEN_UP_SECONDS:
            self._questions.clear()
            self._measured = (0, 0.0)
        return STALL_SECONDS < late <= GIVEN_UP_SECONDS

    def since_key(self) -> float:
        """Seconds since the last key."""
        with self._lock:
            return self._clock() - self._last_key

    def may_repaint(self) -> bool:
        """Whether what changes without a key may be painted now."""
        with self._lock:
            return not self._is_slow() or self._clock() >= self._live_at
