"""Clips of the backend `diffusers` in one process: real tiny models, settings, identity, files."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.diffusers import DiffusersSettings, video
from engine.backends.diffusers.video import DiffusersVideos
from engine.contract import Permanent
from engine.contract.video import GeneratedVideo, VideoBackend, VideoRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from safelight.testing import VideoBackendContract
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_videos
from tests.support.in_process import InProcessContext, InProcessPlace
from tests.support.optional import HOSTING_TORCH, needs

needs("torch", "diffusers", "cv2", "numba", "av")
pytestmark = [
    pytest.mark.xdist_group(HOSTING_TORCH),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny LTX."""
    tiny.prepare()
    return tiny.saved(tiny_videos.ltx, tmp_path_factory.mktemp("models") / "ltx")


@pytest.fixture(scope="module")
def models() -> dict[Any, Any]:
    """Models by their keys, loaded once for all tests."""
    return {}


@pytest.fixture(scope="class")
def contract(request: pytest.FixtureRequest, folder: Path, models: dict[Any, Any]) -> None:
    """Gives a contract suite its model."""
    request.cls.folder, request.cls.models = folder, models


def backend(folder: Path | str, **settings: Any) -> DiffusersVideos:
    return DiffusersVideos(DiffusersSettings(video_model=str(folder), video_steps=2, **settings))


def host(models: dict[Any, Any]) -> InProcessContext:
    """A context whose models stay loaded."""
    context = InProcessContext(InProcessPlace())
    context._models = models
    return context


def request(**fields: Any) -> VideoRequest:
    usual = {"prompt": "a red barn", "seed": 5, "width": 64, "height": 64, "seconds": 0.4}
    return VideoRequest(**usual | fields)


def picture(colour: tuple[int, int, int]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (100, 64), colour).save(stream, "PNG")
    return stream.getvalue()


def last_pixels(result: GeneratedVideo, context: MemoryContext) -> Any:
    from PIL import Image

    assert result.last_image is not None
    return np.asarray(Image.open(io.BytesIO(context.files[result.last_image.hash])), np.int16)


@pytest.mark.usefixtures("contract")
class TestContract(VideoBackendContract):
    request = VideoRequest(prompt="a red barn", seed=5, width=70, height=66, seconds=0.8)
    folder: Path
    models: dict[Any, Any]

    def make_backend(self) -> VideoBackend:
        return backend(self.folder)

    async def call(self, backend: VideoBackend, context: MemoryContext) -> GeneratedVideo:
        loaded = host(self.models)
        loaded.files, loaded.roles, loaded.shown = context.files, context.roles, context.shown
        return await super().call(backend, loaded)


def test_the_defaults_are_ltx_video() -> None:
    made = EntryPointCatalog().backend("video", "diffusers", {}, {})
    assert isinstance(made, DiffusersVideos)
    assert (made.info.model, made.info.version) == ("Lightricks/LTX-Video", "1")
    assert made.info.longest_within(5) == 113 / 24
    assert made.info.nearest_size(1280, 720) == (1280, 704)
    assert {"prompt", "first_image", "negative_prompt"} <= made.info.takes


async def test_a_clip_has_the_frames_that_are_asked_and_is_its_seeds(
    folder: Path, models: dict[Any, Any]
) -> None:
    import av

    context = host(models)
    made = backend(folder)
    first = await made.generate_video(request(frame_rate=30), context)
    again = await made.generate_video(request(frame_rate=30), context)
    other = await made.generate_video(request(frame_rate=30, seed=6), context)
    assert first == again
    assert first.video.hash != other.video.hash
    facts = first.video.facts
    assert (facts["frames"], facts["frame_rate"], facts["seconds"]) == (9, 30, 0.3)
    assert (first.video.width, first.video.height) == (64, 64)
    with av.open(io.BytesIO(context.files[first.video.hash])) as file:
        assert file.streams.video[0].average_rate == 30
    assert first.notes == ("It is 0.3 seconds long, a length that the model generates.",)
    task = context.tasks[0].payload
    assert (task["frames"], task["sampling"]["steps"], task["sampling"]["cfg"]) == (9, 2, None)


async def test_a_clip_starts_with_its_first_image(folder: Path, models: dict[Any, Any]) -> None:
    context = host(models)
    ends = []
    for colour in (250, 20, 20), (20, 20, 250):
        image = context.give(picture(colour))
        result = await backend(folder).generate_video(request(first_image=image), context)
        ends.append(last_pixels(result, context))
    assert context.tasks[0].model == context.tasks[1].model
    assert ends[0].shape == (64, 64, 3)
    assert np.abs(ends[0] - ends[1]).max() > 0
    broken = context.give(b"no image")
    with pytest.raises(Permanent, match="first_image cannot be used"):
        await backend(folder).generate_video(request(first_image=broken), context)


async def test_a_size_that_the_model_cannot_generate_is_refused_with_the_nearest(
    folder: Path, models: dict[Any, Any]
) -> None:
    context = host(models)
    with pytest.raises(Permanent, match="multiples of 32 pixels, not 100x64") as caught:
        await backend(folder).generate_video(request(width=100), context)
    assert caught.value.remedy == "Ask for 96x64."
    assert not context.tasks


async def test_a_model_that_makes_no_clips_is_refused_by_its_class(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae/model.safetensors").write_bytes(b"")
    with pytest.raises(Permanent, match="class FluxPipeline, which makes no clips here"):
        await backend(tmp_path).generate_video(request(), host({}))


@pytest.mark.parametrize(
    "changed",
    [
        {"video_steps": 20},
        {"video_cfg": 5},
        {"video_variant": "fp16"},
        {"vae_tiling": True},
        {"video_model": "org/other"},
        {"video_loras": "org/style:s.safetensors*0.5"},
    ],
)
def test_what_changes_a_clip_is_in_the_identity_of_clips(changed: dict[str, Any]) -> None:
    usual = DiffusersVideos(DiffusersSettings()).info
    other = DiffusersVideos(DiffusersSettings(**changed)).info
    assert (usual.model, usual.version) != (other.model, other.version)
    for same in ({"steps": 9}, {"audio_steps": 9}, {"device": "cpu"}, {"concurrency": 3}):
        assert DiffusersVideos(DiffusersSettings(**same)).info.version == usual.version


def test_what_is_missing_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    made = DiffusersVideos(
        DiffusersSettings(video_model="nobody/model", video_loras="nobody/a:b.safetensors")
    )
    has_package = "engine.backends.diffusers.packages.has_package"
    monkeypatch.setattr(has_package, lambda name: name != "av")
    (lack,) = made.missing()
    assert lack.what == "the package av"
    monkeypatch.setattr(has_package, lambda name: True)
    model, lora = made.missing()
    assert model.what == "the weights diffusers.video (nobody/model)"
    assert lora.what == "the weights diffusers.video-lora-1 (nobody/a:b.safetensors)"
    assert video.LOADER == "engine.models.diffusion.video_loading:load"
