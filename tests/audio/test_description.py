"""Prompts as descriptions: the words that count, those that do not, and the notes on both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.synthesis.description import MAX_SOURCES, describe
from engine.audio.synthesis.effect import MODELS
from engine.audio.synthesis.footsteps import GROUNDS, SHOES
from engine.audio.synthesis.room import ROOMS


def test_every_name_of_the_vocabulary_has_a_model() -> None:
    from engine.audio.synthesis import vocabulary

    assert set(vocabulary.SOURCES.values()) == set(MODELS)
    assert set(vocabulary.SURFACES.values()) == set(GROUNDS)
    assert {"", *vocabulary.SHOES.values()} == set(SHOES)
    assert set(vocabulary.ROOMS.values()) == set(ROOMS)


@pytest.mark.parametrize(
    ("prompt", "surface", "shoe"),
    [
        ("heavy boots walking on marble floor", "marble", "boots"),
        ("high heels clicking on concrete pavement", "concrete", "heels"),
        ("barefoot on wooden deck", "deck", "barefoot"),
        ("sneakers running on gravel", "gravel", "sneakers"),
        ("dress shoes on a metal grate", "metal", "dress_shoes"),
        ("someone trudges through deep snow", "snow", ""),
        ("boots crunching dry leaves", "leaves", "boots"),
        ("bare feet on wet sand", "sand", "barefoot"),
        ("footsteps splashing through shallow water", "water", ""),
        ("boots in thick mud", "mud", "boots"),
        ("walking on a dirt trail", "dirt", ""),
        ("leather shoes on parquet", "wood", "dress_shoes"),
    ],
)
def test_surfaces_and_shoes(prompt: str, surface: str, shoe: str) -> None:
    description = describe(prompt)
    assert description.sources == ("footsteps",)
    assert (description.surface, description.shoe, description.notes) == (surface, shoe, ())


@pytest.mark.parametrize(
    ("prompt", "sources"),
    [
        ("heavy rain and thunder", ("rain", "thunder")),
        ("wind howling through a canyon", ("wind",)),
        ("a crackling campfire", ("fire",)),
        ("a babbling brook", ("water",)),
        ("car engine revving", ("engine",)),
        ("UI button click", ("click",)),
        ("a creaky door slams shut", ("door",)),
        ("church bell tolling in the distance", ("bell",)),
        ("fast sword whoosh", ("whoosh",)),
        ("a metal pipe hits the floor", ("impact",)),
        ("boots on gravel in the rain", ("footsteps", "rain")),
        ("rain without thunder", ("rain",)),
    ],
)
def test_sources(prompt: str, sources: tuple[str, ...]) -> None:
    assert describe(prompt).sources == sources


@pytest.mark.parametrize("blow", ["hits", "strikes", "clashes with", "crashes into", "bashes"])
def test_what_is_done_counts_before_the_thing_that_does_it(blow: str) -> None:
    for thing in ("sword", "arrow", "spear", "whip", "car", "torch", "blade"):
        assert describe(f"a {thing} {blow} a metal shield").sources == ("impact",)
        assert describe(f"a {thing} {blow} a metal shield").material == "metal"


@pytest.mark.parametrize(
    ("prompt", "source", "manner"),
    [
        ("a sword", "whoosh", ""),
        ("an arrow flying past", "whoosh", ""),
        ("car passing by", "engine", ""),
        ("whip crack", "whoosh", ""),
        ("a rock hits the water", "water", "splash"),
        ("coin dropped into a fountain of water", "water", "splash"),
        ("stone thrown into a pond", "water", "splash"),
        ("a drop of water", "water", "drip"),
        ("water drop", "water", "drip"),
        ("tap dripping", "water", "drip"),
        ("ocean waves crash on rocks", "water", "waves"),
        ("fingers tapping on a wooden desk", "impact", ""),
        ("wind chimes", "bell", "chime"),
        ("phone ringing", "bell", "alarm"),
        ("gunshot", "impact", "explosion"),
    ],
)
def test_things_water_and_verbs(prompt: str, source: str, manner: str) -> None:
    description = describe(prompt)
    assert (description.sources, description.notes) == ((source,), ())
    assert not manner or description.manner & {"splash", "drip", "waves", manner} == {manner}


def test_a_ground_is_as_wet_as_its_words_say() -> None:
    dry, damp, wet = (describe(f"boots on {word} pavement") for word in ("dry", "damp", "wet"))
    assert dry.wet == describe("boots on pavement").wet == 0
    assert 0 < damp.wet < wet.wet <= 1
    assert {one.surface for one in (dry, damp, wet)} == {"concrete"}
    assert describe("heels on marble in rainy weather").wet > 0


def test_a_street_is_outdoors_and_a_floor_is_not() -> None:
    assert describe("heels on concrete pavement").room == "outdoors"
    assert describe("heels on a concrete floor").room == "room"
    assert describe("heels on concrete in the rain").room == "outdoors"
    assert describe("heels on pavement in a tunnel").room == "tunnel"


def test_pace_weight_count_and_place() -> None:
    assert describe("slow walk").pace < describe("walk").pace < describe("brisk walk").pace
    assert describe("jogging").pace < describe("running").pace < describe("sprinting").pace
    assert describe("footsteps at 92 bpm").pace == 92
    assert (
        describe("heavy boots").weight > describe("boots").weight > describe("light steps").weight
    )
    assert describe("three knocks on a door").count == 3
    assert describe("4 footsteps").count == 4
    assert describe("footsteps for 6 seconds").count is None
    assert describe("distant thunder").distance > describe("thunder").distance
    assert describe("footsteps in a cathedral").room == "cathedral"
    assert describe("steps on marble in a hall", "echo").room == "outdoors"
    assert describe("footsteps approaching").motion == "approaching"


def test_the_negative_prompt_takes_sounds_out() -> None:
    assert describe("rain and wind", "wind").sources == ("rain",)


def test_what_has_no_model_has_a_note() -> None:
    (note,) = describe("a dog\x1b[31m barks").notes
    assert "no model" in note
    assert "\x1b" not in note
    assert describe("a dog barks").sources == ("impact",)
    (note,) = describe("heels on thick carpet").notes
    assert "carpet" in note
    assert "dirt" in note
    (note,) = describe("footsteps").notes
    assert "concrete" in note
    (note,) = describe("rain, wind, thunder and fire").notes
    assert "fire" in note


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_has_a_description_of_known_names(prompt: str, negative_prompt: str) -> None:
    description = describe(prompt, negative_prompt)
    assert 1 <= len(description.sources) <= MAX_SOURCES
    assert set(description.sources) <= set(MODELS)
    assert description.surface in GROUNDS
    assert description.room in ROOMS
    assert description.count is None or 1 <= description.count <= 99
