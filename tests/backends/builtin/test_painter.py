import functools
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.backends.builtin.painter import cutouts, plants, still_life_objects, towers
from engine.backends.builtin.painter.numbers import MOST, numbers_of, row
from engine.backends.builtin.painter.paint import paint
from engine.backends.builtin.painter.plan import DEEP, STILL
from engine.backends.builtin.painter.scene import STANDING
from engine.imaging.measure.colour import from_hex
from engine.imaging.measure.image import colour_share, measure
from engine.imaging.vocabulary.lexicon import phrases, vocabulary
from engine.imaging.vocabulary.reading import LIMIT, read
from tests.backends.builtin.images import flat, pixels, png
from tests.support.effort import cases, stride

SCENE = "a house by a lake under hills, afternoon"


@functools.cache
def painted(prompt: str, seed: int = 5, negative: str = "", side: int = 128) -> bytes:
    return paint(prompt, negative, seed, side, side)


@pytest.mark.parametrize("prompt", [SCENE, "neon city, rain, risograph", "abstract", "a whale", ""])
def test_the_same_arguments_give_the_same_bytes_and_another_seed_another_image(prompt):
    assert paint(prompt, "", 5, 128, 128) == painted(prompt)
    assert painted(prompt) != painted(prompt, seed=6)


@cases("width, height", [(201, 333), (64, 64), (64, 700), (700, 64), (2300, 900)], usual=4)
def test_any_size_comes_out_as_asked(width, height):
    with Image.open(io.BytesIO(paint(SCENE, "", 3, width, height))) as image:
        assert image.size == (width, height)
        assert image.mode == "RGB"
        assert image.format == "PNG"


def test_a_small_image_is_the_large_one_in_small():
    large = Image.fromarray((pixels(painted(SCENE, side=512)) * 255).astype(np.uint8))
    small = pixels(painted(SCENE, side=256))
    reduced = np.asarray(large.reduce(2), dtype=float) / 255
    assert np.abs(reduced - small).mean() < 0.04


@pytest.mark.rounds
@pytest.mark.parametrize("family", ["subject", "light", "weather", "medium"])
def test_every_word_of_the_vocabulary_paints_an_image_of_its_own(family):
    """Every third word here, and all of them in the long run; the subjects follow one by one."""
    seen, words = {painted("")}, list(vocabulary()[family].items())[:: stride(6)]
    for name, spellings in words:
        image = painted(f"an image, {spellings[0]}", side=64)
        assert pixels(image).std() > 0.01, name
        seen.add(image)
    assert len(seen) > 0.8 * len(words)


OTHERS = ["boat", "rowboat", "ship", "bridge", "balloon", "bird", "moon", "sun", "planet", "rocket"]


@cases("name", [*STANDING, *OTHERS, *STILL, *DEEP], usual=slice(0, None, 3))
def test_a_named_thing_is_painted(name):
    spelling = vocabulary()["subject"][name][0]
    others = [vocabulary()["subject"][other][0] for other in (*STILL, *DEEP) if other != name]
    still, deep = f"a {others[0]} and a {others[1]}", f"a {others[-4]} and a {others[-2]}"
    scene = still if name in STILL else deep if name in DEEP else "hills"
    assert not np.allclose(
        pixels(painted(f"{scene} and a {spelling}", side=96)), pixels(painted(scene, side=96))
    )


@pytest.mark.parametrize(
    ("measure_name", "more", "less"),
    [
        ("lightness", "brighter", "darker"),
        ("contrast", "higher contrast", "lower contrast"),
        ("saturation", "more saturated", "less saturated"),
        ("warmth", "warmer", "cooler"),
        ("sharpness", "sharper", "softer"),
        ("variety", "closer to the palette", "freer palette"),
    ],
)
def test_a_correction_moves_its_measure_and_its_strength_counts(measure_name, more, less):
    scene = f"{SCENE}, coral and teal"

    def value(words: str) -> float:
        return measure(painted(f"{scene}. {words}")).numbers()[measure_name]

    order = [value(f"much {less}"), value(f"slightly {less}"), value("")]
    order += [value(f"slightly {more}"), value(f"({more}:2)")]
    assert order == sorted(order)
    assert order[0] < order[2] < order[4]


def test_more_and_less_of_a_colour():
    for name in ("teal", "violet", "amber"):
        colour = from_hex(vocabulary()["colour"][name])
        shares = [
            colour_share(measure(painted(f"{SCENE}. {words}")).lab, colour)
            for words in (f"(less of {name}:3)", "", f"more of {name}", f"(more of {name}:3)")
        ]
        assert shares[0] < shares[1] + 1e-6
        assert shares[1] < shares[2] < shares[3]


@pytest.mark.parametrize("subject", ["a fox on a hill", "a cup of tea", "a portrait of a man"])
def test_the_subject_moves_and_grows(subject):
    left, right = (
        measure(painted(f"{subject}. (subject further {side}:2)")).mass_x
        for side in ("left", "right")
    )
    assert left + 0.03 < right
    small, large = (
        pixels(painted(f"{subject}. (subject {size}:2)")) for size in ("smaller", "larger")
    )
    assert np.abs(small - large).mean() > 0.01


@pytest.mark.parametrize(
    ("measure_name", "low", "high"),
    [
        ("lightness", "low-key", "luminous"),
        ("saturation", "muted", "vivid"),
        ("warmth", "icy", "cosy"),
        ("contrast", "serene", "dramatic"),
    ],
)
def test_moods_are_followed_on_average(measure_name, low, high):
    means = [
        np.mean(
            [
                measure(painted(f"{SCENE}, {mood}", seed, side=64)).numbers()[measure_name]
                for seed in range(6)
            ]
        )
        for mood in (low, high)
    ]
    assert means[0] < means[1]


@pytest.mark.parametrize(("light", "darker"), [("noon", "dusk"), ("dusk", "midnight")])
def test_light_words_set_the_light(light, darker):
    values = [
        np.mean([measure(painted(f"hills, {word}", seed, side=64)).lightness for seed in range(4)])
        for word in (light, darker)
    ]
    assert values[0] > values[1]


def test_the_negative_prompt_takes_things_and_colours_away():
    assert painted("a lake and a boat", negative="boat") != painted("a lake and a boat")
    assert painted("a lake, no boat") == painted("a lake, no ship")
    red = from_hex("#d0312d")
    with_red, without = (
        colour_share(measure(painted("red poppies in a field", negative=words)).lab, red)
        for words in ("", "red, scarlet")
    )
    assert without < 0.5 * with_red


def test_a_reference_is_followed_in_palette_and_layout():
    top_dark = flat((0.08, 0.35, 0.4), 90, 90)
    top_dark[45:] = (0.95, 0.75, 0.5)
    plain, guided = (
        pixels(paint(SCENE, "", 4, 128, 128, reference)) for reference in (None, png(top_dark))
    )
    target = np.array(Image.fromarray((top_dark * 255).astype(np.uint8)).resize((128, 128))) / 255
    assert np.abs(guided - target).mean() < 0.75 * np.abs(plain - target).mean()


@pytest.mark.parametrize("junk", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_reference_that_is_no_image_is_refused(junk):
    with pytest.raises(ValueError, match="reference"):
        paint(SCENE, "", 4, 64, 64, junk)


HOSTILE = [
    "",
    "   \n\t ",
    "\x00\x1b[2J\x07 lighthouse \x9b31m",
    "(" * 5000 + "lake" + ")" * 5000,
    "(:::1.3)(lake:99999999999999999999)(sea:1e9)(:)(hill:..)",
    "more of more of more less much much much darker",
    "湖 🦊 ́́́ ﷽ \ud7ff lac Ωμέγα",
    "../../etc/passwd {0.__class__} %s $(rm -rf /) <script> [bold]",
    "#12345 #zzz #ffffff #abc",
    "lighthouse in a storm " * 5000,
]


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_paints_an_image(prompt):
    image = paint(prompt, prompt, 2, 64, 64)
    assert pixels(image).shape == (64, 64, 3)


def test_corrections_at_the_end_of_a_long_prompt_are_read():
    assert read("lake " * LIMIT + " (darker:2)").corrections == {"brightness": -2.0}


def test_weights_and_degrees():
    assert read("(darker:1.5)").corrections == {"brightness": -1.5}
    assert read("slightly darker").corrections == {"brightness": -0.5}
    assert read("much more contrast").corrections == {"contrast": 2.0}
    assert read("more of teal, less red").more == {"#17807f": 1.0, "#d0312d": -1.0}
    weights = {one.name: one.weight for one in read("(fox:1.3), ((owl)), (lake)").mentions}
    assert weights["fox"] == 1.3
    assert weights["lake"] == 1.1


def test_colours_belong_to_their_subject():
    reading = read("a red lighthouse, walls of sage, teal and navy")
    assert [(one.name, one.of) for one in reading.of("colour")] == [
        ("red", "lighthouse"),
        ("sage", "sky"),
        ("teal", ""),
        ("navy", ""),
    ]


def test_plain_words_are_not_moods():
    assert read("rays of light").names("mood") == []
    assert all(len(words) <= 4 for words in phrases())


COUNTED = ["apple", "cup", "palm tree", "lighthouse", "boat", "balloon", "fish", "rocket", "deer"]


@cases("thing", COUNTED, usual=4)
def test_numbers_are_followed(thing):
    images = {painted(f"{number} {thing}s", side=192) for number in ("one", "two", "five")}
    assert len(images) == 3


@pytest.mark.parametrize(
    ("prompt", "room", "painter", "number"),
    [
        ("three foxes in snow", cutouts, "figure", 3),
        ("two palms and a house on a beach", plants, "palm", 2),
        ("five boats at sea", cutouts, "boat", 5),
        ("99 red balloons", cutouts, "balloon", MOST),
        ("one balloon", cutouts, "balloon", 1),
        ("two lighthouses at sea", towers, "lighthouse", 2),
        ("three apples and a cup", still_life_objects, "_fruit_at", 3),
    ],
)
def test_as_many_are_painted_as_asked(monkeypatch, prompt, room, painter, number):
    calls = []
    monkeypatch.setattr(room, painter, lambda *given, **_: calls.append(given))
    paint(prompt, "", 4, 64, 64)
    assert len(calls) == number


@pytest.mark.parametrize("thing", ["palm on a beach", "apples", "pear", "bottle", "book"])
def test_things_have_the_colour_that_is_asked(thing):
    red, blue = from_hex("#d0312d"), from_hex("#2c62b8")
    shares = [
        [
            colour_share(measure(painted(f"a {asked} {thing}", side=192)).lab, one)
            for one in (red, blue)
        ]
        for asked in ("red", "blue")
    ]
    assert shares[0][0] > shares[1][0]
    assert shares[1][1] > shares[0][1]


@given(st.floats(0, 1), st.integers(1, MOST), st.floats(0.05, 0.5))
def test_a_row_keeps_within_the_image_and_its_distance(middle, count, widest):
    places, gap = row(middle, count, widest)
    across = sorted(place for place, _ in places)
    assert len(across) == count
    if count > 1:
        assert 0.1 - 1e-9 <= across[0] < across[-1] <= 0.9 + 1e-9
        assert min(np.diff(across)) == pytest.approx(gap)
    assert places[0][1] == 0
    assert numbers_of("99 balloons, two cats") == {"balloon": MOST, "cat": 2}
