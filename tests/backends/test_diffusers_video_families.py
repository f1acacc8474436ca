"""Families of video models of the backend `diffusers`: real tiny ones, and facts of real names."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from engine.backends.diffusers import DiffusersSettings
from engine.backends.diffusers.video import DiffusersVideos
from engine.contract import Permanent
from engine.contract.video import GeneratedVideo, VideoRequest
from tests.support import tiny_files, tiny_videos
from tests.support import tiny_pipelines as tiny
from tests.support.in_process import InProcessContext, InProcessPlace
from tests.support.optional import HOSTING_TORCH, needs

needs("torch", "diffusers", "cv2", "numba", "av")
pytestmark = [
    pytest.mark.xdist_group(HOSTING_TORCH),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for tiny models."""
    tiny.prepare()
    return tmp_path_factory.mktemp("models")


def context_of() -> InProcessContext:
    """A context for one model."""
    return InProcessContext(InProcessPlace())


def videos(folder: Path, **settings: Any) -> DiffusersVideos:
    usual = {"video_model": str(folder), "video_steps": 1, "preview_every": 0}
    return DiffusersVideos(DiffusersSettings(**usual | settings))


def image(context: InProcessContext, shade: int = 200) -> Any:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (96, 64), (shade, 40, 40)).save(stream, "PNG")
    return context.give(stream.getvalue())


async def clip(made: DiffusersVideos, context: InProcessContext, **fields: Any) -> GeneratedVideo:
    """The shortest clip of a model."""
    seconds = made.info.longest_within(0.01)
    usual = {"prompt": "a red barn", "seed": 5, "width": 64, "height": 64, "seconds": seconds}
    return await made.generate_video(VideoRequest(**usual | fields), context)


@pytest.mark.parametrize(("name", "frames"), [("cogvideox", 9), ("wan", 5), ("hunyuan", 5)])
async def test_models_from_a_prompt_make_clips_of_their_seeds(
    models: Path, name: str, frames: int
) -> None:
    made, context = videos(tiny.saved(getattr(tiny_videos, name), models / name)), context_of()
    first = await clip(made, context)
    assert (first.video.facts["frames"], first.video.width) == (frames, 64)
    assert first == await clip(made, context)
    assert first.video.hash != (await clip(made, context, seed=6)).video.hash
    assert "first_image" not in made.info.takes
    assert not first.notes


async def test_cogvideox_for_images_animates_one(models: Path) -> None:
    made = videos(tiny.saved(tiny_videos.cogvideox_image, models / "cogvideox_image"))
    context = context_of()
    shots = [await clip(made, context, first_image=image(context, one)) for one in (250, 10)]
    assert shots[0].video.hash != shots[1].video.hash
    assert made._facts.needs_image


async def test_wan_of_both_kinds_starts_from_a_prompt_or_an_image(models: Path) -> None:
    made = videos(tiny.saved(tiny_videos.wan_both, models / "wan_both"))
    context = context_of()
    plain = await clip(made, context)
    led = await clip(made, context, first_image=image(context))
    assert plain.video.hash != led.video.hash
    assert made.info.side_step == 32
    assert {"first_image", "prompt"} <= made.info.takes


async def test_wan_from_images_needs_the_first_and_takes_the_last(models: Path) -> None:
    made = videos(tiny.saved(tiny_videos.wan_ends, models / "wan_ends"))
    context = context_of()
    first = image(context)
    alone = await clip(made, context, first_image=first)
    both = await clip(made, context, first_image=first, last_image=image(context, 20))
    assert alone.video.hash != both.video.hash
    with pytest.raises(Permanent, match="starts from an image and got none"):
        await clip(made, context)


async def test_ltx_is_led_by_a_first_and_a_last_image(models: Path) -> None:
    made = videos(tiny.saved(tiny_videos.ltx_ends, models / "ltx_ends"))
    context = context_of()
    first = image(context)
    plain = await clip(made, context)
    led = await clip(made, context, first_image=first)
    both = await clip(made, context, first_image=first, last_image=image(context, 20))
    assert len({plain.video.hash, led.video.hash, both.video.hash}) == 3
    assert {"prompt", "first_image", "last_image"} <= made.info.takes
    assert videos(Path("Lightricks/LTX-Video-0.9.7-dev")).info.takes == made.info.takes
    assert "last_image" not in videos(Path("Lightricks/LTX-Video")).info.takes


async def test_stable_video_diffusion_animates_an_image_by_the_amount_of_motion(
    models: Path,
) -> None:
    made = videos(tiny.saved(tiny_videos.svd, models / "svd"))
    context = context_of()
    first = image(context)
    still = await clip(made, context, first_image=first, motion=0.0)
    wild = await clip(made, context, first_image=first, motion=1.0, frame_rate=10)
    assert still.video.hash != wild.video.hash
    assert (made.info.frames.most, wild.video.facts["frames"]) == (14, 2)
    assert "prompt" not in made.info.takes


@pytest.fixture(scope="module")
def animated(models: Path) -> dict[str, Any]:
    """Settings of a tiny AnimateDiff with an IP-Adapter."""
    tiny_videos.motion_adapter().save_pretrained(models / "motion")
    adapter = tiny_files.save_ip_adapter(models / "ip", text_width=32)
    return {
        "video_motion": str(models / "motion"),
        "video_ip_adapter": str(adapter),
        "video_ip_adapter_weights": "models/ip.safetensors",
        "video_steps": 3,
    }


async def test_animatediff_moves_images_of_stable_diffusion_and_follows_references(
    models: Path, animated: dict[str, Any]
) -> None:
    folder = tiny.saved(tiny.sd15, models / "sd15")
    made, context = videos(folder, **animated), context_of()
    plain = await clip(made, context)
    assert plain.video.facts["frames"] == 8
    one = await clip(made, context, references=(image(context),))
    two = await clip(made, context, references=(image(context), image(context, 10)))
    assert len({plain.video.hash, one.video.hash, two.video.hash}) == 3
    assert await clip(made, context) == plain
    lora = tiny_videos.save_motion_lora(models / "lora")
    moved = videos(folder, **animated, video_loras=f"{lora}*0.8")
    shown = await clip(moved, context)
    assert shown.video.hash != plain.video.hash
    assert context.tasks[-1].model == context.tasks[0].model
    assert await clip(made, context) == plain
    names = [wanted.name for wanted in moved.weights()]
    assert names == [
        "diffusers.video",
        "diffusers.video-motion",
        "diffusers.video-ip-adapter",
        "diffusers.video-lora-1",
    ]


@pytest.mark.parametrize(
    ("name", "step", "offset", "sides", "image"),
    [
        ("Lightricks/LTX-Video", 8, 1, 32, True),
        ("zai-org/CogVideoX-5b", 8, 1, 16, False),
        ("zai-org/CogVideoX-5b-I2V", 8, 1, 16, True),
        ("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", 4, 1, 16, False),
        ("Wan-AI/Wan2.2-TI2V-5B-Diffusers", 4, 1, 32, True),
        ("Wan-AI/Wan2.1-I2V-14B-480P-Diffusers", 4, 1, 16, True),
        ("hunyuanvideo-community/HunyuanVideo", 4, 1, 16, False),
        ("stabilityai/stable-video-diffusion-img2vid-xt", 1, 0, 64, True),
    ],
)
def test_a_model_that_is_not_there_yet_is_known_by_its_name(
    name: str, step: int, offset: int, sides: int, image: bool
) -> None:
    info = DiffusersVideos(DiffusersSettings(video_model=name)).info
    assert (info.frames.step, info.frames.offset, info.side_step) == (step, offset, sides)
    assert ("first_image" in info.takes) is image


def test_configurations_that_are_anything_are_read_as_no_clips(tmp_path: Path) -> None:
    from engine.models.diffusion.video_facts import video_facts

    wrong: tuple[Any, ...] = ([], {"_class_name": ["LTXPipeline"]}, {"_class_name": "os.system"})
    for index in wrong:
        (tmp_path / "model_index.json").write_text(json.dumps(index))
        facts = video_facts(tmp_path, "some/model")
        assert facts.family is None or facts.class_name == ""
    (tmp_path / "model_index.json").write_text('{"_class_name": "LTXPipeline"}')
    assert video_facts(tmp_path, "some/model", is_animated=True).family is None


@pytest.mark.parametrize(
    "changed",
    [
        {"video_motion": "org/motion"},
        {"video_ip_adapter": "org/ip"},
        {"video_ip_adapter": "org/ip", "ip_adapter_scale": 0.9},
    ],
)
def test_parts_of_animatediff_are_in_its_identity(changed: dict[str, Any]) -> None:
    versions = {
        DiffusersVideos(DiffusersSettings(**settings)).info.version
        for settings in ({}, changed, {"video_ip_adapter": "org/ip"})
    }
    assert len(versions) == (2 if changed == {"video_ip_adapter": "org/ip"} else 3)
