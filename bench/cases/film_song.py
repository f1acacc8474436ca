"""Films that follow a song with all effects: frames, segments on many cores, and a whole film.

Processor times are those of the process and its children.

Usage: python -m bench.cases.film_song effects FOLDER
       python -m bench.cases.film_song render FOLDER QUALITY PROCESSES SEGMENTS
       python -m bench.cases.film_song whole FOLDER final|preview SECONDS
"""

import itertools
import math
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.cases.film_images import HEIGHT, RATE, WIDTH, Frame, pictures, processor_seconds
from bench.machine import emit


def song_plan(seconds: float, shots: int) -> Any:
    """Return a film with all effects that follow a song of 120 beats per minute."""
    from engine.video.plan import Effects, FilmPlan, Shot, Signals

    times = tuple(row / 20 for row in range(int(seconds * 20) + 1))
    level = tuple(0.5 + 0.4 * math.sin(time) for time in times)
    beats = tuple(beat / 2 for beat in range(int(seconds * 2)))
    rows = ((0.5,) * 64,) * len(times)
    signals = Signals(times, level, level, level, level, rows, beats, beats[::4], beats)
    effects = Effects(0.015, pulse=1, parallax=1, grain=0.6, bloom=1, aberration=1, flash=0.5)
    bounds = [seconds * number / shots for number in range(shots + 1)]
    change: Any = {"transition": "cross-dissolve", "transition_seconds": 1.0}
    rows_of = tuple(
        Shot(start, end, image=number % 3, effects=effects, seed=number, **change)
        for number, (start, end) in enumerate(itertools.pairwise(bounds))
    )
    return FilmPlan(WIDTH, HEIGHT, RATE, seconds, rows_of, signals)


def films_images(folder: Path) -> list[Frame]:
    """Return the images, each with a disc before it that parallax cuts out."""
    import cv2

    images = pictures(folder, "0", "1", "2")
    for image in images:
        image[..., :3] //= 2
        cv2.circle(image, (1200, 800), 300, (40, 160, 240, 255), -1, cv2.LINE_AA)
    return images


def effects(folder: Path) -> None:
    """Processor milliseconds of frames with all effects but the encoder, in one thread."""
    from engine.video.render import FilmRenderer

    renderer = FilmRenderer(song_plan(8.0, 2), films_images(folder))
    times: dict[str, float] = {}
    for name, frames in (("plain", range(30, 60)), ("dissolve", range(106, 134))):
        renderer.planes(frames[0])
        started = processor_seconds()
        for frame in frames:
            renderer.planes(frame)
        times[name] = (processor_seconds() - started) / len(frames) * 1000
    emit(**times)


_jobs: dict[str, Any] = {}


def _prepared(folder: Path, quality: str) -> None:
    """Make a process ready: its libraries, its kernels and its images."""
    from engine.video.encode import render_segment

    _jobs.update(images=films_images(folder), quality=quality, render=render_segment)
    _segment((song_plan(4.0, 1), 0, 1))


def _segment(job: tuple[Any, int, int]) -> tuple[int, float]:
    """Return the bytes of a segment and the processor seconds that it took."""
    started = time.process_time()
    data = _jobs["render"](job[0], _jobs["images"], (), job[1], job[2], _jobs["quality"])
    return len(data), time.process_time() - started


def render(folder: Path, quality: str, processes: int, segments: int) -> None:
    """Frames per second of whole segments, of which every fifth second is a dissolve.

    Those of the clock, and those of as many free cores, by processor time.
    """
    from engine.video.cuts import segments_of

    plan = song_plan(segments * 4.0, max(1, round(segments * 4 / 5)))
    jobs = [(plan, *span) for span in segments_of(plan)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _prepared, (folder, quality)) as pool:
        pool.map(_segment, jobs[:processes], 1)
        started = time.perf_counter()
        results = pool.map(_segment, jobs, 1)
        seconds = time.perf_counter() - started
    frames, size = plan.seconds * RATE, sum(result[0] for result in results)
    processor = sum(result[1] for result in results)
    emit(
        fps=frames * processes / processor,
        seen=frames / seconds,
        megabits=size * 8 / plan.seconds / 1e6,
    )


def whole(folder: Path, quality: str, seconds: float) -> None:
    """Processor seconds and peak memory of a film with its song, in one process."""
    from engine.video.cuts import segments_of
    from engine.video.join import Song, join_segments
    from engine.video.preview import preview_plan

    plan = song_plan(seconds, max(1, round(seconds / 16)))
    plan = preview_plan(plan) if quality == "preview" else plan
    _jobs.clear()
    started = processor_seconds()
    _prepared(folder, quality)
    files = []
    for number, span in enumerate(segments_of(plan)):
        files.append(folder / f"segment-{number}.mp4")
        data = _jobs["render"](plan, _jobs["images"], (), *span, quality)
        files[-1].write_bytes(data)
    samples = np.random.default_rng(1).standard_normal((2, round(seconds * 44100))) * 0.1
    join_segments(files, Song(samples.astype(np.float32), 44100), plan, folder / "film.mp4")
    for file in files:
        file.unlink()
    emit(
        processor=processor_seconds() - started,
        megabytes=(folder / "film.mp4").stat().st_size / 1e6,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def main() -> None:
    what, folder, rest = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    if what == "effects":
        effects(folder)
    elif what == "render":
        render(folder, rest[0], int(rest[1]), int(rest[2]))
    else:
        whole(folder, rest[0], float(rest[1]))


if __name__ == "__main__":
    main()
