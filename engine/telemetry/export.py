"""Export of spans: piece by piece, each sent until it is taken, then its place kept."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.telemetry.cursor import Cursor
from engine.telemetry.feed import Piece
from engine.telemetry.targets import NotTaken, Target
from engine.text.errors import UserError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

AT_ONCE = 500
"""Spans of one request, or of one line."""

MAX_PAUSE = 60.0


class GaveUp(UserError):
    """A target takes no spans for too long; nothing after the kept place was exported."""


@dataclass(slots=True)
class Patience:
    """Time that a target may refuse, and the place for its refusals.

    Attributes:
        seconds: Seconds after which an export gives up; None for never.
        say: Gets the sentence of a refusal, once until spans are taken again.
    """

    seconds: float | None
    say: Callable[[str], None]


@dataclass(slots=True)
class Exported:
    """Numbers of an export.

    Attributes:
        spans: Spans that were taken.
        skipped: Spans that the target refuses even alone.
    """

    spans: int = 0
    skipped: int = 0


def export(
    pieces: Iterable[Piece],
    target: Target,
    patience: Patience,
    total: Exported,
    keep: Callable[[Cursor], None] = lambda _place: None,
) -> Cursor | None:
    """Send pieces in their order, and keep the place after each.

    Args:
        pieces: The spans.
        target: Takes them.
        patience: How long it may refuse.
        total: Counts what is taken.
        keep: Stores the place, once its spans are taken.

    Returns:
        The last place; None if there were no pieces.

    Raises:
        GaveUp: The target takes nothing for too long.
    """
    place: Cursor | None = None
    size = 0
    for piece in pieces:
        for some in _slices(piece.spans):
            size = _send(some, target, patience, total) or size
        place = replace(piece.place, size=size or piece.place.size)
        keep(place)
    return place


def _slices(spans: "Sequence[ReadableSpan]") -> "Iterator[Sequence[ReadableSpan]]":
    for start in range(0, len(spans), AT_ONCE):
        yield spans[start : start + AT_ONCE]


def _send(
    spans: "Sequence[ReadableSpan]", target: Target, patience: Patience, total: Exported
) -> int:
    """Send spans until they are taken; halve them where they are refused as they are."""
    pause, waited, has_warned = 1.0, 0.0, False
    while True:
        try:
            size = target.send(spans)
        except NotTaken as refusal:
            if refusal.is_divisible:
                return _send_less(spans, target, patience, total, refusal)
            if patience.seconds is not None and waited >= patience.seconds:
                raise GaveUp(
                    refusal.message,
                    remedy=f"{refusal.remedy} Nothing is lost: run it again.".strip(),
                ) from None
            if not has_warned:
                patience.say(f"{refusal.message} {refusal.remedy}".strip() + " Trying again.")
                has_warned = True
            time.sleep(pause)
            waited, pause = waited + pause, min(MAX_PAUSE, pause * 2)
        else:
            total.spans += len(spans)
            return size


def _send_less(
    spans: "Sequence[ReadableSpan]",
    target: Target,
    patience: Patience,
    total: Exported,
    refusal: NotTaken,
) -> int:
    if len(spans) == 1:
        if not total.skipped:
            patience.say(f"{refusal.message} The span {spans[0].name!r} is left out.")
        total.skipped += 1
        return 0
    middle = len(spans) // 2
    _send(spans[:middle], target, patience, total)
    return _send(spans[middle:], target, patience, total)
