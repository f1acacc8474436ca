"""Edit lists of a film: OpenTimelineIO, and CMX 3600 for older programs.

Both list the shots as cuts of the finished film, so that an editing program opens the film cut
apart. The OpenTimelineIO file has a second track, switched off, with what each shot was rendered
from, its transitions, and markers at the sections.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from engine.text.terminal import clean
from engine.video.cuts import frames_of, shot_span, transition_span
from engine.video.plan import FilmPlan, Shot

if TYPE_CHECKING:
    import opentimelineio as otio

MAX_EVENTS = 999
"""Events of a CMX 3600 list, whose numbers have three digits."""

MAX_NAME = 60
"""Length of a name in an edit list, in characters."""

_CUTS = {"hard-cut", "flash-white", "fade-from-black", "fade-to-black"}
"""Transitions that need nothing of the shot before."""


class EditListError(ValueError):
    """A film that an edit list cannot describe; the message says why."""


@dataclass(frozen=True, slots=True)
class Media:
    """Files of a film, as paths relative to the edit list.

    Attributes:
        film: The film.
        song: The song; empty for none.
        images: Images of the plan, by their index.
        clips: Clips of the plan, by their index.
        labels: Names of the sections, by their index.
    """

    film: str
    song: str = ""
    images: Sequence[str] = ()
    clips: Sequence[str] = ()
    labels: Sequence[str] = ()


def write_otio(plan: FilmPlan, media: Media, name: str = "film") -> str:
    """Return the film as an OpenTimelineIO document (JSON).

    Args:
        plan: The film.
        media: Its files.
        name: Name of the timeline.
    """
    return str(_timeline(plan, media, name).to_json_string(indent=2))


def write_edl(plan: FilmPlan, media: Media, name: str = "film") -> str:
    """Return the film as a CMX 3600 edit decision list.

    Args:
        plan: The film.
        media: Its files.
        name: Title of the list.

    Raises:
        EditListError: It has too many shots, or a frame rate that timecode does not have.
    """
    import opentimelineio as otio

    if len(plan.shots) > MAX_EVENTS:
        raise EditListError(
            f"a CMX 3600 list has at most {MAX_EVENTS} events and the film has {len(plan.shots)} "
            "shots; use the OpenTimelineIO file"
        )
    rate = _timecode_rate(plan.rate)
    timeline = _timeline(plan, media, name, rate)
    try:
        text = otio.adapters.write_to_string(timeline, "cmx_3600", rate=rate, style="premiere")
    except otio.exceptions.OTIOError as error:
        raise EditListError(f"the edit list cannot be written: {clean(str(error))}") from error
    return f"{text.rstrip()}\n"


def _timecode_rate(rate: Fraction) -> float:
    """Return the rate as timecode counts it.

    Raises:
        EditListError: Timecode has no such rate.
    """
    import opentimelineio as otio

    nearest = otio.opentime.RationalTime.nearest_smpte_timecode_rate(float(rate))
    if abs(nearest - float(rate)) > 0.01:
        raise EditListError(
            f"timecode has no {float(rate):g} frames per second; use 24, 25, 30, 50 or 60, or the "
            "OpenTimelineIO file"
        )
    return float(nearest)


def _timeline(
    plan: FilmPlan, media: Media, name: str, rate: float | None = None
) -> "otio.schema.Timeline":
    import opentimelineio as otio

    rate = float(plan.rate) if rate is None else rate
    timeline = otio.schema.Timeline(clean(name, MAX_NAME))
    film = _file(media.film, frames_of(plan), rate)
    cuts = otio.schema.Track("film", kind=otio.schema.TrackKind.Video)
    cuts.extend(_cut(plan, index, media, film, rate) for index in range(len(plan.shots)))
    timeline.tracks.extend([cuts, _sources(plan, media, rate)])
    if media.song:
        song = _file(media.song, frames_of(plan), rate)
        track = otio.schema.Track("song", kind=otio.schema.TrackKind.Audio)
        track.append(otio.schema.Clip("song", song, song.available_range))
        timeline.tracks.append(track)
    return timeline


def _cut(plan: FilmPlan, index: int, media: Media, film: Any, rate: float) -> Any:
    """Return a shot as a cut of the film, marked if a section starts with it."""
    import opentimelineio as otio

    shot, span = plan.shots[index], shot_span(plan, index)
    span_range = _range(span.first, span.stop - span.first, rate)
    cut = otio.schema.Clip(_name(shot, index, media), film.clone(), span_range)
    cut.metadata["safelight"] = {
        "section": shot.section,
        "source": shot.source,
        "motion": shot.motion,
        "transition": shot.transition,
        "palette": list(shot.palette),
    }
    if index == 0 or plan.shots[index - 1].section != shot.section:
        start = _range(span.first, 1, rate)
        cut.markers.append(otio.schema.Marker(_label(shot, media), start))
    return cut


def _sources(plan: FilmPlan, media: Media, rate: float) -> Any:
    """Return the track of what the shots were rendered from, with their dissolves."""
    import opentimelineio as otio

    track = otio.schema.Track("sources", kind=otio.schema.TrackKind.Video)
    track.enabled = False
    for index, shot in enumerate(plan.shots):
        span = shot_span(plan, index)
        dissolve = transition_span(plan, index)
        length = span.stop - span.first
        if index and shot.transition not in _CUTS and dissolve.stop > dissolve.first:
            track.append(
                otio.schema.Transition(
                    shot.transition,
                    otio.schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=otio.opentime.RationalTime(span.first - dissolve.first, rate),
                    out_offset=otio.opentime.RationalTime(dissolve.stop - span.first, rate),
                )
            )
        first = round(shot.clip_start * rate) if shot.source == "clip" else 0
        source_range = _range(first, length, rate)
        name = _name(shot, index, media)
        track.append(otio.schema.Clip(name, _source(shot, media), source_range))
    return track


def _source(shot: Shot, media: Media) -> Any:
    import opentimelineio as otio

    if shot.source == "procedural":
        parameters = {"palette": list(shot.palette), "seed": str(shot.seed)}
        return otio.schema.GeneratorReference(
            shot.visual or "flow", f"safelight.{shot.visual}", parameters=parameters
        )
    files = media.images if shot.source == "image" else media.clips
    place = shot.image if shot.source == "image" else shot.clip
    if place is None or place >= len(files):
        return otio.schema.MissingReference()
    return otio.schema.ExternalReference(files[place])


def _file(path: str, frames: int, rate: float) -> Any:
    import opentimelineio as otio

    return otio.schema.ExternalReference(path, _range(0, frames, rate))


def _range(first: int, length: int, rate: float) -> Any:
    import opentimelineio as otio

    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(first, rate), time(length, rate))


def _label(shot: Shot, media: Media) -> str:
    label = media.labels[shot.section] if shot.section < len(media.labels) else ""
    return clean(label, MAX_NAME) or f"section {shot.section + 1}"


def _name(shot: Shot, index: int, media: Media) -> str:
    return f"{_label(shot, media)} shot {index + 1}"
