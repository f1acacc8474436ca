"""Two models on one device through the engine: images of a diffusion model, and their scores.

*Overlapped*: each job generates an image and has it scored; the host batches both kinds of work
across jobs, so that the scores of some images are computed between batches of others, and files
are encoded and written meanwhile. *Apart*: a bare loop over the same pipeline and the same scorer,
all images first, then all scores. Both models have to fit into `BUDGET` GiB together.

Usage: python -m bench.cases.gpu build|overlapped|apart tiny|sdxl FOLDER [JOBS BATCH DEVICE BUDGET]
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from bench.cases.diffusion import CFG, SCALES, ImageBackend, Scale, build, timed
from bench.machine import emit
from bench.toys import BenchRequest, BenchResult, BenchWorkspace
from engine.backends.diffusers import DiffusersSettings
from engine.backends.diffusers import image as backend
from engine.backends.local.score import LocalScorers
from engine.backends.local.settings import LocalSettings
from engine.contract import Backend, CallContext, ImageRequest, ScoreRequest
from engine.contract.host_settings import HostSettings

SCORER = "pickscore"
_SIZES = {
    "tiny": {"side": 224, "width": 64, "layers": 2, "patch": 32},
    "sdxl": {"side": 224, "width": 1280, "layers": 32, "patch": 14},
}
"""The scorer's image encoder: `sdxl` as large as PickScore's (ViT-H/14)."""


def build_scorer(scale: str, folder: Path) -> None:
    """Save a scorer with random weights."""
    from tests.support.tiny_models import clip, prepare

    prepare()
    clip.of_transformers(folder, **_SIZES[scale])


class ScoredBackend(ImageBackend):
    """Generate one image per step and score it, with the product's own backends."""

    def __init__(self, images: Any, scorer: Any, side: int) -> None:
        super().__init__(images, side)
        self.scorer = scorer

    async def answer(self, request: BenchRequest, context: CallContext) -> BenchResult:
        """Return the image of a prompt's number, after its score."""
        seed = int(request.prompt.rpartition(" ")[2])
        image = ImageRequest(prompt=request.prompt, seed=seed, width=self.side, height=self.side)
        generated = await self.images.generate(image, context)
        wanted = ScoreRequest(
            images=(generated.image,),
            brief=request.prompt,
            prompt=request.prompt,
            metrics=(SCORER,),
        )
        table = await self.scorer.score(wanted, context)
        value = table.columns[0].marks[0].raw
        return BenchResult(i=request.prompt, k=request.step, value=value, artifact=generated.image)


def overlapped(
    folder: Path, scale: Scale, jobs: int, batch: int, device: str, budget: float
) -> dict[str, float]:
    """Return the seconds of jobs that generate and score, through the engine."""
    backend.LOADER = "bench.cases.diffusion:load"
    diffusers = DiffusersSettings(
        model=str(folder / "model"),
        steps=scale.steps,
        cfg=CFG,
        dtype=scale.dtype,
        batch=batch,
        device=device,
    )
    scorers = LocalSettings(
        scorers=(SCORER,),
        pickscore=str(folder / "scorer"),
        pickscore_processor=str(folder / "scorer"),
        device=device,
    )
    step = ScoredBackend(backend.DiffusersImages(diffusers), LocalScorers(scorers), scale.side)
    with tempfile.TemporaryDirectory(prefix="gpu-") as root:
        workspace = BenchWorkspace(Path(root), in_flight=4 * batch, jobs=4 * batch)
        workspace.catalog.add(cast("Backend", step))
        limit = {"memory_gib": {device: budget}} if budget else {}
        workspace.settings.hosts = HostSettings(
            devices=[device], cpu_threads=1, batch_wait_seconds=0.1, **limit
        )
        return {"seconds": timed(workspace, jobs, batch)}


def apart(folder: Path, scale: Scale, jobs: int, batch: int, device: str) -> dict[str, float]:
    """Return the seconds of a bare loop: all images, saved, then all their scores."""
    from tests.support import tiny_models, tiny_pipelines

    tiny_models.prepare()
    tiny_pipelines.prepare()
    import diffusers
    import torch
    from PIL import Image
    from transformers import AutoModel, AutoTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[scale.dtype]
    pipe = diffusers.AutoPipelineForText2Image.from_pretrained(folder / "model", dtype=dtype).to(
        device
    )
    pipe.set_progress_bar_config(disable=True)
    model: Any = AutoModel.from_pretrained(folder / "scorer", dtype=dtype).eval().to(device)
    processor = CLIPImageProcessorPil.from_pretrained(folder / "scorer")
    tokenizer = AutoTokenizer.from_pretrained(folder / "scorer")

    def paint(first: int, count: int, into: Path) -> None:
        numbers = range(first, first + count)
        images = pipe(
            prompt=[f"prompt {number}" for number in numbers],
            generator=[torch.Generator().manual_seed(number) for number in numbers],
            num_inference_steps=scale.steps,
            guidance_scale=CFG,
            width=scale.side,
            height=scale.side,
        ).images
        for number, image in zip(numbers, images, strict=True):
            image.save(into / f"{number}.png")

    def score(file: Path) -> float:
        images: list[Image.Image] = [Image.open(file)]
        pixels = processor(images=images, return_tensors="pt").to(device, dtype)
        words = tokenizer(f"prompt {file.stem}", return_tensors="pt").to(device)
        with torch.no_grad():
            seen = model.get_image_features(**pixels).pooler_output
            read = model.get_text_features(**words).pooler_output
        return float(model.logit_scale.exp() * torch.cosine_similarity(seen, read)[0])

    with tempfile.TemporaryDirectory(prefix="loop-") as name:
        root = Path(name)
        paint(0, batch, root)
        score(root / "0.png")
        started = time.perf_counter()
        for first in range(0, jobs, batch):
            paint(first, min(batch, jobs - first), root)
        painted = time.perf_counter() - started
        for number in range(jobs):
            score(root / f"{number}.png")
        return {"seconds": time.perf_counter() - started, "painting": painted}


def main() -> None:
    what, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "build":
        folder.mkdir(parents=True, exist_ok=True)
        build(name, folder / "model")
        build_scorer(name, folder / "scorer")
        emit(built=1)
        return
    jobs, batch, device = int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
    if what == "apart":
        emit(**apart(folder, SCALES[name], jobs, batch, device))
    else:
        emit(**overlapped(folder, SCALES[name], jobs, batch, device, float(sys.argv[7])))


if __name__ == "__main__":
    main()
