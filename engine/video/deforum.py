"""A film as settings of Deforum: an animation by Stable Diffusion that follows the same song.

Signs and units are those of Deforum: `strength` is the share of the last frame that stays, so loud
parts get less of it; `zoom` multiplies frame by frame, so it is bounded over a bar; angles are
degrees per frame and translations pixels per frame.
"""

import math
import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.video.cuts import frame_at, frames_of, shot_of, shot_span
from engine.video.plan import FilmPlan, Motion, Shot
from engine.video.schedules import write_schedule

MAX_ZOOM = 1.28
"""Zoom over one bar, at most; 1 at least."""

STRENGTHS = 0.78, 0.5
"""Share of the last frame that stays in silence, and at full loudness."""

CUT_STRENGTH = 0.25
"""Share of the last frame that stays at a hard cut to another section."""

_BAR_SECONDS = 2.0
"""Length of a bar if the song has no beats."""

_RING = 0.18
"""Seconds after a beat at which its push has passed."""

_DEPTH = 200.0
"""Units of `translation_z` that lie between the eye and the plane that zooms by the same share."""

_AMOUNTS: Mapping[Motion, tuple[float, float, float]] = {
    "slow-drift": (0.35, 0.35, 0.2),
    "pulse": (0.8, 0.25, 1.0),
    "energetic": (1.0, 0.8, 0.8),
    "chaotic": (1.0, 1.4, 1.0),
    "breathing": (0.5, 0.2, 0.5),
    "glitch": (0.7, 1.2, 1.2),
    "smooth-flow": (0.6, 0.6, 0.25),
    "staccato": (0.8, 0.5, 1.4),
}
"""Zoom, turning and push at beats of each motion, as shares of the usual amounts."""

_MOVEMENT = {"zoom": 0, "angle": 0, "translation_x": 1, "translation_y": 1}
"""Schedules of movement; 1 for those that are in pixels."""

Keys = dict[int, float]


def deforum_settings(
    plan: FilmPlan,
    prompts: Sequence[str],
    negative: str = "",
    *,
    mode: str = "2D",
    song: str = "",
) -> dict[str, Any]:
    """Return the settings that Deforum loads from a file.

    Args:
        plan: The film.
        prompts: Prompt of each section, by `Shot.section`.
        negative: Negative prompt of all of them.
        mode: `2D` or `3D`; both have their schedules, this is the one that is chosen.
        song: Path of the song, for a film with sound.

    Raises:
        ValueError: A section has no prompt.
    """
    sections = _section_starts(plan)
    if missing := [shot.section for shot in sections.values() if shot.section >= len(prompts)]:
        raise ValueError(f"section {missing[0]} has no prompt; there are {len(prompts)} prompts")
    schedules = deforum_schedules(plan)
    rate = plan.rate
    return {
        "W": max(64, plan.width // 64 * 64),
        "H": max(64, plan.height // 64 * 64),
        "seed": plan.seed % 2**32,
        "seed_behavior": "iter",
        "sampler": "Euler a",
        "steps": 25,
        "animation_mode": mode,
        "max_frames": frames_of(plan),
        "border": "replicate",
        "padding_mode": "border",
        "sampling_mode": "bicubic",
        "fps": int(rate) if rate.denominator == 1 else round(float(rate), 3),
        "diffusion_cadence": 2,
        "color_coherence": "LAB",
        "noise_type": "perlin",
        "use_depth_warping": mode == "3D",
        **{name: write_schedule(keys) for name, keys in schedules.items()},
        "cfg_scale_schedule": "0:(7)",
        "contrast_schedule": "0:(1.0)",
        "prompts": {
            str(frame): _prompt(prompts[shot.section], negative) for frame, shot in sections.items()
        },
        "animation_prompts_positive": "",
        "animation_prompts_negative": "",
        "add_soundtrack": "File" if song else "None",
        "soundtrack_path": song,
    }


def deforum_schedules(plan: FilmPlan) -> dict[str, Keys]:
    """Return the schedules of a film by their names in Deforum: a value at each frame with a key.

    Keys stand at beats, where their push has passed, and at the ends of bars and shots.
    """
    last = frames_of(plan) - 1
    bars = _bars(plan, last)
    zoom: Keys = {}
    ways: dict[str, Keys] = {name: {} for name in ("angle", "translation_x", "translation_y")}
    for number, (first, stop) in enumerate(bars):
        zoom |= _zoom(plan, first, stop)
        drift = _drift(plan, number, first)
        for name, value in drift.items():
            ways[name][(first + stop) // 2] = value
    return {
        "zoom": zoom,
        **ways,
        "translation_z": {at: _DEPTH * (1 - 1 / value) for at, value in zoom.items()},
        "rotation_3d_x": {0: 0.0},
        "rotation_3d_y": {0: 0.0},
        "rotation_3d_z": ways["angle"],
        "strength_schedule": _strength(plan, last),
        "noise_schedule": {
            at: 0.02 + 0.045 * _level(plan, "energy", at) for at in _marks(plan, last)
        },
    }


def clip_schedules(
    plan: FilmPlan, start: float, end: float, frame_rate: float, width: int
) -> dict[str, str]:
    """Return the schedules of a part of a film, for a backend that animates it as a clip.

    Movement is the same as that of the film over the same time, whatever the frame rate: steps are
    sums over the film's frames, so that no beat is lost between two frames of the clip.

    Args:
        plan: The film.
        start: Start of the clip in seconds of the film.
        end: Its end.
        frame_rate: Frames per second of the clip.
        width: Its width in pixels, by which translations are scaled.
    """
    schedules = deforum_schedules(plan)
    film = np.arange(frames_of(plan))
    count = max(2, round((end - start) * frame_rate))
    times = (start + np.arange(count) / frame_rate) * float(plan.rate)
    written = {}
    for name, scale in _MOVEMENT.items():
        row = _row(schedules[name], film)
        steps = np.log(row) if name == "zoom" else row * (width / plan.width) ** scale
        moved = np.diff(np.interp(times, film, np.cumsum(steps)), prepend=np.nan)
        moved[0] = 0
        written[name] = np.exp(moved) if name == "zoom" else moved
    for name in ("strength_schedule", "noise_schedule"):
        written[name] = np.interp(times, film, _row(schedules[name], film))
    return {name: write_schedule(dict(enumerate(row.tolist()))) for name, row in written.items()}


def _row(keys: Keys, frames: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    return np.asarray(np.interp(frames, sorted(keys), [keys[at] for at in sorted(keys)]))


def _section_starts(plan: FilmPlan) -> dict[int, Shot]:
    """Return the first shot of each stretch of one section, by its frame."""
    starts = {0: plan.shots[0]}
    for index, (before, shot) in enumerate(pairwise(plan.shots), 1):
        if shot.section != before.section:
            starts[shot_span(plan, index).first] = shot
    return starts


def _prompt(text: str, negative: str) -> str:
    """Return a prompt without the signs that Deforum computes with."""
    plain = " ".join(text.replace("`", "'").replace("--neg", "").split())
    refused = " ".join(negative.replace("`", "'").replace("--neg", "").split())
    return f"{plain} --neg {refused}" if refused else plain


def _bars(plan: FilmPlan, last: int) -> list[tuple[int, int]]:
    """Return the first frame of each bar and the one after its last; they cover the film."""
    times = plan.signals.downbeats or plan.signals.beats[::4]
    starts = {frame_at(time, plan.rate) for time in times}
    if not starts:
        step = max(1, frame_at(_BAR_SECONDS, plan.rate))
        starts = set(range(0, last + 1, step))
    edges = sorted({0, *(frame for frame in starts if frame <= last), last + 1})
    return list(pairwise(edges))


def _marks(plan: FilmPlan, last: int) -> list[int]:
    """Return the frames of beats, with the first and the last one."""
    beats = (frame_at(time, plan.rate) for time in plan.signals.beats)
    even = range(0, last + 1, max(1, frame_at(_BAR_SECONDS / 4, plan.rate)))
    inside = [frame for frame in beats if frame <= last] or [*even]
    return sorted({0, *inside, last})


def _zoom(plan: FilmPlan, first: int, stop: int) -> Keys:
    """Return the zoom of one bar: a push at each beat, and a bounded product over the bar."""
    shot = _shot(plan, first)
    amount, _, push = _AMOUNTS[shot.motion]
    energy = _level(plan, "energy", (first + stop) // 2)
    seconds = float((stop - first) / plan.rate)
    drive = amount * (0.4 + 0.6 * shot.intensity) * (0.3 + 0.7 * energy)
    total = min(math.log(MAX_ZOOM), 0.11 * drive * seconds)
    ring = max(1, frame_at(_RING, plan.rate))
    weights = {first: 0.4, stop - 1: 0.4}
    for frame in (at for at in _marks(plan, stop - 1) if first <= at < stop):
        weights[frame] = 0.4 + 2.2 * push * (0.3 + 0.7 * _level(plan, "bass", frame))
        weights.setdefault(min(frame + ring, stop - 1), 0.4)
    row = np.interp(range(first, stop), sorted(weights), [weights[at] for at in sorted(weights)])
    share = total / float(row.sum())
    return {at: 1 + share * weight for at, weight in weights.items()}


def _drift(plan: FilmPlan, number: int, first: int) -> dict[str, float]:
    """Return the turning and the shift of a bar, by the seed: a way that changes bar by bar."""
    shot = _shot(plan, first)
    _, turn, _ = _AMOUNTS[shot.motion]
    chance = random.Random(f"{plan.seed}:{shot.seed}:{number}")  # noqa: S311 - a direction
    rate = float(plan.rate)
    amount = turn * (0.3 + 0.7 * shot.intensity) * (0.3 + 0.7 * _level(plan, "energy", first))
    short = min(plan.width, plan.height)
    return {
        "angle": chance.uniform(-5, 5) * amount / rate,
        "translation_x": chance.uniform(-0.03, 0.03) * amount * short / rate,
        "translation_y": chance.uniform(-0.02, 0.02) * amount * short / rate,
    }


def _strength(plan: FilmPlan, last: int) -> Keys:
    """Return how much of the last frame stays: less in loud parts, least at cuts."""
    quiet, loud = STRENGTHS
    keys = {at: quiet + (loud - quiet) * _level(plan, "rms", at) for at in _marks(plan, last)}
    rest = max(1, frame_at(0.15, plan.rate))
    for frame, shot in _section_starts(plan).items():
        if not 0 < frame <= last or shot.transition not in {"hard-cut", "flash-white", "wipe"}:
            continue
        around = sorted(keys)
        for at in (frame - 1, min(frame + rest, last)):
            keys[at] = float(np.interp(at, around, [keys[one] for one in around]))
        keys[frame] = CUT_STRENGTH
    return keys


def _shot(plan: FilmPlan, frame: int) -> Shot:
    return plan.shots[shot_of(plan, frame)]


def _level(plan: FilmPlan, name: str, frame: int) -> float:
    signals = plan.signals
    if not signals.times:
        return 0.5
    return float(np.interp(float(frame / plan.rate), signals.times, getattr(signals, name)))
