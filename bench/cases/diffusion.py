"""Images by a diffusion model: through the engine and a model host, and by a bare loop.

Both load the same folder, generate the same images, as many per call, and save each as a PNG.
Loading and the first call are not measured. Weights are random: time does not depend on them.
`tiny` is for processors, `sdxl` is the full size of SDXL base in bfloat16.

Usage: python -m bench.cases.diffusion build|engine|loop tiny|sdxl FOLDER [JOBS BATCH DEVICE]
"""

import asyncio
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bench.machine import emit
from bench.toys import BenchBackend, BenchRequest, BenchResult, BenchWorkspace
from engine.backends.diffusers import DiffusersSettings
from engine.backends.diffusers import image as backend
from engine.contract import Backend, CallContext, ImageRequest
from engine.contract.host_settings import HostSettings
from engine.runtime.engine import Engine


@dataclass(frozen=True)
class Scale:
    """Sizes of a model and its images."""

    side: int
    steps: int
    dtype: str


SCALES = {"tiny": Scale(96, 8, "fp32"), "sdxl": Scale(1024, 30, "bf16")}
CFG = 7.5


def load(options: str, place: Any) -> Any:
    """Load as a model host does, with one thread on a CPU, like the bare loop."""
    from engine.models.diffusion.loading import load as load_pipeline
    from tests.support.tiny_pipelines import prepare

    prepare()
    return load_pipeline(options, place)


class ImageBackend(BenchBackend):
    """Generate one image per step, with the product's own backend."""

    def __init__(self, images: Any, side: int) -> None:
        super().__init__(concurrency=images.info.limits.concurrency)
        self.images, self.side = images, side

    async def answer(self, request: BenchRequest, context: CallContext) -> BenchResult:
        """The image of a prompt's number."""
        seed = int(request.prompt.rpartition(" ")[2])
        asked = ImageRequest(prompt=request.prompt, seed=seed, width=self.side, height=self.side)
        made = await self.images.generate(asked, context)
        return BenchResult(i=request.prompt, k=request.step, artifact=made.image)


def through_the_engine(model: Path, scale: Scale, jobs: int, batch: int, device: str) -> float:
    """Seconds from jobs that are queued to their batch's end."""
    backend.LOADER = f"{__spec__.name}:load"
    settings = DiffusersSettings(
        model=str(model), steps=scale.steps, cfg=CFG, dtype=scale.dtype, batch=batch, device=device
    )
    images = backend.DiffusersImages(settings)
    with tempfile.TemporaryDirectory(prefix="images-") as folder:
        generator = ImageBackend(images, scale.side)
        in_flight = generator.info.limits.concurrency
        workspace = BenchWorkspace(Path(folder), in_flight=in_flight, jobs=3 * batch)
        workspace.catalog.add(cast("Backend", generator))
        # The first jobs come one by one; a host that waits for a full batch makes no small ones.
        workspace.settings.hosts = HostSettings(
            devices=[device], cpu_threads=1, batch_wait_seconds=0.1
        )
        return timed(workspace, jobs, batch)


def timed(workspace: BenchWorkspace, jobs: int, batch: int) -> float:
    """Seconds of jobs of one step each, after a first call that is not measured."""
    workspace.queue(batch, name="warm-up", steps=1)
    moments: list[float] = []

    def over(running: Engine) -> bool:
        if not running.is_idle:
            return False
        moments.append(time.perf_counter())
        if len(moments) == 1:
            workspace.queue(jobs, steps=1)
            moments[0] = time.perf_counter()
            return False
        return True

    asyncio.run(workspace.engine().run(over))
    workspace.refuse_unfinished()
    return moments[1] - moments[0]


def bare_loop(model: Path, scale: Scale, jobs: int, batch: int, device: str) -> dict[str, float]:
    """Seconds of a loop over the pipeline that saves its images, and of its calls alone."""
    from tests.support.tiny_pipelines import prepare

    prepare()
    import diffusers
    import torch

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[scale.dtype]
    pipe = diffusers.AutoPipelineForText2Image.from_pretrained(model, dtype=dtype).to(device)
    pipe.set_progress_bar_config(disable=True)

    def call(first: int, count: int) -> list[Any]:
        numbers = range(first, first + count)
        images: list[Any] = pipe(
            prompt=[f"prompt {number}" for number in numbers],
            generator=[torch.Generator().manual_seed(number) for number in numbers],
            num_inference_steps=scale.steps,
            guidance_scale=CFG,
            width=scale.side,
            height=scale.side,
        ).images
        return images

    call(0, batch)
    calls, started = 0.0, time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="loop-") as folder:
        for first in range(0, jobs, batch):
            before = time.perf_counter()
            made = call(first, min(batch, jobs - first))
            calls += time.perf_counter() - before
            for number, image in enumerate(made):
                image.save(Path(folder) / f"{first + number}.png")
    return {"seconds": time.perf_counter() - started, "calls": calls}


def build(scale: str, folder: Path) -> None:
    """Saves a model of a scale."""
    shutil.rmtree(folder, ignore_errors=True)
    from tests.support import tiny_pipelines

    tiny_pipelines.prepare()
    if scale == "tiny":
        tiny_pipelines.sdxl().save_pretrained(folder)
        return
    from bench.large import save_sdxl

    save_sdxl(folder)


def main() -> None:
    what, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "build":
        build(name, folder)
        emit(built=1)
        return
    jobs, batch, device = int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
    if what == "loop":
        emit(**bare_loop(folder, SCALES[name], jobs, batch, device))
    else:
        emit(seconds=through_the_engine(folder, SCALES[name], jobs, batch, device))


if __name__ == "__main__":
    main()
