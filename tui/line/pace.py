"""Speed of the line to the terminal, and times at which it is free.

A program cannot see how much of its output is still in transit: kernels, `sshd` and modems buffer
tens of kilobytes. So the terminal is queried for its cursor position (`CSI 6 n`) after large
output; its answer shows that everything before has arrived, and the cursor's column identifies the
query. A terminal that never answers is soon no longer queried, and its line is judged by how long
writes block.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SLOW = 100_000
"""Bytes per second below which a line is slow."""

LIVE_SHARE = 0.06
"""Share of a slow line for changes without a key."""

LONGEST_REST = 3.0
"""Seconds after which live parts are repainted, however much was sent."""

KEY_SECONDS = 0.5
"""Seconds after a key during which painting counts as its answer."""

COUNTED, LARGE, SAMPLE = 500, 2000, 4000
"""Minimum bytes of a measured frame, of a frame worth a query on a quick line, and of
a measurement: fewer reflect the machine more than the line."""

BLOCKED_SECONDS = 0.02
"""Minimum duration of a write that was held up by the line, in seconds."""

CHOKED_SECONDS = 0.1
"""Seconds without an accepted write after which the line counts as blocked."""

SMALL = 256
"""Maximum bytes before a query that measures the latency of an empty line."""

FEW, KEPT, TRIPS = 3, 5, 20
"""Minimum measurements for a median, maximum kept measurements, and maximum round trips."""

FIRST, OPEN, NUMBERS = 3, 16, 32
"""Maximum queries before the first answer and without an answer, and distinct query numbers."""

STALL_SECONDS = 0.25
"""Delay of an answer after which the line counts as blocked, in seconds."""

TRIP_SECONDS = 1.0
"""Minimum time between two queries after small frames, which measure an empty line's latency."""

SHORTER = 0.8
"""Share of the known round trip below which measurements that used it are dropped."""

GIVEN_UP_SECONDS = 2.0
"""Seconds after which an answer counts as lost."""

ASK_SECONDS = 0.2
"""Minimum time between two queries on a line that is not slow, each after a large frame."""


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    asked: float  # directly after the last write
    bytes: int
    expected: float  # once the line has carried them
    tells_trip: bool  # few bytes on an empty line


class LinePace:
    """Measurement of a line from its output and the answers.

    Args:
        clock: Seconds of a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # answers come in the thread that reads keys
        self.forget()

    def forget(self) -> None:
        """Restart the measurement: the terminal may be another one."""
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
        """Record bytes that were handed to the terminal.

        Args:
            size: Number of bytes.
            live: True if they count towards the share of changes without a key.
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
        """Return True if a query after the last write would measure something."""
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
        """Record a query, sent directly after the last write.

        Returns:
            The query's number, which its answer must have.
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
        """Record an answer; return False if none with this number was expected."""
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
            self._samples.clear()  # they were underestimated
        if tells_trip or took < known:
            self._trips.append(took)

    def taken(self, size: int, seconds: float) -> None:
        """Record bytes that the system has taken, and the duration of the write.

        The duration is used if the terminal does not answer.
        """
        with self._lock:
            self._held, self._last_taken = max(0, self._held - size), self._clock()
            if not self._trips and seconds >= BLOCKED_SECONDS:
                self._blocked.append(size / seconds)
                if len(self._blocked) >= FEW:
                    self._rate = _median(self._blocked)

    def pressed(self) -> None:
        """Record a key."""
        with self._lock:
            self._last_key = self._clock()

    def _measure(self, size: int, seconds: float) -> None:
        if size < SAMPLE:
            self._measured = (size, seconds)
            return
        self._measured = (0, 0.0)
        self._samples.append(size / max(seconds, 1e-3))
        few = len(self._samples) < FEW
        self._rate = max(self._samples) if few else _median(self._samples)

    # -- what follows from it ----------------------------------------------------------------

    @property
    def slow(self) -> bool:
        """True if the line is known to be slow, or is blocked."""
        with self._lock:
            return self._is_slow() or self._is_choked()

    def _is_slow(self) -> bool:
        return self._rate is not None and self._rate < SLOW

    def _is_choked(self) -> bool:
        return bool(self._held) and self._clock() - self._last_taken > CHOKED_SECONDS

    @property
    def waits(self) -> bool:
        """True if an answer may still come."""
        with self._lock:
            young = self._clock() - self._last_asked < GIVEN_UP_SECONDS
            return bool(self._questions) and young

    def busy(self) -> float:
        """Return the seconds until a slow line has carried everything written."""
        with self._lock:
            now = self._clock()
            busy = max(0.0, self._free_at - now)
            return max(busy, CHOKED_SECONDS) if self._is_late() or self._is_choked() else busy

    def _is_late(self) -> bool:
        """True if an answer is overdue; one that never comes counts as lost after a while."""
        if not self._questions or not self._trips:
            return False
        late = self._clock() - self._questions[0].expected - min(self._trips)
        if late > GIVEN_UP_SECONDS:
            self._questions.clear()
            self._measured = (0, 0.0)
        return STALL_SECONDS < late <= GIVEN_UP_SECONDS

    def since_key(self) -> float:
        """Return the seconds since the last key."""
        with self._lock:
            return self._clock() - self._last_key

    def may_repaint(self) -> bool:
        """Return True if changes without a key may be painted now."""
        with self._lock:
            return not self._is_slow() or self._clock() >= self._live_at


def _median(values: Iterable[float]) -> float:
    from statistics import median  # its fractions and decimals are not for the first paint

    return median(values)
