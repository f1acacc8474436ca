"""`kill -9` among takes of a provider that is paid: none is paid for twice, none is lost."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.audio.wav import write_wav_24
from tests.support.optional import needs
from tests.support.providers.draw import Studio, die
from tests.support.providers.fal import FalQueue
from tests.support.providers.server import ProviderServer

needs("av", "fal_client", "scipy", "soundfile")

KEYS = {"FAL_KEY": "0f0f0f0f-1111-2222-3333-444444444444:5555666677778888aaaabbbbccccdddd"}
MODEL = "fal-ai/stable-audio-25/text-to-audio"
JOBS, TAKES, PROMPTS, PRICE = 2, 2, 2, 0.2
SETTINGS = {
    "audio": "fal",
    "num_variations": TAKES,
    "max_iterations": PROMPTS,
    "target_score": 100,
    "audio_length": 1.0,
    "audio_format": "mp3",
    "fade": 0.01,
    "fal.audio_model": MODEL,
    "fal.price_per_sound": PRICE,
    "fal.poll_seconds": 0.002,
}


def _noise() -> bytes:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 44_100)).astype(np.float32)
    return write_wav_24(samples, 44_100)


def _taken(queue: FalQueue) -> Counter[tuple[str, int]]:
    """Return how often each take was ordered."""
    return Counter((one.arguments["prompt"], one.arguments["seed"]) for one in queue.generations)


def _documents(studio: Studio) -> list[Any]:
    folder = studio.root / "outputs" / "sound_effects"
    return [json.loads(path.read_text()) for path in folder.glob("*/*.json")]


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
async def test_each_take_is_paid_for_once_whenever_the_engine_is_killed(
    tmp_path: Path, seed: int
) -> None:
    queue, moments = FalQueue(sound=_noise(), sound_field="audio"), random.Random(seed)
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        settings = {**SETTINGS, "fal.base_url": server.url, "fal.ask_above": 0}
        studio.queue(JOBS, settings, "sound-effect")
        killed = [await die(studio.root, "sounds", moments.randrange(5, 120)) for _ in range(5)]
        await studio.run()
    assert sum(killed) > 2
    assert set(_taken(queue).values()) == {1}
    done = [job for job in studio.jobs() if job.state == "done"]
    assert {job.reason for job in studio.jobs() if job not in done} <= {"unknown-outcome"}
    paid = [step for step in studio.steps() if step.operation == "generate_audio"]
    assert sum(step.cost for step in paid if step.state == "done") == round(
        1e6 * PRICE * sum(step.state == "done" for step in paid)
    )
    documents = [one for one in _documents(studio) if one["id"] in {job.key for job in done}]
    assert len(documents) == len(done) * TAKES * PROMPTS
    assert len({(one["id"], one["seed"]) for one in documents}) == len(documents)
    assert sum(one["kept"] for one in documents) == len(done)
    assert all(one["output_path"].endswith(".mp3") for one in documents)
