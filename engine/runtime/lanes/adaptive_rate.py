"""Rate limit of a provider, learned from the calls that it refuses.

What a provider allows shows in what it took: when the first call of an episode is refused, the
calls that it took within the last second, ten seconds or minute are as many as it allows in that
time. Which of the three it is, the provider says by how long it asks to wait; where it does not
say, single calls try, after a second, after ten, and when a minute is over. From then on no more
are sent, but for a trial now and then whether it is more: a few calls more, and twice as many again
for as long as they are taken. How seldom, a share of calls says that may be refused. Until the
first is refused they are spread over the time that one takes, so that few are on their way then.
"""

import time
from collections import deque
from dataclasses import dataclass

SPANS = (1.0, 10.0, 60.0)
"""Seconds within which providers count calls."""

SLACK = (0.1, 0.2, 0.5)
"""Seconds added to each span, for calls that arrive sooner than those before."""

MIN_CALLS = (1, 2, 4)
"""Calls that a provider has to have taken in each span before their number says anything."""

RECENT = 16
"""Number of calls used to estimate the time of one."""

SPREAD = 0.5
"""The part of the time of a call that as many calls as may be in flight are spread over."""

MIN_APART = 0.001
"""Seconds below which it is not worth the wait to spread calls."""

MAX_REMEMBERED = 20_000
"""Maximum number of calls remembered: more than any provider allows per minute."""

CALLS_A_REFUSAL = 120
"""Calls that are sent for each that was refused before the limit is raised again to try it."""

TRIAL_APART = 0.25
"""The part of the time of a call, up to a second, by which calls beyond the limit stand apart."""

RAISED_BY = 8
"""The limit is raised by this part of itself at first."""

MANY_REFUSALS = 3
"""Refusals in one episode, without a word of how long to wait, that are no accident of timing."""

TRIAL_SLACK = 0.3
"""Seconds that a trial waits longer than the span it tries."""

_REMEMBERED = SPANS[-1] + SLACK[-1]


@dataclass(slots=True)
class _Episode:
    """Refusals of one episode: too many calls were in flight.

    Attributes:
        until: The number of the last call in flight.
        at: Time of its first refusal.
        wait: Seconds that the provider asked to wait then, if it did.
        good: The limit that held before it; None if there was none.
        excess: Calls that were refused.
        tried: Calls that the limit had been raised by to try whether it is higher.
        raised: Amount of the last raise since then; 0 if there was none.
        raises: Number of raises since then.
    """

    until: int
    at: float
    wait: float | None = None
    good: int | None = None
    excess: int = 0
    tried: int = 0
    raised: int = 0
    raises: int = 0


class AdaptiveRate:
    """The rate that one account bears, as far as its refusals have shown it.

    Attributes:
        limit: Calls within `seconds`; None while none was refused.
    """

    def __init__(self) -> None:
        self._log: deque[tuple[int, float]] = deque(maxlen=MAX_REMEMBERED)
        self._took: deque[float] = deque(maxlen=RECENT)
        self.forget()

    def forget(self) -> None:
        """Forget the learned limit; keep the record of sent calls."""
        self.limit: int | None = None
        self._span = 0
        self._episode = _Episode(0, 0.0)
        self._trying = False
        self._trial: int | None = None
        self._tried_at = 0.0
        self._rest_until = 0
        self._newest = 0
        self._raised_at = 0
        self._held = False

    @property
    def seconds(self) -> float:
        """Span within which calls are counted."""
        return SPANS[self._span] + SLACK[self._span]

    @property
    def per_minute(self) -> float | None:
        """Calls per minute; None while none was refused, or while it is being determined."""
        if self.limit is None or self._trying:
            return None
        return 60 * self.limit / SPANS[self._span]

    def sent(self, number: int) -> None:
        """Note that a call is sent now."""
        moment = time.monotonic()
        self._newest = number
        self._log.append((number, moment))
        while self._log[0][1] <= moment - _REMEMBERED:
            self._log.popleft()
        if self._trying:
            self._trial = number

    def ended(self, number: int, seconds: float) -> None:
        """Note that a call has ended, in any way, and its duration in seconds."""
        self._took.append(seconds)
        if number == self._trial:
            self._trial = None

    def worked(self, number: int) -> None:
        """A call was taken: a trial has found the span; and the limit may be higher now."""
        if self._trying and number == self._trial:
            self._trying = False
        if self.limit is None or self._trying or not self._held:
            return
        raised = self._episode.raised
        # What was raised has proved good once as many calls more as it allowed were taken.
        if number >= (self._raised_at + raised if raised else self._rest_until):
            self._episode.raised = 2 * raised or max(1, self.limit // RAISED_BY)
            self._episode.raises += 1
            self.limit += self._episode.raised
            self._raised_at, self._held = self._newest, False

    def refused(self, number: int, newest: int, wait: float | None, a_minute: float | None) -> bool:
        """A call was refused because the limit is reached.

        Args:
            number: Its number, in the order in which calls were sent.
            newest: The number of the call that was sent last.
            wait: Seconds that the provider asks to wait, if it does.
            a_minute: Calls per minute that it claims to allow, if it does.

        Returns:
            Whether that was to be expected, since more was tried than was known to be taken.
        """
        moment = time.monotonic()
        kept = (each for each in self._log if each[0] != number)
        self._log = deque(kept, maxlen=MAX_REMEMBERED)
        if self._trying and number == self._trial:
            self._try(min(self._span + 1, len(SPANS) - 1), moment)
        elif number > self._episode.until:
            self._begin(moment, newest, wait)
        self._episode.excess += 1
        self._rest_until = newest + CALLS_A_REFUSAL * self._episode.excess
        self._doubt_span(moment)
        if a_minute:
            self._span, self._trying = len(SPANS) - 1, False
            self.limit = max(1, int(a_minute))
        else:
            self._judge()
        return self._episode.tried > 0

    def _begin(self, moment: float, newest: int, wait: float | None) -> None:
        """A new episode: calls that were sent before its first refusal belong to it."""
        known = self.limit if not self._trying else None
        before = self._span
        raised = self._episode.raised
        if wait is not None:
            self._trying = False
            asked = next((n for n, span in enumerate(SPANS) if wait <= span + 1), len(SPANS) - 1)
            self._span = asked if known is None else max(asked, self._span)
        elif known is None:
            self._try(0, moment)
        good = known - raised if known is not None and self._span == before else None
        self._episode = _Episode(newest, moment, wait, good, tried=raised)

    def _try(self, span: int, moment: float) -> None:
        """Single calls are to find out whether calls are counted within this span."""
        self._trying, self._trial, self._tried_at, self._span = True, None, moment, span

    def _doubt_span(self, moment: float) -> None:
        """Many refusals although a short span was kept: calls are counted within a longer one."""
        episode = self._episode
        if self._trying or episode.good is None or episode.wait is not None:
            return
        if episode.excess - episode.tried >= MANY_REFUSALS and self._span < len(SPANS) - 1:
            episode.good = None
            self._try(self._span + 1, moment)

    def _judge(self) -> None:
        """The limit is what was taken in the span before the episode; what has held stays good."""
        episode = self._episode
        start = episode.at - SPANS[self._span]
        if episode.good is None:
            taken = self._taken_since(start)
            self.limit = taken if taken >= MIN_CALLS[self._span] else None
        elif episode.excess <= episode.tried:
            self.limit = episode.good
        else:
            self.limit = max(1, self._lowered(episode, episode.good, start))

    def _lowered(self, episode: _Episode, good: int, start: float) -> int:
        """A limit that did not hold, although it was kept: by half at most.

        Whoever counts by the minutes of its own clock may have taken two of them in one of ours.
        How long it asks to wait says when the one that is full began, to the second.
        """
        lower = good - (episode.excess - episode.tried)
        if episode.wait is not None:
            return min(lower, max(self._taken_since(start + episode.wait - 1), good // 2))
        return lower if episode.excess < MANY_REFUSALS else min(lower, good * 3 // 4)

    def _taken_since(self, start: float) -> int:
        until = self._episode.until
        return sum(1 for number, at in self._log if at > start and number <= until)

    def wait(self, width: int, *, spread: bool = True) -> float:
        """Return the seconds until one more call may be sent, as far as is known now.

        Args:
            width: How many may be in flight.
            spread: True to spread calls while none was refused.
        """
        moment = time.monotonic()
        if self._trying:
            return self._wait_for_trial(moment)
        if self.limit is None:
            if not spread or not self._log:
                return 0.0
            # The shortest: one that hangs or stalls says nothing of how long a call takes.
            apart = SPREAD * min(self._took, default=0.0) / width
            return self._log[-1][1] + apart - moment if apart > MIN_APART else 0.0
        start, left = moment - self.seconds, 0.0
        recent = [at for _, at in self._log if at > start]
        if len(recent) >= self.limit:
            left = recent[-self.limit] + self.seconds - moment
            self._held = True
        elif self._episode.raises == 1 and len(recent) >= self.limit - self._episode.raised > 0:
            # What is tried first goes one by one: a refusal is heard before the next is sent.
            left = recent[-1] + min(TRIAL_APART * min(self._took, default=0.0), 1.0) - moment
        return left

    def _wait_for_trial(self, moment: float) -> float:
        if self._trial is not None:
            return SPANS[0] / 4  # one at a time; looked for again soon
        until = self._tried_at + SPANS[self._span] + TRIAL_SLACK
        if self._span == len(SPANS) - 1 and self._log:
            until = max(self._tried_at + SPANS[0], self._log[0][1] + self.seconds)
        return max(0.0, until - moment)
