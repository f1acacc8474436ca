"""The plan of a film for its renderer: shots, lyrics, size."""

from collections.abc import Mapping, Sequence

from engine.recipes.music_video.clips import FilmClip
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import FilmImage
from engine.recipes.music_video.keyframes import Role
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.shots import SectionMedia, shots_of
from engine.recipes.music_video.spec import LyricsDisplay, RenderSpec
from engine.recipes.music_video.steps import Song, TimedLine
from engine.video.plan import Animation, FilmPlan, LyricLine, LyricsStyle

FADE_OUT = 3.0
"""Length of the fade to black at the end, in seconds, at most."""

_SIZES = {"small": 0.045, "medium": 0.06, "large": 0.08}
_ANIMATIONS: dict[str, Animation] = {"none": "none", "karaoke": "karaoke"}


def film_plan(
    song: Song,
    spec: RenderSpec,
    sections: Sequence[FilmSection],
    images: Sequence[FilmImage],
    clips: Sequence[FilmClip],
    settings: MusicVideoSettings,
    seed: int,
) -> FilmPlan:
    """Return the plan of a film, without its signals.

    Args:
        song: The song.
        spec: The approved plan.
        sections: The sections.
        images: The images that there are; shots name them by their place.
        clips: The clips, likewise.
        settings: The settings.
        seed: Source of the directions of the camera and of the grain.
    """
    export = spec.export_settings
    display = spec.global_style.lyrics_display
    media = section_media(sections, images, clips)
    return FilmPlan(
        width=export.resolution[0],
        height=export.resolution[1],
        frame_rate=export.fps,
        seconds=song.seconds,
        shots=shots_of(sections, media, song, settings, seed),
        lyrics=tuple(map(_line, song.lyrics)) if display.enabled else (),
        seed=seed,
        lyrics_style=_lyrics_style(display),
        fade_out=min(FADE_OUT, song.seconds / 10),
    )


def section_media(
    sections: Sequence[FilmSection], images: Sequence[FilmImage], clips: Sequence[FilmClip] = ()
) -> Mapping[int, SectionMedia]:
    """Return the clips and images of each section: its own, then those of the one it repeats."""
    media = {}
    for section in sections:
        if section.source == "procedural":
            continue
        views = _places(images, section.index, "view", "repeat")
        borrowed = _places(images, section.index, "borrowed")
        if section.is_repeat and not borrowed:
            borrowed = _places(images, section.first, "view", "repeat")
        late = [
            (one.keyframe.at, place)
            for place, one in enumerate(images)
            if one.keyframe.section == section.index and one.keyframe.role in {"hero", "shift"}
        ]
        media[section.index] = SectionMedia(
            views=(*views, *borrowed),
            late=late[0] if late else None,
            clips=tuple(
                (one.start, one.end, place)
                for place, one in enumerate(clips)
                if one.section == section.index
            ),
        )
    return media


def _places(images: Sequence[FilmImage], section: int, *roles: Role) -> list[int]:
    return [
        place
        for place, one in enumerate(images)
        if one.keyframe.section == section and one.keyframe.role in roles
    ]


def _lyrics_style(display: LyricsDisplay) -> LyricsStyle:
    size = display.size
    height = _SIZES.get(size, 0.06) if isinstance(size, str) else min(0.3, max(0.01, size))
    return LyricsStyle(
        size=height,
        colour=display.color,
        shadow=display.shadow,
        animation=_ANIMATIONS.get(display.animation, "fade"),
    )


def _line(line: TimedLine) -> LyricLine:
    return LyricLine(line.start, line.end, line.text, line.words)
