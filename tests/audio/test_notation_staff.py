"""Staff: our own tunes are drawn with chords and accidentals, those of others stay text."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.audio.notation import staff
from engine.audio.notation.staff import (
    MAX_BODY_LINES,
    MAX_CHARS,
    StaffError,
    drawable,
    staff_png,
    staff_svg,
)
from engine.contract.kinds import Item, Lines, Raster, Size
from engine.kinds.drawing import draw_full
from engine.kinds.notation import MEDIA_TYPE, NotationKind

pytest.importorskip("verovio")
pytest.importorskip("resvg_py")

HEADER = "X:1\nT:Lamp\nM:4/4\nL:1/16\nQ:1/4=120\nK:Bbm\n"
TUNE = HEADER + '"Bbm"B4 =A4 "Gb"c4 d4|"F#m"f6^f2 z4 =e4-|=e16|]\n'
FOREIGN = {
    "an older generator": "X:1\nT:Generated Song\nM:4/4\nL:1/8\nQ:125\nK:^F \nCDEF GABc|\n",
    "repeats": TUNE.replace("z4", "|:z4"),
    "a directive": TUNE.replace('"Bbm"', '%%text x\n"Bbm"'),
    "an inline field": TUNE.replace("z4", "[K:C]z4"),
    "no length": TUNE.replace("z4", "z0"),
    "a second tune": TUNE + "\n" + TUNE,
    "other digits": TUNE.replace("z4", "z٤"),
    "no end": TUNE[:-3] + "\n",
    "too long": HEADER + "z16|" * (MAX_CHARS // 4) + "|]\n",
    "markup in a chord": TUNE.replace("Bbm", "B<a>"),
    "nothing": "",
}


def item(text: str) -> Item:
    """Return a file of ABC text."""
    data = text.encode()
    return Item("notation", media_type=MEDIA_TYPE, size=len(data), open=partial(io.BytesIO, data))


def test_every_thread_draws_alike() -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        drawings = [pool.submit(staff_svg, TUNE).result() for pool in (one, other)]
    assert drawings == [staff_svg(TUNE)] * 2


def test_the_drawing_has_every_note_chord_and_accidental() -> None:
    svg = staff_svg(TUNE)
    assert re.findall(r">([A-G][#b]?m?)</tspan>", svg) == ["Bbm", "Gb", "F#m"]
    assert len(re.findall(r'class="note"', svg)) == 8
    accidentals = [g for g in re.findall(r'class="accid">(.{0,80})', svg, re.DOTALL) if "use" in g]
    assert len(accidentals) == 4
    assert len(re.findall(r'class="keyAccid"', svg)) == 5
    assert len(re.findall(r'class="tie"', svg)) == 1


def test_the_image_is_as_wide_as_asked_and_letters_are_in_it() -> None:
    with_chords = Image.open(io.BytesIO(staff_png(TUNE, 600)))
    without = Image.open(io.BytesIO(staff_png(re.sub('"[^"]*"', "", TUNE), 600)))
    assert with_chords.width == without.width == 600
    ink = [sum(i < 128 for i in image.convert("L").tobytes()) for image in (with_chords, without)]
    assert ink[0] > ink[1] + 100


def test_systems_that_do_not_fit_are_left_out() -> None:
    tune = HEADER + ("B4 c4 d4 e4|" * 40 + "\n") * 3 + "z16|]\n"
    tall, low = (Image.open(io.BytesIO(staff_png(tune, 500, h))) for h in (None, 300))
    assert low.height <= 310 < tall.height


@pytest.mark.parametrize("name", FOREIGN)
def test_other_tunes_are_refused_and_shown_as_text(name: str) -> None:
    text = FOREIGN[name]
    assert not drawable(text)
    with pytest.raises(StaffError):
        staff_svg(text)
    assert NotationKind().thumbnail(item(text), 480) is None
    assert isinstance(draw_full(item(text), Size(80, 24)), Lines)


def test_long_tunes_are_drawn_to_a_limit() -> None:
    svg = staff_svg(HEADER + "z16|\n" * (MAX_BODY_LINES + 50) + "z16|]\n")
    assert len(re.findall(r'class="measure"', svg)) == MAX_BODY_LINES


def test_the_kind_draws_a_staff_in_a_large_area_and_text_in_a_small_one() -> None:
    drawn = draw_full(item(TUNE), Size(80, 24))
    assert isinstance(drawn, Raster)
    assert Image.open(io.BytesIO(drawn.data)).width == 800
    assert isinstance(draw_full(item(TUNE), Size(30, 24)), Lines)
    thumbnail = NotationKind().thumbnail(item(TUNE), 480)
    assert thumbnail is not None
    assert max(Image.open(io.BytesIO(thumbnail)).size) <= 480


def test_without_the_packages_it_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.audio.notation.staff.can_draw", lambda: False)
    assert isinstance(draw_full(item(TUNE), Size(80, 24)), Lines)
    assert NotationKind().thumbnail(item(TUNE), 480) is None


_PIECES = st.sampled_from(
    [
        '"C"',
        '"F#m7b5"',
        "_c",
        "^C,,,,,,",
        "=b''''''",
        "z99",
        "A1",
        "B99-",
        "|",
        "||",
        " ",
        "G-",
    ]
)


@settings(max_examples=30)
@given(st.lists(_PIECES, max_size=40))
def test_odd_tunes_of_drawable_tokens_are_drawn(pieces: list[str]) -> None:
    assert "<svg" in staff_svg(HEADER + "".join(pieces) + "z|]\n")


def test_a_staff_has_the_same_bytes_whatever_was_drawn_before():
    first = staff_svg(TUNE)
    staff_svg(HEADER + "z16|]\n")
    assert staff_svg(TUNE) == first


def test_what_verovio_leaves_to_chance_is_not_in_the_drawing() -> None:
    svg = '<svg id="{0}"><style>#{0} g.dir</style><g id="{1}" class="note">{2}</g></svg>'
    one = staff._stable(svg.format("l19nj5e9", "b1i2cs03", ""))
    other = staff._stable(svg.format("l19nj5e9", "d1sa", '\n<g id="x2" class="accid" />'))
    assert one == other == svg.format("n1", "n2", "")
