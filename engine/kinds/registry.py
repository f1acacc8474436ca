"""All kinds: ours, and those of installed packages."""

import functools
import io
import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeGuard

from engine.contract.kinds import HEAD_BYTES, Content, Kind, Recognition
from engine.kinds.audio import AudioKind
from engine.kinds.features import FeaturesKind
from engine.kinds.figures import MeasuresKind, SimilarityKind, TableKind, TimelineKind
from engine.kinds.film import FilmPlanKind
from engine.kinds.image import ImageKind
from engine.kinds.notation import MidiKind, NotationKind
from engine.kinds.prompt import PromptKind
from engine.kinds.song import SongKind
from engine.kinds.sound_measures import SoundMeasuresKind
from engine.kinds.step_events import StepEventsKind
from engine.kinds.text import DataKind, TextKind
from engine.kinds.video import SoundInVideo, VideoKind

GROUP = "safelight.kinds"
"""Entry point group of kinds."""

UNKNOWN = "application/octet-stream"
"""Media type of bytes of no known kind."""

MAX_FACTS, MAX_FACT_CHARS = 32, 200
"""Facts of one file that are kept, and characters of each."""

MAX_SIDE = (1 << 31) - 1
"""The largest width or height that is kept, in pixels."""

_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,80}")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")

log = logging.getLogger(__name__)


class FileKind(Kind):
    """A file of no known kind."""

    name = "file"
    title = "file"
    face = "hidden"


class TraceKind(DataKind):
    """A trace of what went over the wire."""

    name = "trace"
    title = "trace"

    def recognise(self, content: Content) -> None:
        """Return None: a trace is JSON that the engine names so."""


class RowsKind(DataKind):
    """Results that the store keeps as rows of their own, which are drawn from there."""

    def __init__(self, name: str) -> None:
        self.name = self.title = name

    def recognise(self, content: Content) -> None:
        """Return None: only steps name it."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds by name, and the order in which they are asked what bytes are.

    Attributes:
        named: Every kind by its name.
        order: What recognises bytes, the surest first.
    """

    named: Mapping[str, Kind]
    order: Sequence[Kind]

    def of(self, name: str) -> Kind:
        """Return a kind by name; `file` for one that is not installed here."""
        return self.named.get(name) or _FILE

    def with_face(self, *faces: str) -> list[str]:
        """Return the names of kinds by whether they are the face of a job."""
        return [kind.name for kind in self.named.values() if kind.face in faces]

    def recognise(self, content: Content, name: str | None = None) -> tuple[str, Recognition]:
        """Return the name of the kind of some bytes, and what they are.

        Args:
            content: The bytes.
            name: Name of their kind if it is known already; its own kind is asked first.
        """
        first = [self.named[name]] if name and name in self.named else []
        found, recognised = self._recognise(content, [*first, *self.order])
        return name or found, recognised

    def _recognise(self, content: Content, order: Sequence[Kind]) -> tuple[str, Recognition]:
        for kind in order:
            try:
                found = kind.recognise(content)
                if found is not None:
                    return kind.name, _bounded(found)
            except Exception:  # a third party's kind may fail in any way
                log.warning("The kind %s failed on a file", kind.name, exc_info=True)
        return _FILE.name, Recognition(UNKNOWN)


_FILE = FileKind()
_FIRST: tuple[Kind, ...] = (ImageKind(), AudioKind(), VideoKind(), SoundInVideo(), MidiKind())
_LAST: tuple[Kind, ...] = (NotationKind(), DataKind(), TextKind())
_FIGURES: tuple[Kind, ...] = (
    TableKind(),
    FeaturesKind(),
    MeasuresKind(),
    SoundMeasuresKind(),
    StepEventsKind(),
    TimelineKind(),
    SongKind(),
    FilmPlanKind(),
    SimilarityKind(),
)
_ROWS = tuple(RowsKind(name) for name in ("critique", "scores"))
_NAMED: tuple[Kind, ...] = (_FILE, TraceKind(), *_FIGURES, PromptKind(), *_ROWS)


@functools.cache
def kinds() -> Kinds:
    """Return all kinds. Those of other packages are imported at the first call."""
    ours = (*_FIRST, *_LAST, *_NAMED)
    others = _installed({kind.name for kind in ours})
    named = {kind.name: kind for kind in reversed((*ours, *others))}
    return Kinds(named, (*_FIRST, *others, *_LAST))


def _installed(taken: set[str]) -> list[Kind]:
    from importlib.metadata import entry_points

    found: list[Kind] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            kind = point.load()
        except Exception:  # a third party's module may fail in any way on import
            log.warning("The kind %s cannot be imported", point.name, exc_info=True)
            continue
        if not _is_own(kind) or kind.name in taken:
            log.warning("The entry point %s of %s is not a kind of its own", point.name, GROUP)
            continue
        taken.add(kind.name)
        found.append(kind)
    return found


def _is_own(kind: object) -> TypeGuard[Kind]:
    return isinstance(kind, Kind) and bool(_NAME.fullmatch(str(kind.name)))


def _bounded(found: Recognition) -> Recognition:
    """The same with sides and facts that can be stored: few, short and finite."""
    facts = {
        str(name)[:40]: value[:MAX_FACT_CHARS] if isinstance(value, str) else value
        for name, value in list(found.facts.items())[:MAX_FACTS]
        if isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value))
    }
    media_type = found.media_type if _MEDIA_TYPE.fullmatch(found.media_type) else UNKNOWN
    return Recognition(media_type, _side(found.width), _side(found.height), facts)


def _side(pixels: int | None) -> int | None:
    return pixels if isinstance(pixels, int) and 0 < pixels <= MAX_SIDE else None


def content_of(data: bytes) -> Content:
    """Return bytes in memory as content to recognise."""
    return Content(data[:HEAD_BYTES], len(data), functools.partial(io.BytesIO, data))


def content_of_file(path: Path) -> Content:
    """Return a file as content to recognise."""
    with path.open("rb") as stream:
        head, size = stream.read(HEAD_BYTES), path.stat().st_size

    def opened() -> BinaryIO:
        return path.open("rb")

    return Content(head, size, opened)
