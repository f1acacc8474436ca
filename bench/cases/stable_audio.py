"""Sounds by a tiny model of stable-audio-tools: through the engine and a host, and by a bare loop.

Both load the same folder, generate the same sounds, as many per call, and save each as a 24-bit WAV
file. Loading and the first call are not measured. Weights are random.

Usage: python -m bench.cases.stable_audio build|engine|loop FOLDER [JOBS BATCH]
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from bench.cases.diffusion import timed
from bench.machine import emit
from bench.toys import BenchBackend, BenchRequest, BenchResult, BenchWorkspace
from engine.backends.stable_audio import StableAudioSettings
from engine.backends.stable_audio import audio as backend
from engine.contract import Backend, CallContext
from engine.contract.audio import AudioRequest
from engine.contract.host_settings import HostSettings
from tests.support import tiny_stable_audio as tiny

STEPS, GUIDANCE, SECONDS = 10, 7.0, 1.0


class SoundBackend(BenchBackend):
    """Generate one sound per step, with the product's own backend."""

    def __init__(self, sounds: Any) -> None:
        super().__init__(concurrency=sounds.info.limits.concurrency)
        self.sounds = sounds

    async def answer(self, request: BenchRequest, context: CallContext) -> BenchResult:
        """The sound of a prompt's number."""
        seed = int(request.prompt.rpartition(" ")[2])
        asked = AudioRequest(prompt=request.prompt, seed=seed, seconds=SECONDS)
        sound = await self.sounds.generate_audio(asked, context)
        return BenchResult(i=request.prompt, k=request.step, artifact=sound.audio)


def through_the_engine(folder: Path, jobs: int, batch: int) -> float:
    """Seconds from jobs that are queued to their batch's end."""
    backend.LOADER = tiny.LOADER
    settings = StableAudioSettings(
        model=str(folder / "v"),
        text_encoder=str(folder / "t5"),
        steps=STEPS,
        cfg=GUIDANCE,
        max_seconds=60,
        batch=batch,
        preview_every=0,
        device="cpu",
    )
    sounds = backend.StableAudioSounds(settings)
    with tempfile.TemporaryDirectory(prefix="sounds-") as place:
        generator = SoundBackend(sounds)
        in_flight = generator.info.limits.concurrency
        workspace = BenchWorkspace(Path(place), in_flight=in_flight, jobs=3 * batch)
        workspace.catalog.add(cast("Backend", generator))
        # The first jobs come one by one; a host that waits for a full batch makes no small ones.
        workspace.settings.hosts = HostSettings(
            devices=["cpu"], cpu_threads=1, batch_wait_seconds=0.1
        )
        return timed(workspace, jobs, batch)


def bare_loop(folder: Path, jobs: int, batch: int) -> float:
    """Seconds of a loop over the library's own function that saves its sounds."""
    tiny.prepare()
    import soundfile
    import torch

    from engine.models.sound import library

    library.tools()
    from stable_audio_tools.inference.generation import generate_diffusion_cond

    model = tiny.built("v", folder / "t5")
    samples = round(SECONDS * tiny.RATE)

    def call(first: int, count: int) -> Any:
        conditions = [
            {"prompt": f"prompt {number}", "seconds_start": 0, "seconds_total": SECONDS}
            for number in range(first, first + count)
        ]
        with torch.inference_mode(), library.quiet():
            return generate_diffusion_cond(
                model,
                steps=STEPS,
                cfg_scale=GUIDANCE,
                conditioning=conditions,
                batch_size=count,
                sample_size=samples,
                seed=first,
                device="cpu",
                sampler_type="dpmpp-2m-sde",
                sigma_min=0.3,
                sigma_max=500,
                rho=1.0,
            )

    call(0, batch)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="loop-") as place:
        for first in range(0, jobs, batch):
            for number, sound in enumerate(call(first, min(batch, jobs - first))):
                path = Path(place) / f"{first + number}.wav"
                soundfile.write(path, sound.T.numpy(), tiny.RATE, subtype="PCM_24")
    return time.perf_counter() - started


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "build":
        tiny.prepare()
        tiny.save(folder / "v", tiny.save_text(folder / "t5"))
        emit(built=1)
        return
    jobs, batch = int(sys.argv[3]), int(sys.argv[4])
    run = bare_loop if what == "loop" else through_the_engine
    emit(seconds=run(folder, jobs, batch))


if __name__ == "__main__":
    main()
