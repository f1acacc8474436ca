"""The render spec, its words, and the settings of a film's size."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.spec import ExportSettings, RenderSpec, SectionSpec, fitted
from engine.recipes.music_video.templates import TEMPLATES
from engine.recipes.music_video.vocabulary import MOTIONS, TRANSITIONS, nearest


def test_both_spellings_are_read_and_camel_case_is_written() -> None:
    snake = {"label": "a", "start_time": 0, "end_time": 4, "motion_style": "Slow Drift"}
    camel = {"label": "a", "startTime": 0, "endTime": 4, "motionStyle": "slow-drift"}
    one, other = (RenderSpec.model_validate({"sections": [values]}) for values in (snake, camel))
    assert one == other
    document = one.document()
    assert document["sections"][0]["motionStyle"] == "slow-drift"
    assert document["exportSettings"]["resolution"] == [1920, 1080]
    assert RenderSpec.model_validate(json.loads(json.dumps(document))) == one


def test_the_names_and_words_of_other_programs_documents_are_read() -> None:
    document = {
        "globalStyle": {
            "template": "cosmic",
            "shaderDescription": "nebulae",
            "styleModifiers": ["grainy"],
            "recurringMotifs": ["a star"],
            "lyricsDisplay": {"enabled": True, "font": "Inter", "size": "large",
                              "animation": "fade", "color": "#fff", "shadow": False},
        },
        "sections": [
            {"label": "chorus", "startTime": k, "endTime": k + 1, "colorPalette": ["#FF6B35"],
             "motionStyle": motion, "intensity": 1, "aiPrompt": "stars", "transitionIn": transition,
             "transitionOut": "hard-cut", "visualElements": ["dust"], "keyframeUrl": "http://x/y"}
            for k, (motion, transition) in enumerate(zip(MOTIONS, TRANSITIONS, strict=False))
        ],
        "exportSettings": {"resolution": [1080, 1920], "fps": 60, "aspectRatio": "9:16",
                           "format": "mp4", "quality": "high"},
    }  # fmt: skip
    spec = RenderSpec.model_validate(document)
    assert [one.motion_style for one in spec.sections] == list(MOTIONS)
    assert spec.global_style.lyrics_display.color == "#FFFFFF"
    assert spec.export_settings.fps == 60


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("motionStyle", "slw-drift", "'slw-drift' is unknown; did you mean slow-drift?"),
        ("transitionIn", "crossfade", "use one of: fade-from-black"),
        ("colorPalette", ["red"], "'red' is not a colour such as #1A1A28"),
        ("intensity", 2, "less than or equal to 1"),
        ("motionStlye", "pulse", "Extra inputs are not permitted"),
        ("endTime", 0, "ends before it starts"),
    ],
)
def test_a_persons_unknown_word_is_refused_by_name(field: str, value: Any, sentence: str) -> None:
    section = {"label": "a", "startTime": 0, "endTime": 4, field: value}
    with pytest.raises(ValidationError) as caught:
        RenderSpec.model_validate({"sections": [section]})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("word", "words", "expected"),
    [
        ("Slow Drift", MOTIONS, "slow-drift"),
        ("crossfade", TRANSITIONS, "cross-dissolve"),
        ("smash_cut", TRANSITIONS, "hard-cut"),
        ("gentle floating", MOTIONS, "slow-drift"),
        ("energtic", MOTIONS, "energetic"),
        ("xyzzy", MOTIONS, "pulse"),
        ("fade to black slowly", TRANSITIONS, "fade-to-black"),
    ],
)
def test_a_models_word_is_replaced_by_the_nearest(
    word: str, words: tuple[str, ...], expected: str
) -> None:
    assert nearest(word, words, "pulse") == expected


def test_sections_are_fitted_to_the_song() -> None:
    """Overlaps, gaps and what is behind the end of the song go."""
    sections = [
        SectionSpec(label=label, start_time=start, end_time=start + 5)
        for label, start in (("c", 9.0), ("a", 1.0), ("b", 3.0), ("late", 20.0))
    ]
    bounds = [(one.label, one.start_time, one.end_time) for one in fitted(sections, 12.0)]
    assert bounds == [("a", 0.0, 3.0), ("b", 3.0, 9.0), ("c", 9.0, 12.0)]
    assert fitted([], 12.0) == ()


@pytest.mark.parametrize(
    ("settings", "resolution", "fps", "shape"),
    [
        ({}, (1920, 1080), 30, "16:9"),
        ({"export": "tiktok"}, (1080, 1920), 30, "9:16"),
        ({"export": "youtube-hd"}, (1920, 1080), 60, "16:9"),
        ({"export": "4k", "fps": 24}, (3840, 2160), 24, "16:9"),
        ({"export": "youtube", "width": 640}, (640, 360), 30, "16:9"),
        ({"aspect": "9:16", "height": 640}, (360, 640), 30, "9:16"),
        ({"aspect": "1:1"}, (1080, 1080), 30, "1:1"),
        ({"width": 640, "height": 400}, (640, 400), 30, "custom"),
    ],
)
def test_the_size_follows_from_export_shape_and_sides(
    settings: dict[str, Any], resolution: tuple[int, int], fps: int, shape: str
) -> None:
    export = MusicVideoSettings(**settings).exported()
    assert (export.resolution, export.fps, export.aspect_ratio) == (resolution, fps, shape)


def test_a_spec_to_start_from_has_the_size_unless_it_is_set() -> None:
    base = ExportSettings(resolution=(640, 360), fps=24, quality="high")
    assert MusicVideoSettings().exported(base).resolution == (640, 360)
    assert MusicVideoSettings().exported(base).quality == "high"
    assert MusicVideoSettings(width=320).exported(base).resolution == (320, 180)
    assert MusicVideoSettings(export="tiktok").exported(base).fps == 30
    assert MusicVideoSettings(quality="draft").exported(base).quality == "draft"


def test_templates_are_eleven_and_ones_own() -> None:
    assert len(TEMPLATES) == 11
    for template in TEMPLATES.values():
        assert len(template.scenes) >= 6
        assert len(template.palettes) == 3
    mine = {"mine": {"style": "woodcut", "palettes": [["#000", "#fff"]]}}
    assert MusicVideoSettings(template="mine", templates=mine).all_templates()["mine"].style
    with pytest.raises(ValidationError, match="did you mean cosmic"):
        MusicVideoSettings(template="cosmc")


def test_words_that_images_are_kept_free_of() -> None:
    assert "watermark" in MusicVideoSettings().negative_words()
    assert "people" not in MusicVideoSettings().negative_words()
    assert MusicVideoSettings(people=False, negative="").negative_words() == "faces, people"
