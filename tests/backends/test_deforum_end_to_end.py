"""An animation through the whole engine, on hosts that die with their second frame."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.backends.deforum import DeforumSettings
from engine.backends.deforum.video import DeforumVideos
from engine.config.settings import Settings
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.video import VIDEO, VideoBackend, VideoRequest
from tests.support import tiny_pipelines as tiny
from tests.support.engines import Toy, quick_settings
from tests.support.in_process import InProcessContext
from tests.support.optional import HOSTING_TORCH, needs
from tests.support.toys import ToyInput

needs("torch", "diffusers", "cv2", "numba", "av")
pytestmark = [pytest.mark.xdist_group(HOSTING_TORCH), pytest.mark.slow]

FRAMES = 2
REQUEST = VideoRequest(
    prompt="a red barn", seed=5, width=64, height=64, seconds=FRAMES / 12, frame_rate=12
)


class FilmSettings(RecipeSettings):
    video: str = "deforum"


class Film(BaseModel):
    frames: float


async def film(job: Any) -> Film:
    clip = await job.step("clip", job.use(VIDEO).generate, REQUEST)
    return Film(frames=clip.video.facts["frames"])


RECIPE: AnyRecipe = Recipe(
    name="toy", version="1", summary="One clip.", input=ToyInput, settings=FilmSettings,
    uses={"video": VideoBackend}, headline=Headline("frames", 0, 100), run=film,
)  # fmt: skip


def settings() -> Settings:
    hosts = {"devices": ["cpu"], "cpu_threads": 1}
    return Settings(**quick_settings().model_dump() | {"hosts": hosts})


async def test_a_clip_is_finished_although_each_host_dies_with_its_second_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.prepare()
    folder = tiny.saved(tiny.sd15, tmp_path / "sd15")
    chosen = DeforumSettings(model=str(folder), steps=4, cadence=1)
    monkeypatch.setattr("engine.backends.diffusers.image.LOADER", tiny.LOADER)
    undisturbed = await DeforumVideos(chosen).generate_video(REQUEST, InProcessContext())
    monkeypatch.setattr("engine.backends.diffusers.image.LOADER", tiny.MORTAL_LOADER)
    toy = Toy(tmp_path / "w", settings=settings())
    toy.catalog.known_recipes["toy"] = RECIPE
    toy.catalog.add(DeforumVideos(chosen))
    toy.queue()
    async with asyncio.timeout(300):  # two hosts import torch
        await toy.engine().run(lambda engine: engine.is_idle)
    (clip,) = toy.steps()
    assert (clip.state, clip.attempts) == ("done", 1), "the same call goes on"
    assert undisturbed.video.hash in str(clip.result)
