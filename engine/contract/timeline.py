"""Timelines: things over time that a dashboard scrubs through, as plain data.

A job with a file or result whose kind returns one (`Kind.timeline`) has a screen for it. Frames
under the play head come from a kind with `Kind.frame`, such as that of videos.
"""

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
"""Names with their texts."""


@dataclass(frozen=True, slots=True)
class TimelineSection:
    """A section of a timeline.

    Attributes:
        start: Start in seconds.
        end: End in seconds.
        label: Its name.
        scope: Scope of the job that decisions about it are in, as `section-3`; empty for none.
        palette: Its colours as `#RRGGBB`, the most important first.
        lanes: Short words by the names of the lanes that show them, such as motion and source.
        facts: Longer texts by their names, which are shown while the play head is inside.
    """

    start: float
    end: float
    label: str
    scope: str = ""
    palette: tuple[str, ...] = ()
    lanes: Pairs = ()
    facts: Pairs = ()


@dataclass(frozen=True, slots=True)
class TimelineShot:
    """A shot: a stretch between two cuts.

    Attributes:
        start: Time of the cut to it, in seconds.
        end: Time of the next cut.
        image: A small image of it, as PNG, JPEG or WebP; empty without one.
        scope: Scope of the job that decisions about its image are in, as `section-3/image-1`.
        transition: Word for the change from the shot before.
        mark: The same as one character.
    """

    start: float
    end: float
    image: bytes = b""
    scope: str = ""
    transition: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Things over time; all times in seconds from the start, ascending.

    Attributes:
        seconds: Length, above 0.
        sections: Sections in order.
        shots: Shots in order.
        energy: Levels over the whole length at equal distances, 0 to 1.
        beats: Times of beats.
        downbeats: Times of the first beats of bars.
        marks: Times with names, such as a climax.
    """

    seconds: float
    sections: tuple[TimelineSection, ...] = ()
    shots: tuple[TimelineShot, ...] = ()
    energy: tuple[float, ...] = ()
    beats: tuple[float, ...] = ()
    downbeats: tuple[float, ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
