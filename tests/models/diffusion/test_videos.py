"""Loaded video models: progress, cancelled clips, frames that are no numbers, memory."""

import io
from pathlib import Path
from typing import Any

import pytest

from engine.contract import Permanent
from engine.models.diffusion.video_options import VideoPipelineOptions, VideoTask
from tests.models.diffusion.desks import NotingDesk
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_videos
from tests.support.in_process import InProcessPlace, QuietDesk


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny LTX."""
    tiny.prepare()
    folder: Path = tiny.saved(tiny_videos.ltx, tmp_path_factory.mktemp("videos") / "ltx")
    asked = VideoPipelineOptions(model=str(folder), vae_tiling=True)
    return tiny_videos.load_prepared(asked.model_dump_json(), InProcessPlace())


def payload(**fields: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"prompt": "a red barn", "seed": 1, "width": 64, "height": 64}
    usual |= {"frames": 9, "frame_rate": 24, "sampling": {"steps": 2}}
    return VideoTask(**usual | fields).model_dump()


def test_each_step_is_told_and_frames_come_as_pixels(model: Any) -> None:
    desk = QuietDesk()
    (answer,) = model.run("generate", [payload()], desk)
    assert desk.told == [(0, 0.5, "step 1 of 2"), (0, 1.0, "step 2 of 2")]
    assert (answer["frames"], answer["height"], answer["width"]) == (9, 64, 64)
    assert len(answer["rgb"]) == 9 * 64 * 64 * 3
    assert model.size() > 0
    with pytest.raises(ValueError, match="no operation 'fold'"):
        model.run("fold", [], desk)


def test_a_clip_that_nobody_waits_for_stops_and_others_are_generated(model: Any) -> None:
    gone, answer = model.run("generate", [payload(), payload()], QuietDesk(frozenset({0})))
    assert gone is None
    assert answer["frames"] == 9


def test_a_preview_is_the_middle_frame_in_any_order_of_latents() -> None:
    import torch
    from PIL import Image

    from engine.models.diffusion.video_families import ANIMATEDIFF, LTX, SVD
    from engine.models.diffusion.videos import ClipWatcher

    desk = NotingDesk()
    for family, latents in (
        (ANIMATEDIFF, torch.randn(1, 4, 8, 6, 9)),
        (SVD, torch.randn(1, 8, 4, 6, 9)),
        (LTX, torch.randn(1, 432, 8)),
    ):
        ClipWatcher(desk, [0], [1], family=family)._show(0, latents)
    sizes = [Image.open(io.BytesIO(data)).size for data in desk.previews[0]]
    assert sizes == [(9, 6), (9, 6)]


def test_a_clip_of_no_numbers_fails(model: Any) -> None:
    import torch

    from engine.models.diffusion.video_calls import clip_answer

    ask = VideoTask(**payload())
    failure = clip_answer(torch.full((9, 3, 64, 64), float("nan")), ask, "cpu")
    assert isinstance(failure, Permanent)
    assert "diffusers.dtype" in str(failure.remedy)
