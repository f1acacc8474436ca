"""Four scorers on four images of 1024 x 1024, on the processor, with one thread.

Alone, each scorer is a script of its own, as their authors' pages show them: it decodes and
prepares every image with its library's own transforms, encodes the text with each, and goes
image by image. Together they are one task of a model host. The models have random weights and
the kinds of the real ones: three CLIP models that want 224 pixels, no two of them the same, and a
LLaVA. They are small (192 wide, two layers), so that an image takes them tens of milliseconds on
a processor; the larger the models are for their device, the less there is to share once they are
loaded.

Usage: python -m bench.cases.scoring build FOLDER
       python -m bench.cases.scoring beside FOLDER ROUNDS
       python -m bench.cases.scoring script FOLDER pickscore|clipscore|vqascore|aesthetic
       python -m bench.cases.scoring together FOLDER
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.machine import emit

METRICS = ("pickscore", "clipscore", "vqascore", "aesthetic")
VARIATIONS, SIDE = 4, 1024
BRIEF = "A red barn at dusk, a warm light in its window"
PROMPT = f"{BRIEF}, seen from far away through tall grass, 35 mm, soft light from the left."
QUESTION = f'Does this figure show "{PROMPT}"? Please answer yes or no.'

Script = Callable[[Path], float]


def build(folder: Path) -> None:
    """Saves the models and the images."""
    import numpy as np
    from PIL import Image

    from tests.support.tiny_models import clip, prepare, vision_language

    prepare()
    sizes = {"side": 224, "width": 192, "layers": 2}
    clip.of_transformers(folder / "pickscore", patch=16, **sizes)
    clip.of_open_clip(folder / "clipscore", patch=32, **sizes)
    clip.of_open_clip(folder / "aesthetic", patch=16, seed=1, **sizes)
    clip.aesthetic_head(folder / "head.pth")
    vision_language.llava(folder / "vqascore", patch=16, **sizes)
    for number in range(VARIATIONS):
        noise = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        image = Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        image.save(folder / f"{number}.png")


def images(folder: Path) -> list[Path]:
    """The images' files, in order."""
    return [folder / f"{number}.png" for number in range(VARIATIONS)]


# -- each alone -----------------------------------------------------------------------------------


def pickscore(folder: Path) -> Script:
    """The model card of PickScore."""
    import torch
    from PIL import Image
    from transformers import AutoModel, AutoTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = AutoModel.from_pretrained(folder / "pickscore").eval()
    prepare = CLIPImageProcessorPil.from_pretrained(folder / "pickscore")
    tokenizer = AutoTokenizer.from_pretrained(folder / "pickscore")

    def script(file: Path) -> float:
        images: list[Image.Image] = [Image.open(file)]
        pixels = prepare(images=images, return_tensors="pt")
        tokens = tokenizer(BRIEF, truncation=True, max_length=77, return_tensors="pt")
        seen = model.get_image_features(**pixels).pooler_output
        read = model.get_text_features(**tokens).pooler_output
        return float(model.logit_scale.exp() * torch.cosine_similarity(seen, read)[0])

    return script


def clipscore(folder: Path) -> Script:
    """CLIPScore by open_clip."""
    import open_clip
    import torch
    from PIL import Image

    name = f"local-dir:{folder / 'clipscore'}"
    model, _, prepare = open_clip.create_model_and_transforms(name)
    model, tokenizer = model.eval(), open_clip.get_tokenizer(name)

    def script(file: Path) -> float:
        seen = model.encode_image(prepare(Image.open(file))[None])
        read = model.encode_text(tokenizer(["A photo depicts " + BRIEF]))
        return 2.5 * max(float(torch.cosine_similarity(seen, read)[0]), 0.0)

    return script


def aesthetic(folder: Path) -> Script:
    """The aesthetic predictor by open_clip."""
    import open_clip
    import torch
    from PIL import Image

    model, _, prepare = open_clip.create_model_and_transforms(f"local-dir:{folder / 'aesthetic'}")
    model, head = model.eval(), torch.load(folder / "head.pth", weights_only=True)

    def script(file: Path) -> float:
        x = model.encode_image(prepare(Image.open(file))[None], normalize=True)
        for layer in (0, 2, 4, 6, 7):
            x = x @ head[f"layers.{layer}.weight"].T + head[f"layers.{layer}.bias"]
        return float(x[0, 0])

    return script


def vqascore(folder: Path) -> Script:
    """The likelihood of `Yes` by transformers."""
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(folder / "vqascore").eval()
    processor = AutoProcessor.from_pretrained(folder / "vqascore")
    yes = processor.tokenizer.convert_tokens_to_ids("Yes")

    def script(file: Path) -> float:
        image = Image.open(file).convert("RGB")
        inputs = processor(images=image, text=f"<image>{QUESTION}", return_tensors="pt")
        return float(model(**inputs).logits[0, -1].softmax(-1)[yes])

    return script


SCRIPTS: dict[str, Callable[[Path], Script]] = {
    "pickscore": pickscore,
    "clipscore": clipscore,
    "vqascore": vqascore,
    "aesthetic": aesthetic,
}


def alone(scripts: list[Script], files: list[Path]) -> list[float]:
    """All scores, metric by metric."""
    import torch

    with torch.no_grad():
        return [script(file) for script in scripts for file in files]


# -- together -------------------------------------------------------------------------------------


def loaded(folder: Path) -> Any:
    """The four scorers as a host loads them."""
    from engine.models.scorers.hosted import load
    from engine.models.scorers.models import ScoringOptions
    from engine.models.weights import hash_of
    from tests.support.in_process import InProcessPlace

    options = ScoringOptions(
        parts=METRICS,
        pickscore=str(folder / "pickscore"),
        pickscore_processor=str(folder / "pickscore"),
        clipscore=str(folder / "clipscore"),
        vqascore=str(folder / "vqascore"),
        aesthetic=str(folder / "head.pth"),
        aesthetic_sha256=hash_of(folder / "head.pth"),
        aesthetic_tower=str(folder / "aesthetic"),
    )
    return load(options.model_dump_json(), InProcessPlace())


def together(model: Any, files: list[Path]) -> list[float]:
    """The same scores from one task."""
    from tests.support.in_process import QuietDesk

    task = {"images": [file.read_bytes() for file in files], "brief": BRIEF, "prompt": PROMPT}
    columns = model.run("score", [task], QuietDesk())[0]
    return [mark["raw"] for column in columns for mark in column["marks"]]


def beside(folder: Path, rounds: int) -> None:
    """Processor seconds of both by turns, models loaded, and how far apart their numbers are."""
    files = images(folder)
    scripts, model = [SCRIPTS[name](folder) for name in METRICS], loaded(folder)
    found: dict[str, list[float]] = {"alone": [], "together": []}
    numbers: dict[str, list[float]] = {}
    for _ in range(rounds + 1):
        for name, work in (
            ("alone", lambda: alone(scripts, files)),
            ("together", lambda: together(model, files)),
        ):
            before = time.process_time()
            numbers[name] = work()
            found[name].append(time.process_time() - before)
    apart = max(abs(a - b) for a, b in zip(numbers["alone"], numbers["together"], strict=True))
    medians = {name: statistics.median(seconds[1:]) for name, seconds in found.items()}
    emit(**medians, apart=apart)


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    if what == "build":
        build(folder)
        emit(built=True)
        return
    from tests.support.tiny_models import prepare

    prepare()
    if what == "beside":
        beside(folder, int(sys.argv[3]))
        return
    if what == "script":
        alone([SCRIPTS[sys.argv[3]](folder)], images(folder))
    else:
        together(loaded(folder), images(folder))
    emit(seconds=time.process_time())


if __name__ == "__main__":
    main()
