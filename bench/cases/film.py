"""Films from images, beside MoviePy and FFmpeg's zoompan on the same plan.

The plan: two images of 2304x1296 that grow by 1.5 % per second and drift, a dissolve of one second
between them, 1080p at 30 frames per second, H.264 `veryfast` at CRF 18. Processor times are those
of the process and its children. For the jitter, the middles of dots in each frame are compared with
where the plan puts them, a slow curve apart: it is another easing and no jitter.

Usage: python -m bench.cases.film build FOLDER
       python -m bench.cases.film speed FOLDER ours|zoompan|moviepy FRAMES
       python -m bench.cases.film frames FOLDER ours|zoompan FRAMES
       python -m bench.cases.film exact FOLDER ours|zoompan|moviepy FRAMES
"""

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cases.film_images import (
    HEIGHT,
    RATE,
    SOURCE,
    WIDTH,
    Frame,
    Matrix,
    build,
    dots,
    pictures,
    processor_seconds,
)
from bench.machine import emit

OVERLAP = 30
GROWTH, DRIFT = 0.015, (10.0, 4.0)
"""Growth per second, and drift in pixels of the image per second."""


def window(frame: int) -> Matrix:
    """Return the matrix from pixels of a frame of the plan to those of the image."""
    seconds = frame / RATE
    scale = SOURCE[0] / WIDTH / (1 + GROWTH * seconds)
    x, y = (side / 2 + drift * seconds for side, drift in zip(SOURCE, DRIFT, strict=True))
    return np.array(
        [
            [scale, 0, x - scale * WIDTH / 2 + scale / 2 - 0.5],
            [0, scale, y - scale * HEIGHT / 2 + scale / 2 - 0.5],
        ]
    )


def our_plan(frames: int, images: int) -> Any:
    """Return the plan in our words: a slow drift over one image, or over two."""
    from engine.video.plan import Effects, FilmPlan, Shot

    effects = Effects(zoom_per_second=GROWTH)
    seconds = frames / RATE
    if images == 1:
        shots: tuple[Shot, ...] = (Shot(0, seconds, image=0, effects=effects, seed=5),)
    else:
        cut = round(frames / 2) / RATE
        first = Shot(0, cut, image=0, effects=effects, seed=5)
        change: Any = {"transition": "cross-dissolve", "transition_seconds": OVERLAP / RATE}
        shots = (first, Shot(cut, seconds, image=1, effects=effects, seed=6, **change))
    return FilmPlan(WIDTH, HEIGHT, RATE, seconds, shots)


def our_film(folder: Path, frames: int, target: Path) -> None:
    """Render the plan by our renderer."""
    from engine.video.encode import encode
    from engine.video.quality import ENCODINGS
    from engine.video.render import FilmRenderer

    renderer = FilmRenderer(our_plan(frames, 2), pictures(folder, "0", "1"))
    encoding = replace(ENCODINGS["final"], options={"preset": "veryfast", "crf": "18"})
    planes = (renderer.planes(frame) for frame in range(frames))
    target.write_bytes(encode(planes, (WIDTH, HEIGHT), Fraction(RATE), encoding))


def zoompan(frames: int) -> str:
    """Return the plan of one image as a filter of FFmpeg."""
    x, y = (
        f"{side}/2+({side}/{size})*{drift}*on/{RATE}-{side}/zoom/2"
        for side, size, drift in zip(("iw", "ih"), SOURCE, DRIFT, strict=True)
    )
    return (
        f"zoompan=z='1+{GROWTH}*on/{RATE}':x='{x}':y='{y}':d={frames}:s={WIDTH}x{HEIGHT}:fps={RATE}"
    )


def zoompan_film(folder: Path, frames: int, target: Path) -> None:
    """Render the plan by FFmpeg."""
    codec = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]
    _zoompan(folder, frames, *codec, str(target))


def _zoompan(folder: Path, frames: int, *output: str) -> None:
    half = (frames + OVERLAP) // 2
    graph = (
        f"[0]{zoompan(half)},format=yuv420p,settb=AVTB[a];"
        f"[1]{zoompan(half)},format=yuv420p,settb=AVTB[b];"
        f"[a][b]xfade=transition=fade:duration={OVERLAP / RATE}:offset={(half - OVERLAP) / RATE}"
    )
    inputs = ["-i", str(folder / "0.png"), "-i", str(folder / "1.png")]
    _ffmpeg(*inputs, "-filter_complex", graph, "-frames:v", str(frames), *output)


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", *arguments], check=True)


def moviepy_clip(folder: Path, frames: int, *names: str) -> Any:
    """Return the plan as a clip of MoviePy."""
    from moviepy import CompositeVideoClip, ImageClip, vfx

    half = frames if len(names) == 1 else (frames + OVERLAP) // 2
    scale = WIDTH / SOURCE[0]

    def size(seconds: float) -> float:
        return scale * (1 + GROWTH * seconds)

    def place(seconds: float) -> tuple[float, float]:
        x, y = (side / 2 + drift * seconds for side, drift in zip(SOURCE, DRIFT, strict=True))
        return WIDTH / 2 - x * size(seconds), HEIGHT / 2 - y * size(seconds)

    clips = []
    for number, name in enumerate(names):
        clip = ImageClip(str(folder / f"{name}.png")).with_duration(half / RATE)
        clip = clip.resized(size).with_position(place)
        if number:
            clip = clip.with_start((half - OVERLAP) / RATE)
            clip = clip.with_effects([vfx.CrossFadeIn(OVERLAP / RATE)])
        clips.append(clip)
    return CompositeVideoClip(clips, size=(WIDTH, HEIGHT)).with_duration(frames / RATE)


def moviepy_film(folder: Path, frames: int, target: Path) -> None:
    """Render the plan by MoviePy."""
    clip = moviepy_clip(folder, frames, "0", "1")
    clip.write_videofile(
        str(target),
        fps=RATE,
        codec="libx264",
        preset="veryfast",
        ffmpeg_params=["-crf", "18"],
        audio=False,
        logger=None,
    )


FILMS: dict[str, Callable[[Path, int, Path], None]] = {
    "ours": our_film,
    "zoompan": zoompan_film,
    "moviepy": moviepy_film,
}


def speed(folder: Path, who: str, frames: int) -> None:
    """Processor milliseconds per frame of a whole film, with its encoder."""
    started = processor_seconds()
    FILMS[who](folder, frames, folder / f"{who}.mp4")
    emit(ms=(processor_seconds() - started) / frames * 1000)


def frames_alone(folder: Path, who: str, frames: int) -> None:
    """Processor milliseconds per frame without an encoder."""
    started = processor_seconds()
    if who == "zoompan":
        _zoompan(folder, frames, "-f", "null", "-")
    else:
        from engine.video.render import FilmRenderer

        renderer = FilmRenderer(our_plan(frames, 2), pictures(folder, "0", "1"))
        for frame in range(frames):
            renderer.planes(frame)
    emit(ms=(processor_seconds() - started) / frames * 1000)


def exact(folder: Path, who: str, frames: int) -> None:
    """Jitter of the dots in pixels, its second difference, and PSNR to an exact rendering."""
    offsets = [
        mean_offset(pixels[..., 1], matrix)
        for pixels, matrix in still_frames(folder, who, frames, "dots")
    ]
    path = np.array(offsets)
    curve = np.vander(np.arange(len(path)), 3)
    path -= curve @ np.linalg.lstsq(curve, path, rcond=None)[0]
    second = np.diff(path, 2, axis=0)
    jitter, jolt = (float(np.sqrt((values**2).mean())) for values in (path, second))
    emit(jitter=jitter, jolt=jolt, psnr=_psnr(folder, who, frames) if who != "moviepy" else None)


def _psnr(folder: Path, who: str, frames: int) -> float:
    """Return the signal-to-noise ratio in dB to the same frames, sampled by Lanczos."""
    source = pictures(folder, "0")[0]
    errors = [
        _error(pixels, source, matrix)
        for number, (pixels, matrix) in enumerate(still_frames(folder, who, frames, "0"))
        if number % 10 == 0
    ]
    return float(10 * math.log10(255**2 / np.mean(errors)))


def _error(pixels: Frame, source: Frame, matrix: Matrix) -> float:
    """Return the mean square difference to the image, sampled by Lanczos."""
    import cv2

    flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
    reference = cv2.warpAffine(source, matrix, (WIDTH, HEIGHT), flags=flags)
    difference = pixels[..., :3].astype(np.float64) - reference[..., :3]
    return float(np.square(difference[16:-16, 16:-16]).mean())


def still_frames(folder: Path, who: str, frames: int, name: str) -> Iterator[tuple[Frame, Matrix]]:
    """Return frames of one image as BGR pixels before the encoder, and where the plan puts them."""
    if who == "ours":
        yield from _our_frames(folder, frames, name)
    elif who == "moviepy":
        clip = moviepy_clip(folder, frames, name)
        for frame in range(frames):
            yield clip.get_frame(frame / RATE)[..., ::-1], window(frame)
    else:
        import av

        target = folder / "zoompan.mkv"
        graph = f"{zoompan(frames)},format=bgr0"
        image = ["-i", str(folder / f"{name}.png"), "-filter_complex", graph]
        _ffmpeg(*image, "-frames:v", str(frames), "-c:v", "ffv1", str(target))
        with av.open(str(target)) as container:
            for number, decoded in enumerate(container.decode(video=0)):
                yield np.asarray(decoded.to_ndarray(format="bgr24"), np.uint8), window(number)


def _our_frames(folder: Path, frames: int, name: str) -> Iterator[tuple[Frame, Matrix]]:
    from engine.video.effects.motion import moment_of, pose_of
    from engine.video.effects.motion import window as our_window
    from engine.video.render import FilmRenderer

    plan = our_plan(frames, 1)
    renderer = FilmRenderer(plan, pictures(folder, name))
    for frame in range(frames):
        moment = moment_of(plan.shots[0], renderer.clock, frame)
        matrix = our_window(pose_of(moment), SOURCE, (WIDTH, HEIGHT))
        yield renderer.shots.frame(moment), matrix


def mean_offset(grey: Frame, matrix: Matrix) -> NDArray[np.float64]:
    """Return the mean distance of the dots from their places."""
    inverse = np.linalg.inv(np.vstack([matrix, (0, 0, 1)]))
    y, x = np.mgrid[-16:17, -16:17]
    offsets = []
    for column, row in dots():
        u, v, _ = inverse @ (column, row, 1)
        if not (25 < u < WIDTH - 25 and 25 < v < HEIGHT - 25):
            continue
        left, top = round(u), round(v)
        patch = grey[top - 16 : top + 17, left - 16 : left + 17].astype(np.float64) - 30
        patch[patch < 2] = 0
        middle = (patch * x).sum() / patch.sum(), (patch * y).sum() / patch.sum()
        offsets.append((left + middle[0] - u, top + middle[1] - v))
    return np.asarray(np.mean(offsets, axis=0))


def main() -> None:
    what, folder, rest = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    if what == "build":
        build(folder)
    elif what == "speed":
        speed(folder, rest[0], int(rest[1]))
    elif what == "frames":
        frames_alone(folder, rest[0], int(rest[1]))
    else:
        exact(folder, rest[0], int(rest[1]))


if __name__ == "__main__":
    main()
