"""ComfyUI's clips: workflows, slots, legal lengths, and the image that a clip starts with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.backends.comfyui import ComfySettings
from engine.backends.comfyui.clips import find_clip_slots
from engine.backends.comfyui.image import ComfyImages
from engine.backends.comfyui.media import CLIP
from engine.backends.comfyui.video import ComfyClips
from engine.backends.comfyui.workflow import BUILT_IN, Workflow, load
from engine.contract import ImageRequest, Permanent
from engine.contract.video import VideoBackend, VideoRequest
from engine.testing.context import MemoryContext
from safelight.testing import VideoBackendContract
from tests.support.clips import clip
from tests.support.media_files import image
from tests.support.optional import needs
from tests.support.providers.comfyui import ComfyUI
from tests.support.providers.server import ProviderServer

needs("av", "cv2")


@pytest.fixture
def provider() -> ComfyUI:
    return ComfyUI(clip=clip(49 / 24, (768, 512), rate=24))


def backend(server: ProviderServer, **settings: Any) -> ComfyClips:
    options = {"base_url": server.url, "timeout": 20, "poll_seconds": 0.005, **settings}
    return ComfyClips(ComfySettings(**options))


def request(**fields: Any) -> VideoRequest:
    wide = {"width": 768, "height": 512, "seconds": 49 / 24}
    return VideoRequest(**{"prompt": "a red boat", "seed": 7, **wide, **fields})


class TestComfyClips(VideoBackendContract):
    @pytest.fixture(autouse=True)
    def _with_server(self, server: ProviderServer) -> Iterator[None]:
        self.server = server
        yield

    def make_backend(self) -> VideoBackend:
        return backend(self.server)


@pytest.mark.parametrize("name", BUILT_IN["clip"])
def test_declared_slots_are_those_that_are_found(name: str) -> None:
    workflow = Workflow.model_validate(load(name, None, CLIP))
    found = find_clip_slots(workflow.graph, [str(workflow.output)])
    lacking = {"steps", "sampler"}  # of a scheduler apart from its sampler
    for slot, places in workflow.slots.items():
        assert slot in lacking or sorted(found[slot]) == sorted(places), slot
    assert not workflow.trouble


async def test_a_clip_from_words_fills_the_workflow(server, provider):
    context = MemoryContext()
    made = await backend(server).generate_video(request(steps=12, negative_prompt="text"), context)
    (run,) = provider.executions
    node = {id_: one["inputs"] for id_, one in run.graph.items()}
    assert (node["5"]["width"], node["5"]["height"], node["5"]["length"]) == (768, 512, 49)
    assert (node["3"]["text"], node["4"]["text"]) == ("a red boat", "text")
    assert (node["8"]["steps"], node["10"]["noise_seed"], node["12"]["fps"]) == (12, 7, 24.0)
    assert context.submissions == [run.prompt_id]
    assert await context.read(made.video) == provider.clip
    assert (made.notes, made.last_image.width) == ((), 768)


@pytest.mark.parametrize("name", ["ltx-image", "wan-image"])
async def test_a_clip_from_an_image_uploads_it(server, provider, name):
    context = MemoryContext()
    asked = request(first_image=context.give(image("PNG")))
    await backend(server, video_image_workflow=name).generate_video(asked, context)
    assert provider.executions[0].graph["6"]["inputs"]["image"] == f"safe/{provider.kept_name}"


async def test_what_no_workflow_can_make_is_refused(server, provider):
    context = MemoryContext()
    first = context.give(image("PNG"))
    made = backend(server, video_image_workflow=None)
    with pytest.raises(Permanent, match="starts with an image"):
        await made.generate_video(request(first_image=first), context)
    with pytest.raises(Permanent, match="seconds"):
        await made.generate_video(request(seconds=2.0), context)
    assert provider.executions == []


@pytest.mark.parametrize("name", ["keyframe-sdxl", "keyframe-flux"])
async def test_keyframes_of_the_examples_are_drawn_enlarged_and_matched(server, provider, name):
    """Sizes go to the end of the workflow, and the reference is what colours are matched to."""
    file = Path(__file__).parents[2] / "examples" / "comfyui" / f"{name}.json"
    context = MemoryContext()
    asked = ImageRequest(
        prompt="a red boat", seed=7, width=1920, height=1080,
        reference=context.give(image("PNG")),
    )  # fmt: skip
    settings = ComfySettings(base_url=server.url, workflow=str(file), poll_seconds=0.005)
    await ComfyImages(settings).generate(asked, context)
    node = {id_: one["inputs"] for id_, one in provider.executions[0].graph.items()}
    assert (node["22"]["width"], node["22"]["height"]) == (1920, 1080)
    assert (node["3"]["text"], node["6"]["seed"]) == ("a red boat", 7)
    assert node["23"]["image"] == f"safe/{provider.kept_name}"
    assert node["5"]["width"] < 1920
