"""Notices: things that need an operator, and news of batches, the worst first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from db.queries.parked import MAX_COUNTED
from engine.text import figures
from tui.snapshots.header import Header


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """One notice, cleaned.

    Attributes:
        key: Its identity: the notice changes if this does.
        state: State that its shape and colour are those of.
        sentence: Its sentence, with the remedy.
        batch: The batch that it is about; None for the whole workspace.
        name: The batch's name.
    """

    key: str
    state: str
    sentence: str
    batch: int | None = None
    name: str = ""


@dataclass
class Notices:
    """The notices of the dashboard, on every screen.

    Attributes:
        trouble: The reason why the store cannot be read, in a sentence.
        problems: Problems of the dashboard itself, such as an invalid key file.
        away: Keys of notices that were put away; they come back when they change.
    """

    trouble: str | None = None
    problems: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    def of(self, head: Header) -> tuple[NoticeItem, ...]:
        """Return the notices that were not put away, the worst first."""
        items = tuple(self._all(head))
        self.away &= {item.key for item in items}
        return tuple(item for item in items if item.key not in self.away)

    def put_away(self, items: Sequence[NoticeItem]) -> None:
        """Hide notices until they change."""
        self.away |= {item.key for item in items}

    def _all(self, head: Header) -> Iterator[NoticeItem]:
        if self.trouble:
            yield NoticeItem(f"store {self.trouble}", "failed", self.trouble)
        for sentence in self.problems:
            yield NoticeItem(f"problem {sentence}", "failed", sentence)
        yield from _engine(head)
        yield from _parked(head)
        for bad in (True, False):
            for news in reversed(head.news):
                told = news.state == "parked" and head.parked  # with its reason, above
                if news.bad is bad and not told:
                    state = news.state or ("parked" if bad else "done")
                    key = f"news {news.number}"
                    yield NoticeItem(key, state, news.sentence, news.batch or None, news.name)


def _engine(head: Header) -> Iterator[NoticeItem]:
    engine = head.engine
    if engine.state == "lost":
        lost = "The engine was lost: its process ended without notice. The next one continues."
        yield NoticeItem(f"lost {engine.pid}", "failed", lost)
    elif engine.state == "suspended":
        resume = f"kill -CONT {engine.pid}"
        yield NoticeItem(
            f"suspended {engine.pid}", "paused", f"The engine is suspended. Resume it: {resume}"
        )


def _parked(head: Header) -> Iterator[NoticeItem]:
    """Return a notice for each reason; its identity does not depend on the number of jobs."""
    if not head.parked:
        return
    if not head.reasons:
        yield NoticeItem("parked", "parked", f"{head.parked} parked. Open the batch to see why.")
    single = len(head.reasons) == 1
    for one in head.reasons:
        count = head.parked if single else one.count
        number = f"{figures.count(count)}{'+' if count >= MAX_COUNTED and not single else ''}"
        key = f"parked {one.reason} {one.sentence}"
        yield NoticeItem(key, "parked", f"{number} parked ({one.reason}): {one.sentence}")
