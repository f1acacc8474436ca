"""Effects: movements, layers, morphs, wipes, pulses, lyrics, clips."""

import io
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest

from engine.video.effects.amounts import amounts_of, tint_of
from engine.video.effects.clock import FLASH_GAP, SongClock
from engine.video.effects.motion import MOTIONS, Pose, moment_of, pose_of
from engine.video.effects.noise import share_of, smooth_noise
from engine.video.plan import Effects, LyricLine, LyricsStyle, Motion, Shot, Signals
from tests.support.optional import needs
from tests.video.films import ALL_EFFECTS, quiet_signals, shot, small_film

needs("av", "cv2", "numba")

import av  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

from engine.video.clips import ClipError, ClipFrames  # noqa: E402
from engine.video.effects import fonts, kernels  # noqa: E402
from engine.video.effects.bloom import add_bloom  # noqa: E402
from engine.video.effects.colour import Finish, planes_of  # noqa: E402
from engine.video.effects.depth import split  # noqa: E402
from engine.video.effects.dissolve import dissolve  # noqa: E402
from engine.video.effects.fonts import Typeface, fonts_of, missing_letters  # noqa: E402
from engine.video.effects.lettering import strip_of  # noqa: E402
from engine.video.effects.morph import flow_between, morph  # noqa: E402
from engine.video.effects.motion import window  # noqa: E402
from engine.video.effects.picture import draw, prepare  # noqa: E402
from engine.video.effects.transitions import wipe  # noqa: E402
from engine.video.encode import encode  # noqa: E402
from engine.video.join import JoinError, join_segments  # noqa: E402
from engine.video.prepared import prepared  # noqa: E402
from engine.video.quality import ENCODINGS  # noqa: E402
from engine.video.render import FilmRenderer  # noqa: E402

FILM = (192, 108)


@pytest.mark.parametrize("motion", get_args(Motion))
def test_the_camera_never_leaves_the_image(motion):
    """The corners of the frame are within the image in all frames of a shot and a little beyond."""
    plan = small_film(
        shot(0, 1), shot(1, 9, 0, motion=motion, intensity=1.0, energy=1.0, effects=ALL_EFFECTS,
                         seed=7),
        signals=quiet_signals(9),
    )  # fmt: skip
    clock = SongClock(plan.signals, plan.rate)
    corners = np.array([(x, y, 1) for x in (0, 191) for y in (0, 107)]).T
    poses = []
    for frame in range(20, 220):
        pose = pose_of(moment_of(plan.shots[1], clock, frame))
        poses.append(pose)
        x, y = window(pose, (300, 170), FILM) @ corners
        assert x.min() >= -0.51 and x.max() <= 299.51
        assert y.min() >= -0.51 and y.max() <= 169.51
        assert 1.0 <= pose.zoom <= 1.5
    assert len({(pose.zoom, pose.x, pose.y) for pose in poses}) > 10
    assert MOTIONS.keys() == set(get_args(Motion))


def test_a_slow_drift_does_not_jitter():
    """Dots stay within 0.01 pixels of their exact path, and change speed by less than 0.02."""
    y, x = np.mgrid[-20:21, -20:21]
    dot = 200 * np.exp(-(x**2 + y**2) / 50)
    picture = np.full((260, 462, 4), 30.0)
    places = [(column, row) for row in range(50, 220, 40) for column in range(50, 430, 40)]
    for column, row in places:
        picture[row - 20 : row + 21, column - 20 : column + 21] += dot[..., None]
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    slow = shot(0, 4, 0, effects=Effects(zoom_per_second=0.015), seed=5)
    clock = SongClock(Signals(), Fraction(24))
    errors = []
    for frame in range(10, 70):
        matrix = window(pose_of(moment_of(slow, clock, frame)), (462, 260), (384, 216))
        drawn = draw(picture, pose_of(moment_of(slow, clock, frame)), (384, 216))
        inverse = cv2.invertAffineTransform(matrix)
        errors.append(mean_error(drawn[..., 0], [inverse @ (*place, 1) for place in places]))
    path = np.array(errors)
    curve = np.vander(np.arange(len(path)), 3)
    path -= curve @ np.linalg.lstsq(curve, path)[0]
    assert np.sqrt((path**2).mean()) <= 0.01
    assert np.sqrt((np.diff(path, 2, axis=0) ** 2).mean()) <= 0.02


def mean_error(grey, places):
    """Return the mean distance of dots from their places."""
    distances = []
    for u, v in places:
        column, row = round(u), round(v)
        if 18 < column < 384 - 18 and 18 < row < 216 - 18:
            patch = grey[row - 16 : row + 17, column - 16 : column + 17].astype(float) - 30
            patch[patch < 2] = 0
            y, x = np.mgrid[-16:17, -16:17]
            total = patch.sum()
            distances.append(
                (column + (patch * x).sum() / total - u, row + (patch * y).sum() / total - v)
            )
    assert len(distances) > 20
    return np.mean(distances, axis=0)


def test_a_still_is_as_sharp_as_an_exact_one(images):
    """An image that is drawn at the size of its pixels is within 50 dB of the exact reference."""
    random = np.random.default_rng(2)
    base = cv2.GaussianBlur(random.integers(0, 256, (260, 462, 3), np.uint8), (0, 0), 2.5)
    wide = cv2.normalize(base, np.empty_like(base), 0, 255, cv2.NORM_MINMAX)
    picture = np.asarray(cv2.cvtColor(wide, cv2.COLOR_BGR2BGRA), np.uint8)
    pose = Pose(1.13, 0.31, -0.2)
    drawn = draw(picture, pose, (384, 216))
    matrix = window(pose, (462, 260), (384, 216))
    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    exact = cv2.warpAffine(picture, matrix, (384, 216), flags=flags)
    error = np.square(drawn[8:-8, 8:-8, :3].astype(float) - exact[8:-8, 8:-8, :3]).mean()
    assert 10 * math.log10(255**2 / error) > 42


def test_images_of_any_size_and_shape_cover_the_film():
    """A large, a small, a square and a half transparent image are drawn without a border."""
    for height, width in ((900, 1600), (40, 60), (300, 300)):
        picture = prepare(np.full((height, width, 3), 200, np.uint8), FILM)
        assert picture.shape[1] >= 192 * 1.19 and picture.shape[0] >= 108 * 1.19
        assert draw(picture, Pose(), FILM).min() == 200
    clear = np.zeros((108, 192, 4), np.uint8)
    clear[..., :3] = 255
    assert prepare(clear, FILM)[..., :3].max() == 0
    assert prepare(clear, FILM)[..., 3].min() == 255
    with pytest.raises(ValueError, match="shape"):
        prepare(np.zeros((10, 10), np.uint8), FILM)


def test_kernels_compute_what_they_say():
    """Alpha, pairs, luma and chroma agree with floating-point arithmetic."""
    random = np.random.default_rng(1)
    below = random.integers(0, 256, (500, 4), np.uint8)
    above = random.integers(0, 256, (500, 4), np.uint8)
    above[:, :3] = above[:, :3] * (above[:, 3:] / 255)
    exact = np.minimum(above + below * (1 - above[:, 3:] / 256.0), 255)
    kernels.draw_over(below.reshape(-1).view(np.uint32), above.reshape(-1).view(np.uint32))
    assert np.abs(below[:, :3].astype(float) - exact[:, :3]).max() <= 1.01
    pixels = random.integers(0, 256, (108, 192, 4), np.uint8)
    planes = planes_of(pixels, Finish(gain=(0.9, 0.8, 0.7), lift=20))
    blue, green, red = (pixels[..., index] * gain for index, gain in enumerate((0.7, 0.8, 0.9)))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    exact = np.clip(16 + 219 / 255 * (luma + 20), 16, 235)
    assert np.abs(planes[:108] - exact).max() <= 0.6
    chroma = planes[108:].reshape(2, 54, 96)
    for plane, colour, scale in zip(chroma, (blue, red), (1.8556, 1.5748), strict=True):
        mean = ((colour - luma) / scale).reshape(54, 2, 96, 2).mean(axis=(1, 3))
        assert np.abs(plane - np.clip(128 + 224 / 255 * mean, 16, 240)).max() <= 0.7


def test_kernels_work_where_nothing_can_be_kept(monkeypatch):
    """Without a folder for numba's cache, a kernel is compiled in each process."""
    from numba.core import caching

    from engine.video.compiled import kernel

    def double(values):
        for place in range(values.size):
            values[place] = np.uint8(values[place] * np.uint8(2))

    monkeypatch.setattr(caching.FunctionCache, "_impl_class", NoFolder)
    values = np.arange(4, dtype=np.uint8)
    kernel(double)(values)
    assert values.tolist() == [0, 2, 4, 6]


class NoFolder:
    """Numba's answer if no folder for its cache can be written to."""

    def __init__(self, function):
        raise RuntimeError(f"cannot cache function {function.__name__!r}: no locator available")


def test_images_are_prepared_once_in_a_process(images):
    """The same pixels in another array are recognised; another size is prepared apart."""
    first = prepared(images[0], FILM)
    assert prepared(images[0].copy(), FILM) is first
    assert prepared(images[0], (96, 54)) is not first
    assert prepared(images[1], FILM) is not first


def test_an_image_file_is_decoded_only_if_it_is_not_kept(images, monkeypatch):
    data = cv2.imencode(".png", images[0][..., :3])[1].tobytes()
    first = prepared(data, FILM)
    assert np.array_equal(first.picture, prepared(images[0], FILM).picture)
    monkeypatch.setattr("engine.video.prepared.pixels_of", None)
    assert prepared(data, FILM) is first


def test_layers_are_the_same_in_bands_and_at_once(monkeypatch):
    """Parallax needs less memory in bands; its bytes stay as they were."""
    picture = np.full((300, 480, 4), (60, 40, 20, 255), np.uint8)
    cv2.ellipse(picture, (240, 170), (90, 80), 0, 0, 360, (60, 200, 250, 255), -1)
    in_bands = split(picture)
    monkeypatch.setattr("engine.video.effects.depth.BAND", 300)
    at_once = split(picture)
    assert in_bands is not None and at_once is not None
    assert np.array_equal(in_bands.far, at_once.far)
    assert np.array_equal(in_bands.near, at_once.near) and in_bands.rows == at_once.rows


def test_grain_is_as_strong_as_it_says_and_differs_in_each_frame():
    """Its mean is zero, its deviation is that of the finish, and two frames are unrelated."""
    grey = np.full((216, 384, 4), 128, np.uint8)
    base = planes_of(grey, Finish())[:216].astype(float)
    first, second = (planes_of(grey, Finish(grain=1.4, seed=seed))[:216] - base for seed in (1, 2))
    assert first.std() == pytest.approx(1.43, abs=0.06)
    assert abs(first.mean() + base.mean() - (16 + 219 * 128 / 255)) < 0.02
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02


def test_chromatic_aberration_moves_the_chroma_planes_apart():
    """Red and blue edges move outwards and inwards; luma stays."""
    frame = np.zeros((216, 384, 4), np.uint8)
    frame[..., 2] = frame[..., 0] = 40
    frame[:, 300:, 2] = frame[:, 300:, 0] = 220
    sharp, apart = planes_of(frame, Finish()), planes_of(frame, Finish(spread=0.02))
    assert (sharp[:216] == apart[:216]).all()
    blue, red = (
        [int(np.argmax(one[216:].reshape(2, 108, 192)[plane, 50] > 145)) for one in (sharp, apart)]
        for plane in (0, 1)
    )
    assert blue[1] != blue[0] or red[1] != red[0]
    assert (blue[1] - blue[0]) * (red[1] - red[0]) <= 0


def test_bloom_glows_around_highlights_and_spares_bright_surfaces():
    """A dark surrounding of a light gets lighter; a light surface keeps its tone."""
    frame = np.zeros((216, 384, 4), np.uint8)
    frame[90:120, 180:210] = 255
    add_bloom(frame, 1.0)
    assert frame[87, 190, :3].min() > 8
    assert frame[10, 10, :3].max() == 0
    light = np.full((216, 384, 4), 200, np.uint8)
    add_bloom(light, 1.0)
    assert light[..., :3].max() <= 225


def test_a_near_object_moves_apart_from_what_is_behind_it():
    """A disc on a plain ground is cut out with a hard edge and filled in behind; noise is not."""
    picture = np.full((260, 462, 4), 255, np.uint8)
    picture[..., :3] = np.linspace(40, 90, 462)[:, None].astype(np.uint8)
    cv2.circle(picture, (231, 160), 60, (30, 160, 230, 255), -1, cv2.LINE_AA)
    layers = split(picture)
    assert layers is not None
    disc = np.zeros((260, 462), np.uint8)
    cv2.circle(disc, (231, 160), 60, (255,), -1)
    assert np.abs(layers.near[..., 3].astype(float) - disc).mean() < 3
    assert ((layers.near[..., 3] > 20) & (layers.near[..., 3] < 235)).mean() < 0.02
    assert layers.far[160, 231, :3].max() < 110
    assert layers.rows == pytest.approx((100 / 260, 220 / 260), abs=0.02)
    noise = np.random.default_rng(4).integers(0, 256, (260, 462, 4), np.uint8)
    noise[..., 3] = 255
    assert split(noise) is None


def test_parallax_follows_the_bass():
    """The disc is larger when the bass is loud, and the ground stays where it is."""
    picture = np.full((130, 231, 4), 255, np.uint8)
    picture[..., :3] = 60
    cv2.circle(picture, (115, 80), 30, (30, 160, 230, 255), -1, cv2.LINE_AA)
    areas = []
    for level in (0.0, 1.0):
        row = (level, level)
        loud = Signals((0.0, 1.0), row, row, row, row, ((level,) * 64,) * 2)
        effects = Effects(zoom_per_second=0, parallax=1.0)
        plan = small_film(shot(0, 1, effects=effects), signals=loud, width=384, height=216)
        areas.append((FilmRenderer(plan, [picture]).planes(12)[:216] > 100).sum())
    assert areas[1] > areas[0] * 1.01


def test_a_morph_starts_and_ends_with_its_images():
    """A moved disc is between its places in the middle, and no pixel moves too far."""
    frames = []
    for x in (150, 170):
        frame = np.full((216, 384, 4), 40, np.uint8)
        cv2.circle(frame, (x, 108), 30, (200, 200, 200, 255), -1, cv2.LINE_AA)
        frames.append(frame)
    flow = flow_between(*frames)
    assert np.abs(flow).max() <= 0.081 * 96
    starts = morph(frames[0].copy(), frames[1], flow, 0.001)
    ends = morph(frames[0].copy(), frames[1], flow, 0.999)
    assert np.abs(starts.astype(int) - frames[0]).mean() < 1
    assert np.abs(ends.astype(int) - frames[1]).mean() < 1
    middle = morph(frames[0].copy(), frames[1], flow, 0.5)[108, :, 0].astype(float) - 40
    assert (middle * np.arange(384)).sum() / middle.sum() == pytest.approx(160, abs=3)


@pytest.mark.parametrize("seed", range(4))
def test_a_wipe_covers_the_frame_from_one_side(seed):
    """The second frame takes the share of the part, with an edge without steps."""
    black, white = (np.full((108, 192, 4), value, np.uint8) for value in (0, 255))
    shares = [
        wipe(black.copy(), white, part, seed).mean() / 255 for part in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.01 and shares[-1] > 0.99
    assert shares[2] == pytest.approx(0.5, abs=0.06)


def test_a_dissolve_ends_exactly():
    """The ends of a dissolve are the frames themselves."""
    random = np.random.default_rng(6)
    first, second = random.integers(0, 256, (2, 20, 30, 4), np.uint8)
    assert (dissolve(first.copy(), second, 0.0) == first).all()
    assert (dissolve(first.copy(), second, 1.0) == second).all()


def test_pulses_follow_onsets_without_flicker():
    """A pulse starts at the frame nearest to its onset; there are at most three per second."""
    onsets = tuple(number * 0.1 for number in range(100))
    signals = replace(quiet_signals(10), onsets=onsets, beats=tuple(n * 0.5 for n in range(20)))
    clock = SongClock(signals, Fraction(30))
    gaps = np.diff(clock.pulses) / 30
    assert gaps.min() >= FLASH_GAP - 1 / 30
    assert set(clock.beats) <= set(clock.pulses)
    one = shot(0, 10, effects=ALL_EFFECTS, palette=("#808080", "#FF2000"))
    strong, weak = (amounts_of(one, clock, frame).gain[0] for frame in (15, 29))
    assert strong > 1.1 > weak
    fast = SongClock(replace(signals, beats=tuple(n * 0.25 for n in range(40))), Fraction(30))
    assert len(fast.pulses) <= 31


def test_a_tint_has_the_colour_of_the_palette():
    """The strongest channel of the most colourful colour pulses most; without one, all do."""
    red, green, blue = tint_of(("#202020", "#FF6B35"))
    assert red > green > blue
    assert sum((red, green, blue)) == pytest.approx(3)
    assert tint_of(()) == pytest.approx((1, 1, 1))


def test_a_film_without_a_song_has_no_pulse():
    """Without signals, effects have their least strength, and nothing fails."""
    clock = SongClock(Signals(), Fraction(30))
    amounts = amounts_of(shot(0, 4, effects=ALL_EFFECTS), clock, 10)
    assert amounts.gain == (1, 1, 1)
    assert amounts.flash == 0
    for motion in get_args(Motion):
        pose_of(moment_of(shot(0, 4, motion=motion), clock, 3))


def test_noise_is_smooth_and_repeatable():
    """It stays within -1 to 1, moves in small steps, and depends on the seed."""
    values = [smooth_noise(place / 50, 3, 1) for place in range(-100, 400)]
    assert -1 <= min(values) < -0.5 and 0.5 < max(values) <= 1
    assert np.abs(np.diff(values)).max() < 0.1
    assert values != [smooth_noise(place / 50, 4, 1) for place in range(-100, 400)]
    assert share_of(1, 2) != share_of(2, 1)


def test_lyrics_are_shown_while_they_are_sung(images):
    """The line is there in its time only; sung words have the other colour, from the left."""
    line = LyricLine(1, 3, "", ((1.0, 1.5, "left"), (2.0, 2.5, "right")))
    style = LyricsStyle(colour="#FFFFFF", highlight="#FF0000", animation="karaoke", size=0.1)
    plan = small_film(shot(0, 4), lyrics=(line,), lyrics_style=style)
    dark = [np.zeros((54, 96, 3), np.uint8)]
    bare = FilmRenderer(replace(plan, lyrics=()), dark)
    renderer = FilmRenderer(plan, dark)
    for frame, is_shown in ((20, False), (40, True), (80, False)):
        assert ((renderer.planes(frame) != bare.planes(frame)).any()) == is_shown
    red = [renderer.planes(frame)[108:].reshape(2, 54, 96)[1] > 150 for frame in (26, 42, 62)]
    assert not red[0][:, 60:].any()
    assert red[1][:, :48].any() and not red[1][:, 52:].any()
    assert red[2][:, 52:].any()


def test_lines_of_lyrics_are_broken_and_shrunk_to_fit():
    """Long lines, long words, other scripts and control characters stay within the frame."""
    for text in ("word " * 60, "W" * 300, "\x1b[31mred\u202e", "Ночь, улица", "夜の歌", ""):
        strip = strip_of(LyricLine(0, 1, text[:500]), LyricsStyle(), FILM)
        assert strip.plain.shape[1:] == (192, 4)
        assert strip.plain.shape[0] <= 108
        is_long = text.startswith("WW")
        assert is_long or all(box.left >= 0 and box.right <= 192 for box in strip.boxes)
    assert Typeface("plain", 20).length(["plain"]) > 20
    assert missing_letters("plain") == ""


def test_the_font_with_the_most_letters_is_taken(monkeypatch, tmp_path):
    """Letters that no font has are named; a file that is no font is passed over."""
    known = next((name for name in fonts._names() if name and not fonts._missing(name, "é")), "")
    if not known:
        pytest.skip("fonts-dejavu-core is not installed")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "DejaVuSans.ttf").write_bytes(Path(known).read_bytes())
    (tmp_path / "NotoSans-Regular.ttf").write_bytes(b"no font")
    (tmp_path / "other.ttf").write_bytes(b"no font")
    monkeypatch.setattr(fonts, "_roots", lambda: (tmp_path, tmp_path / "missing"))
    assert fonts._installed() == {
        "DejaVuSans.ttf": str(tmp_path / "deep" / "DejaVuSans.ttf"),
        "NotoSans-Regular.ttf": str(tmp_path / "NotoSans-Regular.ttf"),
    }
    monkeypatch.setattr(
        fonts, "_names", lambda: ("", str(tmp_path / "NotoSans-Regular.ttf"), known)
    )
    assert missing_letters("été") == ""
    assert missing_letters("été \ue123 \ue124 a") == "\ue123\ue124"
    assert Typeface("été \ue123", 20).font.path == known
    decomposed, composed = (
        strip_of(LyricLine(0, 1, text), LyricsStyle(), FILM) for text in ("e\u0301te", "éte")
    )
    assert (decomposed.plain == composed.plain).all()


def _subset(source: str, letters: str, target: Path) -> str:
    """Write a font with some letters of another, with its metrics."""
    from fontTools.subset import Subsetter
    from fontTools.ttLib import TTFont

    with TTFont(source) as font:
        subsetter = Subsetter()
        subsetter.populate(text=letters)
        subsetter.subset(font)
        font.save(target)
    return str(target)


def test_two_scripts_on_one_line_have_a_font_each(monkeypatch, tmp_path):
    """They stand on one base line, as if one font had them all."""
    pytest.importorskip("fontTools")
    full = next((name for name in fonts._names() if name and not fonts._missing(name, "жé")), "")
    if not full:
        pytest.skip("fonts-dejavu-core is not installed")
    latin = _subset(full, "abcde fgé\u0301", tmp_path / "latin.ttf")
    cyrillic = _subset(full, "жзий", tmp_path / "cyrillic.ttf")
    line = LyricLine(0, 1, "abc жзи fжd")
    monkeypatch.setattr(fonts, "_names", lambda: (full,))
    expected = strip_of(line, LyricsStyle(), FILM)
    monkeypatch.setattr(fonts, "_names", lambda: (latin, cyrillic))
    assert missing_letters(line.text) == ""
    face = Typeface(line.text, 20)
    assert face.font.path == latin
    assert [(run.text, run.font.path) for run in face.runs("fжd")] == [
        ("f", latin), ("ж", cyrillic), ("d", latin),
    ]  # fmt: skip
    assert [run.text for run in face.runs("зe\u0301")] == ["з", "e\u0301"]
    drawn = strip_of(line, LyricsStyle(), FILM)
    assert drawn.plain.shape == expected.plain.shape
    assert np.abs(drawn.plain.astype(int) - expected.plain).mean() < 2
    for box, other in zip(drawn.boxes, expected.boxes, strict=True):
        assert box == pytest.approx(other, abs=2)


def test_marks_of_fonts_are_those_of_their_content(monkeypatch, tmp_path):
    full = next((name for name in fonts._names() if name and not fonts._missing(name, "жé")), "")
    if not full:
        pytest.skip("fonts-dejavu-core is not installed")
    copy = tmp_path / "same.ttf"
    copy.write_bytes(Path(full).read_bytes())
    monkeypatch.setattr(fonts, "_names", lambda: (full,))
    [mark] = fonts_of("ж")
    assert mark.startswith("DejaVuSans.ttf:")
    monkeypatch.setattr(fonts, "_names", lambda: (str(copy),))
    [other] = fonts_of("ж")
    assert other.partition(":")[2] == mark.partition(":")[2]
    monkeypatch.setattr(fonts, "_names", lambda: ("", str(copy)))
    assert fonts_of("abc") == ("pillow",)


def test_clips_are_sampled_at_the_time_of_the_frame():
    """Frames of a clip at another rate are the ones that are shown at that time, in any order."""
    frames = [np.full((162, 192), 128, np.uint8) for _ in range(40)]
    for number, planes in enumerate(frames):
        planes[:108] = 20 + 5 * number
    data = encode(frames, FILM, Fraction(10), ENCODINGS["final"])
    clip = ClipFrames(data, (96, 54))
    for seconds, number in (
        (0.0, 0),
        (1.05, 10),
        (1.1, 11),
        (3.9, 39),
        (9.0, 39),
        (0.3, 3),
        (-1, 0),
    ):
        value = float(clip.at(seconds)[..., 1].mean())
        expected = (20 + 5 * number - 16) * 255 / 219
        assert value == pytest.approx(expected, abs=2.5)
    assert clip.at(0).shape == (54, 96, 4)
    clip.close()
    with pytest.raises(ClipError):
        ClipFrames(b"no video", FILM)


def test_clips_keep_their_colours():
    """A clip with tags is read by them; one without is BT.709 from 720 lines on."""
    for (height, width), is_tagged in (((108, 192), True), ((720, 96), False)):
        frame = np.full((height, width, 4), (30, 200, 90, 255), np.uint8)
        planes = planes_of(frame, Finish())
        target = io.BytesIO()
        if is_tagged:
            target.write(encode([planes], (width, height), Fraction(24), ENCODINGS["final"]))
        else:
            with av.open(target, "w", format="mp4") as container:
                stream = container.add_stream("libx264", rate=24)
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
                container.mux(stream.encode())
        shown = ClipFrames(target, (96, 54)).at(0)[20, 20]
        assert np.abs(shown[:3].astype(int) - (30, 200, 90)).max() <= 4


def test_a_clip_names_no_other_file(tmp_path):
    """A playlist that leads to a video on the disk is refused, as a clip and as a segment."""
    frames = [np.full((162, 192), 128, np.uint8)]
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(encode(frames, FILM, Fraction(24), ENCODINGS["fast"]))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    concat = f"ffconcat version 1.0\nfile '{secret}'\n"
    for text in (playlist, concat):
        with pytest.raises(ClipError):
            ClipFrames(text.encode(), FILM).at(0)
        with pytest.raises(JoinError):
            join_segments([text.encode()], None, small_film(shot(0, 1)), tmp_path / "film.mp4")


def test_a_shot_of_a_clip_is_the_same_from_any_segment():
    """A clip is decoded again for each segment, with the same frames."""
    random = np.random.default_rng(9)
    frames = [random.integers(16, 235, (162, 192), np.uint8) for _ in range(24)]
    data = encode(frames, FILM, Fraction(24), ENCODINGS["ffv1"])
    clip = Shot(0, 2, source="clip", clip=0, clip_start=0.25)
    plan = small_film(clip)
    renderer = FilmRenderer(plan, (), [data])
    values = [renderer.planes(frame).tobytes() for frame in range(48)]
    again = FilmRenderer(plan, (), [io.BytesIO(data)])
    for frame in (30, 5, 47, 17, 18):
        assert again.planes(frame).tobytes() == values[frame]
    assert values[40] == values[17]


def test_a_preview_is_small_and_shows_the_same():
    """A preview has few frames and even sides; a still has the colours of the image."""
    from engine.video.preview import preview_plan, resized, still

    plan = small_film(shot(0, 2), width=1280, height=720, frame_rate="30000/1001")
    small = preview_plan(plan)
    assert (small.width, small.height, small.frame_rate) == (480, 270, "15000/1001")
    assert resized(plan, 2000) == plan
    image = np.full((54, 96, 3), (30, 120, 210), np.uint8)
    shown = still(small, [image], (), 3)
    assert shown.shape == (270, 480, 3)
    assert np.abs(shown[100, 100].astype(int) - (210, 120, 30)).max() <= 3


def test_frames_of_the_film_are_tagged_and_sited():
    """A decoder sees BT.709, and chroma at the centre of its pixels."""
    frames = [np.full((162, 192), 128, np.uint8)]
    with av.open(io.BytesIO(encode(frames, FILM, Fraction(24), ENCODINGS["fast"]))) as container:
        frame = next(container.decode(video=0))
    assert (frame.colorspace, frame.color_range) == (1, 1)
