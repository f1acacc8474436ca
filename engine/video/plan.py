"""Plan of a film: shots, effects, signals of the song and lyrics, as plain data.

`dataclasses.asdict` writes a plan and `FilmPlan.from_dict` reads it. Each frame of a film depends
on the plan, the images and its number, so that frames can be rendered in any order, anywhere.
"""

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

MAX_SECONDS = 3600.0
"""Maximum length of a film in seconds."""

MIN_SIDE, MAX_SIDE = 64, 4096
"""Sides of a film in pixels; both have to be even."""

SPECTRUM_BANDS = 64
"""Bands of a row of `Signals.spectrum`, at equal distances in log frequency."""

Source = Literal["image", "procedural", "clip"]
"""Origin of the frames of a shot."""

Visual = Literal["flow", "feedback", "particles", "spectrum"]
"""Procedural visual."""

Motion = Literal[
    "slow-drift",
    "pulse",
    "energetic",
    "chaotic",
    "breathing",
    "glitch",
    "smooth-flow",
    "staccato",
]
"""Movement of the camera over an image."""

Transition = Literal[
    "fade-from-black",
    "fade-to-black",
    "cross-dissolve",
    "hard-cut",
    "morph",
    "flash-white",
    "wipe",
    "zoom-in",
    "zoom-out",
]
"""Change from the shot before to a shot."""

Animation = Literal["none", "fade", "karaoke"]
"""Animation of lyrics: `karaoke` colours each word when it is sung."""

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]
Colour = Annotated[str, Field(pattern="^#[0-9A-Fa-f]{6}$")]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Index = Annotated[int, Field(ge=0, lt=100_000)]
Levels = Annotated[tuple[Share, ...], Field(max_length=1_000_000)]
Times = Annotated[tuple[Seconds, ...], Field(max_length=1_000_000)]

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


class PlanError(ValueError):
    """A plan that cannot be rendered; the message names the field."""


@dataclass(frozen=True, slots=True)
class Signals:
    """The song as numbers that effects follow.

    Levels are 0 to 1 over the whole song, smoothed with a fast attack and a slow release.

    Attributes:
        times: Time of each row of the levels in seconds, ascending.
        rms: Loudness.
        bass: Level of the bass.
        energy: Energy over some seconds.
        flux: Amount of change of the spectrum.
        spectrum: Rows of `SPECTRUM_BANDS` levels, the lowest frequency first.
        beats: Times of beats in seconds, ascending.
        downbeats: Times of the first beats of bars.
        onsets: Times of the starts of notes and strokes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    times: Times = ()
    rms: Levels = ()
    bass: Levels = ()
    energy: Levels = ()
    flux: Levels = ()
    spectrum: tuple[tuple[Share, ...], ...] = ()
    beats: Times = ()
    downbeats: Times = ()
    onsets: Times = ()

    def __post_init__(self) -> None:
        """Check the lengths.

        Raises:
            ValueError: They differ, or times do not ascend.
        """
        for name in ("rms", "bass", "energy", "flux", "spectrum"):
            if len(getattr(self, name)) != len(self.times):
                raise ValueError(
                    f"signals.{name} has {len(getattr(self, name))} rows and signals.times has "
                    f"{len(self.times)}; they need the same number"
                )
        if any(len(row) != SPECTRUM_BANDS for row in self.spectrum):
            raise ValueError(f"signals.spectrum needs {SPECTRUM_BANDS} bands in each row")
        for name in ("times", "beats", "downbeats", "onsets"):
            values = getattr(self, name)
            if any(later < earlier for earlier, later in itertools.pairwise(values)):
                raise ValueError(f"signals.{name} does not ascend")


@dataclass(frozen=True, slots=True)
class Effects:
    """Amounts of the effects of a shot, 0 for none.

    Attributes:
        zoom_per_second: Zoom of the Ken Burns movement as a share of the image per second.
        pulse: Brightness and colour that follow onsets.
        parallax: Shift of the near layer against the far one, by the bass.
        grain: Film grain, by the energy.
        bloom: Glow of highlights, by the loudness.
        aberration: Chromatic aberration, by the spectral flux.
        flash: White flashes on downbeats.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    zoom_per_second: Annotated[float, Field(ge=0, le=0.1)] = 0.01
    pulse: Share = 0.0
    parallax: Share = 0.0
    grain: Share = 0.0
    bloom: Share = 0.0
    aberration: Share = 0.0
    flash: Share = 0.0


@dataclass(frozen=True, slots=True)
class Shot:
    """One image, visual or clip, and its movement.

    Attributes:
        start: Time of the cut to it, in seconds of the film.
        end: Start of the next shot, or the end of the film.
        section: Index of the section of the song.
        source: Origin of its frames.
        image: Index of the image; needed if the source is an image.
        clip: Index of the clip; needed if the source is a clip.
        visual: Procedural visual; needed if the source is procedural.
        palette: Colours, the most important first.
        motion: Movement of the camera over an image.
        intensity: Strength of the movement, 0 to 1.
        energy: Energy of the section, 0 to 1.
        transition: Change from the shot before.
        transition_seconds: Length of the transition; its middle is at the cut.
        effects: Amounts of the effects.
        seed: Seed of its directions and its visual.
        clip_start: Time in the clip that is shown at the start, in seconds.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    start: Seconds
    end: Seconds
    section: Index = 0
    source: Source = "image"
    image: Index | None = None
    clip: Index | None = None
    visual: Visual | None = None
    palette: Annotated[tuple[Colour, ...], Field(max_length=16)] = ()
    motion: Motion = "slow-drift"
    intensity: Share = 0.5
    energy: Share = 0.5
    transition: Transition = "hard-cut"
    transition_seconds: Annotated[float, Field(ge=0, le=30)] = 0.0
    effects: Effects = Effects()
    seed: Seed = 0
    clip_start: Seconds = 0.0

    def __post_init__(self) -> None:
        """Check that the source is there.

        Raises:
            ValueError: It is not, or the shot ends before it starts.
        """
        if self.end <= self.start:
            raise ValueError(f"a shot ends at {self.end} s, which is not after {self.start} s")
        field = "visual" if self.source == "procedural" else self.source
        if getattr(self, field) is None:
            raise ValueError(f"the shot at {self.start} s has source {self.source!r}: set {field}")


@dataclass(frozen=True, slots=True)
class LyricLine:
    """One line of the lyrics.

    Attributes:
        start: Time at which it appears.
        end: Time at which it is gone.
        text: The line.
        words: Start, end and text of each word; empty if they are not known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    start: Seconds
    end: Seconds
    text: Annotated[str, Field(max_length=500)]
    words: Annotated[tuple[tuple[Seconds, Seconds, str], ...], Field(max_length=200)] = ()


@dataclass(frozen=True, slots=True)
class LyricsStyle:
    """Look of the lyrics.

    Attributes:
        size: Height of the letters as a share of the film's shorter side.
        colour: Colour of the text.
        highlight: Colour of words that have been sung, with `karaoke`.
        shadow: True for a dark edge that keeps the text legible on light images.
        animation: Animation of each line.
        position: Place of the line, 0 (top) to 1 (bottom).
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    size: Annotated[float, Field(ge=0.01, le=0.3)] = 0.06
    colour: Colour = "#FFFFFF"
    highlight: Colour = "#FFD166"
    shadow: bool = True
    animation: Animation = "fade"
    position: Share = 0.86


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """All that a film's frames depend on, besides the images and clips.

    Attributes:
        width: Width in pixels, even.
        height: Height in pixels, even.
        frame_rate: Frames per second: a number, or a fraction such as "30000/1001".
        seconds: Length of the film.
        shots: Shots in order, each starting when the one before ends. They cover the film; those
            of an excerpt cover its frames (see `engine.video.cuts.excerpt`).
        signals: The song as numbers.
        lyrics: Lines of the lyrics in order.
        seed: Seed of the film grain.
        lyrics_style: Look of the lyrics.
        fade_out: Length of the fade to black at the end of the film, in seconds.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    width: Annotated[int, Field(ge=MIN_SIDE, le=MAX_SIDE, multiple_of=2)]
    height: Annotated[int, Field(ge=MIN_SIDE, le=MAX_SIDE, multiple_of=2)]
    frame_rate: Annotated[int, Field(ge=1, le=120)] | str
    seconds: Annotated[float, Field(gt=0, le=MAX_SECONDS)]
    shots: Annotated[tuple[Shot, ...], Field(min_length=1, max_length=20_000)]
    signals: Signals = Signals()
    lyrics: Annotated[tuple[LyricLine, ...], Field(max_length=10_000)] = ()
    seed: Seed = 0
    lyrics_style: LyricsStyle = LyricsStyle()
    fade_out: Annotated[float, Field(ge=0, le=30)] = 0.0

    def __post_init__(self) -> None:
        """Check that the shots follow each other.

        Raises:
            ValueError: They do not, or the frame rate is not one.
        """
        if not 1 <= self.rate <= 120:
            raise ValueError(f"frame_rate {self.frame_rate!r} is not within 1 to 120")
        for earlier, later in zip(self.shots, self.shots[1:], strict=False):
            if earlier.end != later.start:
                raise ValueError(
                    f"a shot ends at {earlier.end} s and the next one starts at {later.start} s; "
                    "they need the same time"
                )

    @property
    def rate(self) -> Fraction:
        """Frames per second.

        Raises:
            ValueError: `frame_rate` is not a number.
        """
        try:
            return Fraction(self.frame_rate)
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"frame_rate {self.frame_rate!r} is not a number") from None

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Return a plan from what `dataclasses.asdict` wrote, or from the JSON of it.

        Raises:
            PlanError: A field is missing, unknown, or has a value out of its range.
        """
        try:
            return TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "plan"
            raise PlanError(f"{field}: {first['msg']}") from None
