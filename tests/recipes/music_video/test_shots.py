"""Keyframes and shots: how many, at which times, with which images."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from engine.contract import Artifact
from engine.recipes.common.films import fonts_of_lyrics, segment_request, signals_of
from engine.recipes.music_video.direction import SongSection
from engine.recipes.music_video.film_sections import FilmSection
from engine.recipes.music_video.images import generated_size
from engine.recipes.music_video.keyframes import Keyframe, plan_keyframes
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.shots import SHORTEST_SHOT, SectionMedia, shots_of
from engine.recipes.music_video.spec import GlobalStyle, SectionSpec
from engine.recipes.music_video.steps import Song
from engine.video.plan import FilmPlan, LyricLine, Shot

BAR = 2.0
FILE = Artifact(hash="0" * 64, media_type="application/json", size=1)


def song(seconds: float = 80.0, *, beats: bool = True) -> Song:
    """Return a song of four sections at 120 beats a minute."""
    count = 4
    length = seconds / count
    energies = (0.1, 0.5, 0.9, 0.5)
    return Song(
        seconds=seconds,
        bpm=120.0 if beats else None,
        key="C major",
        mood="happy",
        beats=tuple(k * 0.5 for k in range(int(seconds * 2))) if beats else (),
        downbeats=tuple(k * BAR for k in range(int(seconds / BAR))) if beats else (),
        sections=tuple(
            SongSection(
                index=k,
                label="verse",
                start=k * length,
                end=(k + 1) * length,
                energy=energies[k],
                repeat_of=1 if k == 3 else None,
                is_climax=k == 2,
                shifts=(length * 0.6,) if k == 0 else (),
            )
            for k in range(count)
        ),
        climax=2.5 * length,
        analysis=FILE,
        levels=FILE,
        timeline=FILE,
    )


def sections_of(piece: Song, **changes: Any) -> tuple[FilmSection, ...]:
    """Return sections of a film, of which the last repeats the second."""
    return tuple(
        FilmSection(
            index=one.index,
            spec=SectionSpec(
                label=one.label,
                start_time=one.start,
                end_time=one.end,
                energy=one.energy,
                ai_prompt=f"place {one.index}",
                **changes,
            ),
            song=one,
            first=one.index if one.repeat_of is None else one.repeat_of,
            source="keyframes",
            transition="cross-dissolve",
        )
        for one in piece.sections
    )


def keyframes(settings: MusicVideoSettings, piece: Song | None = None) -> Sequence[Keyframe]:
    piece = piece or song()
    style = GlobalStyle(shader_description="ink", style_modifiers=("a", "b", "c", "d", "e"))
    return plan_keyframes(sections_of(piece), style, settings, piece.climax, lambda n: 100 * n)


def test_new_sections_have_two_images_and_special_moments_one_more() -> None:
    frames = keyframes(MusicVideoSettings())
    roles = [(one.section, one.role) for one in frames]
    assert roles == [
        (0, "view"), (0, "view"), (0, "shift"), (1, "view"), (1, "view"),
        (2, "view"), (2, "view"), (2, "hero"), (3, "repeat"),
    ]  # fmt: skip
    assert [one.key for one in frames][:3] == [f"section-1/image-{k}" for k in (1, 2, 3)]
    assert len({one.seed for one in frames}) == len(frames)
    assert frames[-1].follows == "section-2/image-1"


def test_fewer_images_are_those_that_matter_most() -> None:
    frames = keyframes(MusicVideoSettings(max_keyframes=5))
    assert {one.key for one in frames} == {
        *(f"section-{number}/image-1" for number in (1, 2, 3)),
        "section-1/image-2",
        "section-3/image-3",
    }


def test_a_prompt_has_words_style_colours_and_quality_and_no_negatives() -> None:
    first = keyframes(MusicVideoSettings())[0]
    assert first.prompt.startswith("place 0, ink, a, b, c, d, color palette: #7C5CFC, #1A1A28, ")
    assert first.prompt.endswith("cinematic lighting")
    assert "e," not in first.prompt.split("color")[0].split("d, ")[-1]
    assert "watermark" not in first.prompt
    assert len(first.simpler) < 40


def shots(piece: Song, media: dict[int, SectionMedia], **settings: Any) -> Any:
    values = MusicVideoSettings(**settings)
    return shots_of(sections_of(piece), media, piece, values, seed=5)


MEDIA = {k: SectionMedia(views=(2 * k, 2 * k + 1)) for k in range(4)}


def test_shots_cover_the_film_and_are_cut_on_bars() -> None:
    """Intense sections are cut more often than calm ones."""
    piece = song()
    found = shots(piece, MEDIA)
    FilmPlan(width=64, height=64, frame_rate=30, seconds=piece.seconds, shots=found)
    assert found[0].start == 0
    assert found[-1].end == piece.seconds
    assert all(one.start % BAR == 0 for one in found)
    counts = [sum(one.section == k for one in found) for k in range(4)]
    assert counts[0] < counts[1] < counts[2]
    for before, after in pairwise(found):
        if before.section == after.section:
            assert before.image != after.image


def test_a_song_without_a_beat_is_cut_as_well() -> None:
    found = shots(song(beats=False), MEDIA)
    assert len(found) > 8
    assert min(one.end - one.start for one in found) >= SHORTEST_SHOT


def test_the_hero_is_shown_from_the_bar_of_the_climax_on() -> None:
    piece = song()
    media = {**MEDIA, 2: SectionMedia(views=(4, 5), late=(piece.climax + 0.3, 9))}
    found = [one for one in shots(piece, media) if one.section == 2]
    heroes = [one.start for one in found if one.image == 9]
    assert heroes[0] == piece.climax
    assert all(start >= piece.climax for start in heroes)


def test_sections_without_images_are_procedural_and_in_one_piece() -> None:
    found = shots(song(), {0: MEDIA[0]})
    rest = [one for one in found if one.section]
    assert len(rest) == 3
    assert {one.source for one in rest} == {"procedural"}
    assert {one.visual for one in rest} == {"flow"}


def test_clips_are_never_longer_than_their_section() -> None:
    media = {1: SectionMedia(views=(2, 3), clips=((20.0, 26.0, 0), (26.0, 32.0, 1)))}
    found = [one for one in shots(song(), media) if one.section == 1]
    assert [(one.source, one.clip) for one in found][:2] == [("clip", 0), ("clip", 1)]
    assert {one.source for one in found[2:]} == {"image"}
    assert found[0].start == 20.0
    assert found[1].end == 32.0


@pytest.mark.parametrize("bars", [1, 4])
def test_the_bars_between_cuts_can_be_set(bars: int) -> None:
    found = shots(song(), MEDIA, cut_bars=bars)
    lengths = {round(one.end - one.start, 3) for one in found if one.end % 20}
    assert lengths == {bars * BAR}


def test_effects_can_be_turned_off() -> None:
    effects = shots(song(), MEDIA, effects=0)[3].effects
    assert (effects.pulse, effects.grain, effects.bloom, effects.flash) == (0, 0, 0, 0)
    assert effects.zoom_per_second >= 0.005


@pytest.mark.parametrize(
    ("resolution", "side", "size"),
    [
        ((1920, 1080), 1536, (1536, 896)),
        ((1080, 1920), 1024, (576, 1024)),
        ((640, 640), 1536, (640, 640)),
        ((128, 72), 256, (128, 64)),
    ],
)
def test_images_are_generated_in_the_shape_of_the_film(
    resolution: tuple[int, int], side: int, size: tuple[int, int]
) -> None:
    assert generated_size(resolution, side) == size


def test_the_levels_of_a_song_are_read_once_a_process() -> None:
    rows = {
        "times": [0.0, 0.5], "spectrum": [[0.5] * 64, [0.25] * 64],
        **{name: [0.1, 0.2] for name in ("rms", "bass", "energy", "flux")},
    }  # fmt: skip
    levels = json.dumps(rows).encode()
    signals = signals_of(levels)
    assert signals_of(bytes(bytearray(levels))) is signals
    assert signals.rms == (0.1, 0.2)


def test_segments_name_the_fonts_of_the_lyrics_that_they_show() -> None:
    shot = Shot(start=0, end=4, source="procedural", visual="flow")
    line = LyricLine(0.5, 1.0, "one")
    plan = FilmPlan(width=96, height=54, frame_rate=10, seconds=4, shots=(shot,), lyrics=(line,))
    fonts = {line: ("pillow",)}
    media: dict[str, list[Artifact]] = {"images": [], "clips": []}
    shown, bare = (
        segment_request(plan, media, FILE, span, "preview", fonts) for span in ((0, 20), (20, 40))
    )
    assert shown.fonts == ("pillow",)
    assert bare.fonts == ()
    assert "fonts" not in bare.model_dump()
    assert fonts_of_lyrics(plan).keys() == {line}
