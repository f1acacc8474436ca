"""Shots of a film: cuts on first beats of bars, images in turn, effects by energy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.recipes.music_video.effects import MORPH, changed
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.steps import Song
from engine.video.plan import Effects, Shot, Transition, Visual

SHORTEST_SHOT = 1.2
"""Length in seconds below which there is no cut."""

CALM_SHOT, INTENSE_SHOT, CLIMAX_SHOT = 8.0, 2.8, 2.0
"""Lengths in seconds that shots have in calm and intense sections, and at the climax."""

BARS = (1, 2, 4, 8, 16)
"""Bars between cuts, unless they are set."""

BEAT_SECONDS = 0.5
"""Length of a beat of a song without a pulse."""

FADE_IN, FLASH = 2.0, 0.4
"""Longest fade from black, and length of a flash, in seconds."""

_CALM, _INTENSE = 0.35, 0.7
_HARD = frozenset({"staccato", "glitch", "chaotic"})


@dataclass(frozen=True, slots=True)
class SectionMedia:
    """Images and clips of a section, as places in the lists of the film.

    Attributes:
        views: Images that take turns.
        late: Image from a time on: the hero, or the one after a shift of mood, with that time.
        clips: Clips with the times at which they start and end in the film.
    """

    views: tuple[int, ...] = ()
    late: tuple[float, int] | None = None
    clips: tuple[tuple[float, float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Times at which a film can be cut.

    Attributes:
        seconds: Length of the song.
        bars: Times of first beats of bars, else of beats.
        beat: Length of a beat.
        climax: Time of the climax.
        bar: Length of a bar.
    """

    seconds: float
    bars: tuple[float, ...]
    beat: float
    climax: float
    bar: float

    @classmethod
    def of(cls, song: Song) -> "Grid":
        """Return the grid of a song."""
        bars = song.downbeats if len(song.downbeats) > 1 else song.beats
        gaps = sorted(after - before for before, after in pairwise(bars))
        bar = gaps[len(gaps) // 2] if gaps else 4 * BEAT_SECONDS
        beat = 60 / song.bpm if song.bpm else BEAT_SECONDS
        return cls(song.seconds, bars, beat, song.climax, bar)


def shots_of(
    sections: Sequence[FilmSection],
    media: Mapping[int, SectionMedia],
    song: Song,
    settings: MusicVideoSettings,
    seed: int,
) -> tuple[Shot, ...]:
    """Return the shots of a film, which cover it.

    Args:
        sections: Its sections.
        media: Images and clips of each section by its index; one without any is procedural.
        song: The song.
        settings: The settings.
        seed: Source of the directions of the camera.
    """
    grid = Grid.of(song)
    shots: list[Shot] = []
    for section in sections:
        shown = media.get(section.index, SectionMedia())
        shots += _section_shots(section, shown, grid, settings, seed)
    return tuple(shots)


def _section_shots(
    section: FilmSection, media: SectionMedia, grid: Grid, settings: MusicVideoSettings, seed: int
) -> list[Shot]:
    start, end = section.spec.start_time, section.spec.end_time
    if media.clips:
        cuts = _cuts_of_clips(section, media, grid, settings)
    elif media.views or media.late:
        cuts = _cuts(section, media, grid, settings)
    else:
        cuts = [start]
    bounds = [*cuts, end]
    return [
        _shot(section, media, grid, settings, (place, at, until), seed)
        for place, (at, until) in enumerate(pairwise(bounds))
    ]


def _cuts_of_clips(
    section: FilmSection, media: SectionMedia, grid: Grid, settings: MusicVideoSettings
) -> list[float]:
    """Return the starts of clips, and of what fills the rest of the section after them."""
    start, end = section.spec.start_time, section.spec.end_time
    times = {start, *(time for at, until, _ in media.clips for time in (at, until))}
    rest = max(until for _, until, _ in media.clips)
    if media.views:
        times |= {cut for cut in _cuts(section, media, grid, settings) if cut > rest}
    return sorted(time for time in times if time < end - 1e-6)


def _cuts(
    section: FilmSection, media: SectionMedia, grid: Grid, settings: MusicVideoSettings
) -> list[float]:
    """Return the times of the cuts of a section, its start first."""
    start, end = section.spec.start_time, section.spec.end_time
    late = _late(media, grid, start, end)
    cuts = [start]
    bars = [time for time in grid.bars if start < time < end]
    if not bars:
        step = _wanted(section, grid, start)
        bars = [start + step * k for k in range(1, int((end - start) / step) + 1)]
    for time in bars:
        due = cuts[-1] + _length(section, grid, settings, cuts[-1])
        is_due = time >= due - 0.35 * grid.bar
        if (is_due or time == late) and time - cuts[-1] >= SHORTEST_SHOT:
            cuts.append(time)
    if late is not None and late not in cuts:
        cuts = [cut for cut in cuts if cut == start or abs(cut - late) >= SHORTEST_SHOT]
        cuts = sorted([*cuts, late])
    return [cut for cut in cuts if cut == start or cut <= end - SHORTEST_SHOT]


def _late(media: SectionMedia, grid: Grid, start: float, end: float) -> float | None:
    """Return the time of the first bar from which the late image is shown; None without one."""
    if media.late is None:
        return None
    wanted = media.late[0]
    near = min(grid.bars, key=lambda bar: abs(bar - wanted), default=wanted)
    time = near if abs(near - wanted) <= grid.bar else wanted
    return time if start + SHORTEST_SHOT <= time <= end - SHORTEST_SHOT else None


def _wanted(section: FilmSection, grid: Grid, at: float) -> float:
    """Return the length in seconds that a shot should have."""
    if section.song.is_climax and at >= grid.climax - 1e-6:
        return CLIMAX_SHOT
    energy = section.spec.energy
    return CALM_SHOT * (1 - energy) + INTENSE_SHOT * energy


def _length(section: FilmSection, grid: Grid, settings: MusicVideoSettings, at: float) -> float:
    """Return the length of a shot: a number of bars that is a power of two, or the one set."""
    if settings.cut_bars:
        return settings.cut_bars * grid.bar
    wanted = _wanted(section, grid, at)
    return min((bars * grid.bar for bars in BARS), key=lambda one: abs(math.log(one / wanted)))


def _shot(
    section: FilmSection,
    media: SectionMedia,
    grid: Grid,
    settings: MusicVideoSettings,
    place: tuple[int, float, float],
    seed: int,
) -> Shot:
    number, start, end = place
    spec = section.spec
    clip = next((one for one in media.clips if one[0] <= start < one[1]), None)
    transition, seconds = _transition(section, grid, number, joins=bool(clip))
    image = None if clip else _image(media, grid, section, number, start)
    visual: Visual | None = None if clip or image is not None else spec.visual
    return Shot(
        start=start,
        end=end,
        section=section.index,
        source="clip" if clip else "procedural" if image is None else "image",
        image=image,
        clip=clip[2] if clip else None,
        visual=visual,
        palette=spec.color_palette,
        motion=spec.motion_style,
        intensity=spec.intensity,
        energy=spec.energy,
        transition=transition,
        transition_seconds=seconds,
        effects=_effects(section, settings, grid, start),
        seed=(seed + 1009 * section.index + 31 * number) % 2**63,
        clip_start=start - clip[0] if clip else 0.0,
    )


def _image(
    media: SectionMedia, grid: Grid, section: FilmSection, number: int, start: float
) -> int | None:
    """Return the image of a shot: the views in turn, with the late one from its time on."""
    late = _late(media, grid, section.spec.start_time, section.spec.end_time)
    order = list(media.views)
    if media.late is not None and (not order or (late is not None and start >= late - 1e-6)):
        if late is not None and start <= late + 1e-6:
            return media.late[1]
        order.append(media.late[1])
    return order[number % len(order)] if order else None


def _transition(
    section: FilmSection, grid: Grid, number: int, *, joins: bool
) -> tuple[Transition, float]:
    """Return the transition into a shot, and its length in seconds; clips are joined by a morph."""
    transition, seconds = _planned_transition(section, grid, number)
    if joins and number:
        transition, seconds = "morph", grid.beat
    strength = section.effects.get(MORPH)
    if strength == 0 and transition == "morph":
        return "cross-dissolve", seconds
    if strength and number:
        return "morph", (seconds or grid.beat) * strength
    return transition, seconds


def _planned_transition(section: FilmSection, grid: Grid, number: int) -> tuple[Transition, float]:
    energy, motion = section.spec.energy, section.spec.motion_style
    if number == 0:
        return section.transition, _seconds(section.transition, energy, grid)
    if motion in _HARD or energy >= _INTENSE or section.song.is_climax:
        return "hard-cut", 0.0
    return "cross-dissolve", (2 if energy < _CALM else 1) * grid.beat


def _seconds(transition: Transition, energy: float, grid: Grid) -> float:
    if transition == "hard-cut":
        return 0.0
    if transition == "flash-white":
        return FLASH
    if transition == "fade-from-black":
        return min(FADE_IN, 4 * grid.beat)
    beats = 4 if energy < _CALM else 2 if energy < _INTENSE else 1
    return min(4.0, (1 if transition in {"wipe", "zoom-in", "zoom-out"} else beats) * grid.beat)


def _effects(
    section: FilmSection, settings: MusicVideoSettings, grid: Grid, start: float
) -> Effects:
    """Return the effects of a shot: more of all with intensity and energy."""
    spec, amount = section.spec, settings.effects
    strength = spec.intensity * amount
    is_peak = section.song.is_climax and start >= grid.climax - 1e-6
    glitches = spec.motion_style in {"glitch", "chaotic"}
    planned = Effects(
        zoom_per_second=0.005 + 0.015 * spec.energy * max(amount, 0.2),
        pulse=_share((0.7 if spec.motion_style == "pulse" else 0.45) * strength),
        parallax=_share(0.5 * strength),
        grain=_share(0.3 * amount),
        bloom=_share((0.1 + 0.2 * spec.energy) * amount),
        aberration=_share((0.6 if glitches else 0.25) * strength),
        flash=_share((0.35 if is_peak else 0.2 if glitches else 0.0) * strength),
    )
    return changed(planned, section.effects)


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
