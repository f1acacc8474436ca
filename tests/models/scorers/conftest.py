"""Tiny models, saved once for all tests, and images to score."""

import gc
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.models.scorers.hosted import LoadedScorers, load
from engine.models.scorers.models import Part, ScoringOptions
from engine.models.weights import hash_of
from tests.support import tiny_models
from tests.support.in_process import InProcessPlace, QuietDesk
from tests.support.tiny_models import clip, imagereward, vision_language

BRIEF = "a red barn at dusk"
PROMPT = "A red barn at dusk, seen from far away, a warm light in its only window."
FOUR = ("pickscore", "clipscore", "vqascore", "aesthetic")


@dataclass(frozen=True)
class Models:
    """Folder of the tiny models."""

    root: Path
    architecture: str

    def __getattr__(self, name: str) -> Path:
        return self.root / name

    def sources(self, **changes: Any) -> dict[str, Any]:
        """Settings that name all of them."""
        return {
            "pickscore": str(self.pick),
            "pickscore_processor": str(self.pick),
            "clipscore": str(self.small),
            "aesthetic": str(self.head),
            "aesthetic_sha256": hash_of(self.head),
            "aesthetic_tower": str(self.large),
            "vqascore": str(self.llava),
            "hpsv2": str(self.hps),
            "hpsv2_architecture": self.architecture,
            "imagereward": str(self.reward),
            "imagereward_tokenizer": str(self.bert),
            "similarity": str(self.small),
            **{name: str(value) for name, value in changes.items()},
        }


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    # A finalizer that logs while timm has its sources parsed breaks CPython 3.11's parser.
    gc.collect()
    gc.disable()
    try:
        return _saved_models(tmp_path_factory.mktemp("models"))
    finally:
        gc.enable()


def _saved_models(root: Path) -> Models:
    tiny_models.prepare()
    architecture = clip.hps_checkpoint(root / "hps", root / "architectures")
    found = Models(root, architecture)
    clip.of_transformers(found.pick)
    clip.of_open_clip(found.small, seed=3)
    clip.of_open_clip(found.large, seed=1)
    clip.aesthetic_head(found.head)
    vision_language.llava(found.llava)
    vision_language.blip2(found.blip2)
    vision_language.instructblip(found.instructblip)
    imagereward.checkpoint(found.reward, found.bert)
    return found


def image(seed: int, width: int = 64, height: int = 47) -> Image.Image:
    """Blocks of colour, of a size whose crop leaves an odd remainder."""
    grid = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize((width, height), Image.Resampling.NEAREST)


def encoded(image: Image.Image) -> bytes:
    """An image as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


IMAGES = (image(1), image(2, 48, 70), image(3, 64, 64))
FILES = tuple(encoded(image) for image in IMAGES)

Load = Callable[..., LoadedScorers]


@pytest.fixture
def loaded(models: Models) -> Load:
    """Loads parts of the tiny models."""

    def make(
        *parts: Part, place: InProcessPlace | None = None, batch: int = 16, **changes: Any
    ) -> LoadedScorers:
        options = ScoringOptions(parts=parts, batch=batch, **models.sources(**changes))
        return load(options.model_dump_json(), place or InProcessPlace())

    return make


def score(
    model: LoadedScorers, files: Sequence[bytes] = FILES, brief: str = BRIEF, prompt: str = PROMPT
) -> list[dict[str, Any]]:
    """The columns of one set."""
    task = {"images": list(files), "brief": brief, "prompt": prompt}
    columns = model.run("score", [task], QuietDesk())[0]
    assert isinstance(columns, list)
    return columns


def raws(column: dict[str, Any]) -> list[float]:
    """The scorer's own numbers of a column."""
    return [mark["raw"] for mark in column["marks"]]
