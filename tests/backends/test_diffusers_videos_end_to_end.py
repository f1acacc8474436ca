"""A tiny model of clips through the whole engine: step, store, model host, file."""

import asyncio
from pathlib import Path

import pytest

from engine.backends.diffusers import DiffusersSettings
from engine.backends.diffusers.video import DiffusersVideos
from engine.contract.video import VideoRequest
from tests.backends import test_deforum_end_to_end as films
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_videos
from tests.support.engines import Toy
from tests.support.in_process import InProcessContext
from tests.support.optional import IMPORTING_TORCH, needs

needs("torch", "diffusers", "cv2", "numba", "av")
pytestmark = [pytest.mark.xdist_group(IMPORTING_TORCH), pytest.mark.slow]

REQUEST = VideoRequest(prompt="a red barn", seed=5, width=64, height=64, seconds=9 / 24)


async def test_a_clip_of_a_host_is_the_one_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.prepare()
    folder = tiny.saved(tiny_videos.ltx, tmp_path / "ltx")
    chosen = DiffusersSettings(video_model=str(folder), video_steps=2)
    monkeypatch.setattr("engine.backends.diffusers.video.LOADER", tiny_videos.LOADER)
    monkeypatch.setattr(films, "REQUEST", REQUEST)
    here = await DiffusersVideos(chosen).generate_video(REQUEST, InProcessContext())
    toy = Toy(tmp_path / "w", settings=films.settings())
    toy.catalog.known_recipes["toy"] = films.RECIPE
    toy.catalog.add(DiffusersVideos(chosen))
    toy.queue(overrides={"video": "diffusers"})
    async with asyncio.timeout(300):  # a host imports torch
        await toy.engine().run(lambda engine: engine.is_idle)
    (clip,) = toy.steps()
    assert clip.state == "done"
    assert here.video.hash in str(clip.result)
