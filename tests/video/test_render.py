"""Frames, segments and joined films."""

import hashlib
import io
import itertools
import struct
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from engine.video.cuts import excerpt, frame_at, frames_of, images_of, segments_of
from engine.video.plan import Effects, PlanError, Shot
from tests.support.optional import needs
from tests.video.films import ALL_EFFECTS, quiet_signals, shot, small_film

needs("av", "cv2", "numba")

import av  # noqa: E402
import numpy as np  # noqa: E402

from engine.video.encode import encode, render_segment  # noqa: E402
from engine.video.join import JoinError, Song, join_segments  # noqa: E402
from engine.video.quality import ENCODINGS, film_bytes  # noqa: E402
from engine.video.render import FilmRenderer  # noqa: E402

RATE = 44100


def digest(planes):
    """Return the hash of a frame."""
    return hashlib.sha256(planes.tobytes()).hexdigest()


def film(**fields):
    """Return three shots with all effects, a dissolve and a wipe, of three seconds."""
    return small_film(
        shot(0, 1, 0, effects=ALL_EFFECTS, transition="fade-from-black", transition_seconds=0.5),
        shot(1, 2, 1, motion="chaotic", transition="cross-dissolve", transition_seconds=0.6),
        shot(2, 3, 2, effects=ALL_EFFECTS, transition="wipe", transition_seconds=0.4, seed=3),
        **{"signals": quiet_signals(3), "fade_out": 0.3, **fields},
    )


def segments(plan, images, step=0.5, quality="final"):
    """Return all segments of a film, each from its excerpt."""
    return [
        render_segment(excerpt(plan, first, last), images, (), first, last, quality)
        for first, last in segments_of(plan, step)
    ]


def clicks(times, seconds):
    """Return a stereo song with a click at each time."""
    samples = np.zeros((2, round(seconds * RATE)), np.float32)
    for time in times:
        start = round(time * RATE)
        n = np.arange(min(400, samples.shape[1] - start))
        samples[:, start : start + len(n)] += (
            0.9 * np.exp(-n / 40) * np.cos(2 * np.pi * 3000 * n / RATE)
        )
    return Song(samples, RATE)


def test_frames_are_the_same_in_any_order_and_process(images):
    """A frame depends on the plan, the images and its number; an excerpt renders the same one."""
    plan = film()
    renderer = FilmRenderer(plan, images)
    forward = [digest(renderer.planes(frame)) for frame in range(0, 72, 5)]
    again = FilmRenderer(plan, images)
    for number, frame in reversed(list(enumerate(range(0, 72, 5)))):
        assert digest(again.planes(frame)) == forward[number]
        part = excerpt(plan, frame, frame)
        only = {index: images[index] for index in images_of(part)}
        planes = FilmRenderer(part, only).planes(frame)
        assert digest(planes) == forward[number]


def test_a_film_is_the_same_after_segments_are_lost(images, tmp_path):
    """Any two segments that are rendered again, in another process, give the same file."""
    plan = film()
    parts = segments(plan, images)
    target = tmp_path / "film.mp4"
    join_segments(parts, clicks([0.4], 3), plan, target)
    first = target.read_bytes()
    np.savez(tmp_path / "images.npz", *images)
    code = (
        "import sys, numpy, tests.video.test_render as t\n"
        "images = list(numpy.load(sys.argv[1]).values())\n"
        "for number in (1, 4):\n"
        "    first, last = t.segments_of(t.film(), 0.5)[number]\n"
        "    part = t.excerpt(t.film(), first, last)\n"
        "    data = t.render_segment(part, images, (), first, last)\n"
        "    open(sys.argv[2] + str(number), 'wb').write(data)\n"
    )
    arguments = [str(tmp_path / "images.npz"), str(tmp_path / "again")]
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=root)
    for number in (1, 4):
        again = (tmp_path / f"again{number}").read_bytes()
        assert again == parts[number]
        parts[number] = again
    join_segments(parts, clicks([0.4], 3), plan, target)
    assert target.read_bytes() == first
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("quality", ["preview", "fast", "final", "prores", "ffv1", "av1"])
def test_segments_of_any_length_join_to_uniform_times(images, tmp_path, quality):
    """Segments of one or two frames, without a delay for reordering, join with long ones."""
    plan = small_film(shot(0, 1.5, 0), shot(1.5, 2, 1))
    spans = [(0, 0), (1, 7), (8, 9), (10, 47)]
    parts = [render_segment(plan, images, (), *span, quality) for span in spans]
    target = tmp_path / f"film{ENCODINGS[quality].suffix}"
    join_segments(parts, clicks([0.5], 2), plan, target, quality)
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        tags = context.colorspace, context.color_primaries, context.color_trc, context.color_range
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([frame / 24 for frame in range(48)], abs=0.0011)
    assert tags == (1, 1, 1, 1)
    if quality in {"preview", "fast", "final", "av1"}:
        boxes = target.read_bytes()
        assert boxes.index(b"moov") < boxes.index(b"mdat")


def test_segments_that_do_not_make_up_the_film_are_refused(images, tmp_path):
    """A missing segment, or one of another quality, is named."""
    plan = small_film(shot(0, 1))
    first, second = (
        render_segment(plan, images, (), *span, "fast") for span in ((0, 11), (12, 23))
    )
    target = tmp_path / "film.mp4"
    with pytest.raises(JoinError, match="12 frames and the film has 24"):
        join_segments([first], None, plan, target)
    with pytest.raises(JoinError, match="no segments"):
        join_segments([], None, plan, target)
    other = render_segment(plan, images, (), 12, 23, "final")
    with pytest.raises(JoinError, match="segment 1 is encoded otherwise"):
        join_segments([first, other], None, plan, target)
    assert not target.exists()
    join_segments([first, second], None, plan, target, "fast")
    assert target.exists()


def test_a_shot_without_an_image_follows_the_song(images):
    """A procedural visual is the same bytes from an excerpt, and dissolves into an image."""
    visual = Shot(0, 2, source="procedural", visual="flow", palette=("#FF6B35", "#1A1A2E"), seed=4)
    change = {"transition": "zoom-in", "transition_seconds": 1}
    plan = small_film(visual, shot(2, 4, 1, **change), signals=quiet_signals(4))
    renderer = FilmRenderer(plan, images)
    frames = {frame: digest(renderer.planes(frame)) for frame in (3, 4, 44, 52)}
    assert len(set(frames.values())) == 4
    for frame, value in frames.items():
        assert digest(FilmRenderer(excerpt(plan, frame, frame), images).planes(frame)) == value


def test_a_missing_image_is_named(images):
    """The message says which one."""
    with pytest.raises(PlanError, match="image 7"):
        render_segment(small_film(shot(0, 1, 7)), images, (), 0, 0)


def test_colours_are_those_of_bt709():
    """Planes follow the matrix that the file names, and decode to the colours of the image."""
    colours = {
        "red": (0, 0, 255), "green": (0, 255, 0), "blue": (255, 0, 0), "skin": (120, 160, 210),
    }  # fmt: skip
    for blue, green, red in colours.values():
        image = np.full((54, 96, 4), (blue, green, red, 255), np.uint8)
        planes = FilmRenderer(small_film(shot(0, 1)), [image]).planes(3)
        y = 16 + 219 / 255 * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
        u = 128 + 224 / 255 * (blue - (0.2126 * red + 0.7152 * green + 0.0722 * blue)) / 1.8556
        v = 128 + 224 / 255 * (red - (0.2126 * red + 0.7152 * green + 0.0722 * blue)) / 1.5748
        chroma = planes[108:].reshape(2, 54, 96)
        assert planes[:108].astype(float).mean() == pytest.approx(y, abs=0.6)
        assert chroma[0].astype(float).mean() == pytest.approx(u, abs=0.6)
        assert chroma[1].astype(float).mean() == pytest.approx(v, abs=0.6)


def test_a_dissolve_adds_light():
    """Half of white and half of black have half the light: 188 of 255, and not 128."""
    white, black = (np.full((54, 96, 4), (*[value] * 3, 255), np.uint8) for value in (255, 0))
    plan = small_film(
        shot(0, 1, 0), shot(1, 2, 1, transition="cross-dissolve", transition_seconds=13 / 24)
    )
    planes = FilmRenderer(plan, [white, black]).planes(24)
    assert (planes[:108].mean() - 16) * 255 / 219 == pytest.approx(188, abs=1.5)


def test_fades_start_and_end_in_black(images):
    """The first frame of a fade from black and the last frame of the film are black."""
    renderer = FilmRenderer(film(), images)
    assert renderer.planes(0)[:108].mean() < 40
    assert renderer.planes(20)[:108].mean() > 60
    assert renderer.planes(71)[:108].mean() < 17


def flashing_film(rate):
    """Return a film with a white cut at odd times, and these times."""
    beats = np.arange(0.4837, 9.4, 0.5127)
    bounds = [0.0, *(float(beat) for beat in beats), 10.0]
    shots = tuple(
        shot(start, end, 0, transition="flash-white", transition_seconds=0.1)
        for start, end in itertools.pairwise(bounds)
    )
    effects = Effects(zoom_per_second=0.005)
    shots = tuple(replace(one, effects=effects) for one in shots)
    return small_film(*shots, frame_rate=rate, width=128, height=72), [float(b) for b in beats]


@pytest.mark.parametrize("rate", [24, 30, "30000/1001"])
def test_cuts_and_clicks_of_the_encoded_film_meet(images, tmp_path, rate):
    """A cut is within half a frame and a millisecond of its beat, and a click within 0.1 ms."""
    plan, beats = flashing_film(rate)
    dark = [np.full_like(images[0], (40, 40, 40, 255))]
    parts = segments(plan, dark, 2.0, "final")
    target = tmp_path / "film.mp4"
    join_segments(parts, clicks(beats, 10), plan, target)
    brightness, times, heard = read_back(target)
    rises = [
        times[index] for index in range(1, len(times))
        if brightness[index] > brightness[index - 1] + 40
    ]  # fmt: skip
    assert len(rises) == len(beats)
    limit = float(0.5 / Fraction(rate)) + 0.001
    assert np.abs(np.array(rises) - beats).max() <= limit
    for beat in beats:
        start = round((beat - 0.02) * RATE)
        window = np.abs(heard[start : start + round(0.04 * RATE)])
        click = start + int(np.argmax(window > 0.35 * window.max()))
        assert abs(click / RATE - beat) <= 0.0001


def read_back(path):
    """Return the brightness and the time of all frames, and the sound as a player hears it."""
    brightness, times, sound = [], [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            brightness.append(frame.to_ndarray(format="gray").mean())
            times.append(frame.time)
    with av.open(str(path)) as container:
        start = None
        for block in container.decode(audio=0):
            start = block.pts if start is None else start
            sound.append(block.to_ndarray()[0])
    heard = np.concatenate(sound)
    return brightness, times, np.concatenate([np.zeros(max(start, 0)), heard[max(-start, 0) :]])


def test_the_sound_is_as_long_as_the_film(images, tmp_path):
    """A longer song is cut, a shorter one is followed by silence, and mono stays mono."""
    plan = small_film(shot(0, 1))
    part = render_segment(plan, images, (), 0, 23, "fast")
    for seconds, channels in ((0.5, 1), (3, 2), (0.2, 6)):
        song = Song(np.full((channels, int(seconds * 32000)), 0.25, np.float32), 32000)
        join_segments([part], song, plan, tmp_path / "film.mp4", "fast")
        with av.open(str(tmp_path / "film.mp4")) as container:
            stream = container.streams.audio[0]
            assert stream.duration * stream.time_base == pytest.approx(1.0, abs=0.001)
            assert stream.codec_context.channels == min(channels, 2)


def test_an_odd_sample_rate_is_resampled(images, tmp_path):
    """AAC knows some rates only; a click at another rate stays at its time."""
    plan = small_film(shot(0, 1))
    part = render_segment(plan, images, (), 0, 23, "fast")
    samples = np.zeros((1, 96000), np.float32)
    samples[:, 48000:48040] = 0.9
    join_segments([part], Song(samples, 96000), plan, tmp_path / "film.mp4", "fast")
    _, _, heard = read_back(tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        rate = container.streams.audio[0].rate
    assert rate == 48000
    assert int(np.argmax(np.abs(heard) > 0.4)) / rate == pytest.approx(0.5, abs=0.0003)


def test_a_segment_starts_with_a_key_frame_and_names_no_threads(images):
    """x264 writes its settings into the stream; the number of threads is the same everywhere."""
    data = render_segment(small_film(shot(0, 1)), images, (), 0, 23)
    assert b"threads=1 " in data
    with av.open(io.BytesIO(data)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [packet.is_keyframe for packet in packets][:2] == [True, False]


def test_encoding_repeats_itself():
    """Ten encodings of detailed frames are equal, also where AVX-512 makes x264 differ."""
    random = np.random.default_rng(3)
    base = random.integers(40, 200, (200, 300), np.uint8)
    frames = []
    for number in range(40):
        planes = np.full((162, 192), 128, np.uint8)
        planes[:108] = base[number : number + 108, 2 * number : 2 * number + 192]
        frames.append(planes)
    encodings = {encode(frames, (192, 108), Fraction(30), ENCODINGS["final"]) for _ in range(10)}
    assert len(encodings) == 1


def test_the_size_of_a_film_is_estimated():
    """A minute of 1080p takes tens of megabytes, and of ProRes more than one gigabyte."""
    assert 2e7 < film_bytes(1920, 1080, 30, 60, "final") < 2e8
    assert film_bytes(1920, 1080, 30, 60, "prores") > 1e9


def test_a_cut_of_a_frame_is_where_the_plan_says():
    """The first frame of a shot is the one nearest to its start."""
    plan = small_film(shot(0, 0.989, 0), shot(0.989, 2, 1))
    renderer = FilmRenderer(plan, [np.full((54, 96, 3), value, np.uint8) for value in (20, 220)])
    cut = frame_at(0.989, plan.rate)
    assert cut == 24
    assert renderer.planes(cut - 1)[:108].mean() < 60
    assert renderer.planes(cut)[:108].mean() > 180
    assert frames_of(plan) == 48


def test_the_edit_list_hides_the_priming_of_the_sound(images, tmp_path):
    """The encoder's 1024 samples before the song are cut by the file's edit list."""
    plan = small_film(shot(0, 1))
    part = render_segment(plan, images, (), 0, 23, "fast")
    join_segments([part], clicks([0.5], 1), plan, tmp_path / "film.mp4", "fast")
    data = (tmp_path / "film.mp4").read_bytes()
    starts = []
    place = data.find(b"elst")
    while place >= 0:
        starts.append(struct.unpack(">i", data[place + 16 : place + 20])[0])
        place = data.find(b"elst", place + 4)
    assert 1024 in starts
