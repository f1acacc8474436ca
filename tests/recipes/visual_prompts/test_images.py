"""Images of prompts, some or all of which cannot be generated."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.client.workspace import Workspace
from engine.contract import CallContext, GeneratedImage, ImageRequest, Permanent
from engine.recipes.visual_prompts.images import generate_images
from engine.recipes.visual_prompts.report import PromptReport
from engine.recipes.visual_prompts.settings import VisualPromptsSettings
from engine.testing.fakes import FakeImageBackend
from tests.recipes.visual_prompts.sounds import catalog, song


class Picky(FakeImageBackend):
    """Refuses the first prompt that it gets."""

    calls = 0

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        self.calls += 1
        if self.calls == 1:
            raise Permanent("The prompt was refused.")
        return await super().generate(request, context)


def test_an_image_that_fails_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "safelight.toml").write_text("[engine]\ncpu_workers = 1\n")
    (tmp_path / "a.wav").write_bytes(song())
    (tmp_path / "songs.json").write_text(json.dumps([{"sound": "a.wav"}]))
    known = catalog()
    known.add(Picky())
    workspace = Workspace(tmp_path, create=True, catalog=known)
    settings = {"images": True, "image": "fake", "width": 64, "height": 64, "divergent": 0}
    batch = workspace.queue("visual-prompts", tmp_path / "songs.json", settings=settings)
    assert workspace.follow(batch).state == "done"
    folder = tmp_path / "outputs" / "generated_prompts"
    flat = json.loads((folder / "prompts_for_image_generation.json").read_text())
    failed = [one for one in flat if one["status"] == "failed"]
    assert [(one["image_path"], one["image_error"]) for one in failed] == [
        (None, "The prompt was refused.")
    ]
    others = [one for one in flat if one["status"] == "success"]
    assert len(others) == 2 and all((folder / one["image_path"]).is_file() for one in others)
    with workspace.reading() as connection:
        rows = connection.execute("SELECT message FROM events WHERE type = 'job.warning'")
        [(warning,)] = rows.fetchall()
    assert warning == f"Prompt {failed[0]['prompt_id']} has no image: The prompt was refused."


class FailingJob:
    """A job whose steps all fail for good."""

    settings = VisualPromptsSettings(images=True)
    image = scorers = None

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def seed_for(self, variation: int) -> int:
        return variation

    def scope(self, _name: str) -> "FailingJob":
        return self

    async def warn(self, message: str) -> None:
        self.warnings.append(message)

    async def step(self, *_args: Any, **_given: Any) -> Any:
        raise Permanent("The account is closed.")


@pytest.mark.asyncio
async def test_a_sample_of_which_all_images_fail_fails() -> None:
    job: Any = FailingJob()
    job.image = job.scorers = type("Proxy", (), {"generate": None, "score": None})
    prompts = tuple(
        PromptReport(number=n, mode="convergent", temperature=0.4, text="A. B.", author="x")
        for n in range(2)
    )
    with pytest.raises(Permanent, match="The account is closed"):
        await generate_images(job, prompts)
    assert len(job.warnings) == 2
