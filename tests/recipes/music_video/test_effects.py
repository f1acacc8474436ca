"""Effects of a section as an operator writes them, and the shots that have them."""

from dataclasses import asdict, replace

import pytest

from engine.recipes.music_video.effects import EFFECTS, changed, effects_of, written
from engine.recipes.music_video.settings import MusicVideoSettings
from engine.recipes.music_video.shots import SectionMedia, shots_of
from engine.video.plan import Effects, Shot
from tests.recipes.music_video.test_shots import sections_of, song


def test_amounts_are_read_in_the_ways_that_people_write_them() -> None:
    text = "Grain 0.5, bloom: off; morph=on\nKen Burns 50%,, chromatic aberration 1"
    assert effects_of(text) == {
        "grain": 0.5, "bloom": 0, "morph": 1, "zoom": 0.5, "aberration": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("grian 0.5", "'grian' is unknown; did you mean grain?"),
        ("grain", "'grain' has no amount"),
        ("grain 2", "'2' is not an amount"),
        ("grain nan", "'nan' is not an amount"),
        ("grain -0.1", "'-0.1' is not an amount"),
        ("grain much", "'much' is not an amount"),
    ],
)
def test_what_is_no_effect_is_refused_by_name(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=r"amount|unknown") as caught:
        effects_of(text)
    assert part in str(caught.value)


def test_only_the_effects_that_are_named_change() -> None:
    planned = Effects(zoom_per_second=0.01, grain=0.3, bloom=0.2)
    assert changed(planned, {"bloom": 0, "zoom": 1}) == replace(
        planned, bloom=0, zoom_per_second=0.02
    )
    assert changed(planned, {}) == planned


def test_the_notation_of_a_shots_effects_gives_them_again() -> None:
    effects = Effects(zoom_per_second=0.01, grain=0.25, pulse=0.5)
    text = written(effects, morphs=True)
    assert list(effects_of(text)) == list(EFFECTS)
    assert changed(Effects(), effects_of(text)) == effects
    assert effects_of(text)["morph"] == 1


def shots(section: int, amounts: dict[str, float]) -> list[Shot]:
    """Return the shots of a section of a film in which it has these effects."""
    piece = song()
    parts = list(sections_of(piece))
    parts[section] = replace(parts[section], effects=amounts)
    media = {k: SectionMedia(views=(2 * k, 2 * k + 1)) for k in range(4)}
    found = shots_of(tuple(parts), media, piece, MusicVideoSettings(), 1)
    return [shot for shot in found if shot.section == section]


def test_the_effects_of_a_section_are_those_of_all_its_shots_and_of_no_other() -> None:
    plain, grainy = shots(1, {}), shots(1, {"grain": 1, "flash": 0.5})
    assert len(plain) == len(grainy) > 1
    for before, after in zip(plain, grainy, strict=True):
        expected = {**asdict(before.effects), "grain": 1, "flash": 0.5}
        assert asdict(after.effects) == expected
    assert shots(2, {}) != shots(2, {"grain": 1})


def test_images_of_a_section_are_morphed_into_each_other_or_not() -> None:
    calm, loud = shots(0, {"morph": 1}), shots(2, {"morph": 0.5})
    assert {shot.transition for shot in calm[1:]} == {"morph"}
    assert {shot.transition for shot in loud[1:]} == {"morph"}
    assert {shot.transition for shot in shots(2, {})[1:]} == {"hard-cut"}
    assert calm[0].transition == shots(0, {})[0].transition
    lengths = {shot.transition_seconds for shot in loud[1:]}
    assert lengths == {0.25}


def test_a_morph_into_a_section_may_be_turned_off() -> None:
    piece = song()
    parts = [replace(one, transition="morph") for one in sections_of(piece)]
    parts[1] = replace(parts[1], effects={"morph": 0.0})
    media = {k: SectionMedia(views=(k,)) for k in range(4)}
    found = shots_of(tuple(parts), media, piece, MusicVideoSettings(), 1)
    starts = [next(shot for shot in found if shot.section == k) for k in range(4)]
    assert [shot.transition for shot in starts[1:]] == ["cross-dissolve", "morph", "morph"]
