"""Animations by diffusion: continued exactly after a crash, cancelled, refused, identified."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.deforum import DeforumSettings
from engine.backends.deforum.video import DeforumVideos
from engine.contract import Permanent, Retryable, Task
from engine.contract.video import GeneratedVideo, VideoBackend, VideoInfo, VideoRequest
from engine.testing.context import MemoryContext
from safelight.testing import VideoBackendContract
from tests.support import tiny_pipelines as tiny
from tests.support.in_process import InProcessPlace, QuietDesk
from tests.support.optional import HOSTING_TORCH, needs

needs("torch", "diffusers", "cv2", "numba", "av")
pytestmark = pytest.mark.xdist_group(HOSTING_TORCH)


class Host(MemoryContext):
    """A context with a loaded model, which dies at one of its tasks."""

    def __init__(self, model: Any, dies_at: int = 99, request_id: str | None = None) -> None:
        super().__init__(request_id)
        self.model, self.dies_at = model, dies_at
        self.tasks: list[Task] = []

    async def infer(self, task: Task) -> Any:
        if len(self.tasks) == self.dies_at:
            raise Retryable("the host died")
        self.tasks.append(task)
        (answer,) = self.model.run(task.operation, [task.payload], QuietDesk())
        return answer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny Stable Diffusion."""
    tiny.prepare()
    return tiny.saved(tiny.sd15, tmp_path_factory.mktemp("models") / "sd15")


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    """It, loaded as a host does."""
    options = backend(folder)._images.key.options
    return tiny.load_prepared(options, InProcessPlace())


@pytest.fixture(scope="class")
def contract(request: pytest.FixtureRequest, folder: Path, model: Any) -> None:
    """Gives a contract suite its model."""
    request.cls.folder, request.cls.model = folder, model


@pytest.mark.usefixtures("contract")
class TestContract(VideoBackendContract):
    request = VideoRequest(prompt="a red barn", seed=5, width=64, height=64, seconds=0.25)
    folder: Path
    model: Any

    def make_backend(self) -> VideoBackend:
        return backend(self.folder)

    async def call(self, backend: VideoBackend, context: MemoryContext) -> GeneratedVideo:
        host = Host(self.model)
        host.request_id, host.files = context.request_id, context.files
        host.roles, host.shown, host.submissions = context.roles, context.shown, context.submissions
        result = await super().call(backend, host)
        context.request_id = host.request_id
        return result


def backend(folder: Path, **settings: Any) -> DeforumVideos:
    usual = {"model": str(folder), "steps": 4, "zoom": "0:(1.03)", "angle": "0:(2)"}
    return DeforumVideos(DeforumSettings(**usual | settings))


def request(**fields: Any) -> VideoRequest:
    usual = {"prompt": "a red barn", "seed": 5, "width": 64, "height": 64, "seconds": 0.75}
    return VideoRequest(**usual | fields)


async def test_a_clip_that_is_cut_off_continues_exactly_with_its_seeds_and_last_frame(
    folder: Path, model: Any
) -> None:
    whole = Host(model)
    result = await backend(folder).generate_video(request(), whole)
    assert (result.video.facts["frames"], result.video.facts["frame_rate"]) == (9, 12)
    assert len(whole.tasks) == 5 and [task.payload["seed"] for task in whole.tasks] == [
        5,
        7,
        9,
        11,
        13,
    ]
    for dies_at in (1, 3):
        cut = Host(model, dies_at)
        with pytest.raises(Retryable):
            await backend(folder).generate_video(request(), cut)
        again = Host(model, request_id=cut.request_id)
        again.files |= cut.files
        assert await backend(folder).generate_video(request(), again) == result
        assert [task.payload for task in again.tasks] == [
            task.payload for task in whole.tasks[dies_at:]
        ]
    done = Host(model, 0, whole.request_id)
    done.files |= whole.files
    assert await backend(folder).generate_video(request(), done) == result
    assert not done.submissions


async def test_frames_that_are_lost_or_of_another_clip_are_not_continued(
    folder: Path, model: Any
) -> None:
    cut = Host(model, 2)
    with pytest.raises(Retryable):
        await backend(folder).generate_video(request(), cut)
    lost = Host(model, request_id=cut.request_id)
    other = Host(model, request_id=cut.request_id)
    other.files |= cut.files
    await backend(folder).generate_video(request(), lost)
    await backend(folder).generate_video(request(seed=6), other)
    assert len(lost.tasks) == len(other.tasks) == 5


async def test_a_first_image_is_the_first_frame_and_strength_is_what_stays(
    folder: Path, model: Any
) -> None:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (100, 64), (200, 40, 40)).save(stream, "PNG")
    context = Host(model)
    image = context.give(stream.getvalue())
    settings = {"strength_schedule": "0:(0.75)", "cadence": 1}
    await backend(folder, **settings).generate_video(
        request(first_image=image, seconds=0.25, motion=0.0), context
    )
    assert len(context.tasks) == 2
    assert [task.payload["sampling"]["strength"] for task in context.tasks] == [0.25, 0.25]
    first = next(artifact for role, artifact in context.roles if role == "frame")
    pixels = np.asarray(Image.open(io.BytesIO(context.files[first.hash])))
    assert pixels.shape == (64, 64, 3) and (pixels == (200, 40, 40)).all()
    parts = [task.part for task in context.tasks]
    assert 0 < parts[0][0] < parts[0][1] == parts[1][0] < 1


def test_what_changes_a_frame_is_part_of_its_identity(folder: Path) -> None:
    usual = backend(folder)
    assert isinstance(usual, VideoBackend) and usual.info.resumable
    changed = [backend(folder, **{name: value}) for name, value in {
        "zoom": "0:(1.01)", "cadence": 3, "steps": 5, "border": "wrap", "coherent": False,
    }.items()]  # fmt: skip
    assert len({one.info.version for one in (usual, *changed)}) == 6
    same = backend(folder, device="cpu", concurrency=3, max_seconds=5)
    assert same.info.version == usual.info.version
    with pytest.raises(ValueError, match="zoom"):
        DeforumSettings(zoom="0:(1.0),")


async def test_schedules_of_a_request_come_before_those_of_the_settings(
    folder: Path, model: Any
) -> None:
    schedules = {"strength_schedule": "0:(0.75), 1:(0.5)", "rotation_3d_x": "0:(1)"}
    context = Host(model)
    asked = request(seconds=0.5, schedules=schedules)
    await backend(folder, cadence=1).generate_video(asked, context)
    strengths = [task.payload["sampling"]["strength"] for task in context.tasks[1:]]
    assert strengths == [0.5] * 5
    with pytest.raises(Permanent, match="schedule"):
        wrong = request(schedules={"zoom": "0:(__import__('os'))"})
        await backend(folder).generate_video(wrong, Host(model))
    assert "schedules" not in request().model_dump(), "earlier fingerprints hold"
    fitted = asked.suited_to(VideoInfo(name="other", model="m", version="1", lane="l"))
    assert fitted.schedules == {}
