"""The contract suites: our fakes and recipes keep them, and what breaks a contract fails one."""

from pathlib import Path
from typing import ClassVar

import pytest

from engine.contract import CallContext, GeneratedImage, ImageRequest
from engine.contract.agent import AnyAgent
from engine.testing.crash import run_until_killed
from safelight.testing import (
    AudioBackendContract,
    ChatBackendContract,
    FakeAudioBackend,
    FakeChatBackend,
    FakeImageBackend,
    ImageBackendContract,
    RecipeContract,
)
from tests.support.effort import scaled

FAKES = {"image": "fake", "text": "fake", "vision": "fake"}


class TestFakeImages(ImageBackendContract):
    def make_backend(self):
        return FakeImageBackend()


class TestFakeSounds(AudioBackendContract):
    def make_backend(self):
        return FakeAudioBackend()


class TestFakeChat(ChatBackendContract):
    def make_backend(self):
        return FakeChatBackend({"summarize": {"summary": "A boat at dawn."}})


class TestRefine(RecipeContract):
    catalog = "tests.testing.catalogs:both"
    recipe = "refine"
    entries = ({"id": "one", "prompt": "a red boat"},)
    settings: ClassVar = {**FAKES, "max_iterations": 2, "width": 64, "height": 64}
    max_kills = scaled(3, 8)


class _LosesItsFile(FakeImageBackend):
    """Keeps nothing of what it returns."""

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        result = await super().generate(request, context)
        lost = result.image.model_copy(update={"hash": "0" * 64})
        return result.model_copy(update={"image": lost})


class _FallsBack(FakeImageBackend):
    """Has progress that falls."""

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        context.progress(0.9)
        context.progress(0.1)
        return await super().generate(request, context)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (_LosesItsFile, "test_its_files_are_kept"),
        (_FallsBack, "test_its_progress_is_a_fraction"),
    ],
)
def test_a_broken_backend_fails_the_suite(broken: type[FakeImageBackend], test: str):
    class Suite(ImageBackendContract):
        def make_backend(self):
            return broken()

    with pytest.raises(AssertionError):
        getattr(Suite(), test)()


class _KnowsOnePrompt(FakeChatBackend):
    """Has one version for all prompts."""

    def version_of(self, agent: AnyAgent) -> str:
        return self.info.version


def test_a_chat_backend_whose_version_leaves_out_the_prompt_fails_the_suite():
    class Suite(ChatBackendContract):
        def make_backend(self):
            return _KnowsOnePrompt({"summarize": {"summary": "A boat at dawn."}})

    with pytest.raises(AssertionError):
        Suite().test_the_version_is_that_of_the_prompt_too()


def test_a_recipe_that_asks_for_something_else_each_time_fails_the_suite(tmp_path: Path):
    class Suite(RecipeContract):
        catalog = "tests.testing.catalogs:restless_one"
        recipe = "restless"
        entries = ({"id": "one", "prompt": "a red boat"},)

    with pytest.raises(AssertionError):
        Suite().test_the_same_seed_gives_the_same(tmp_path)
    with pytest.raises(AssertionError, match="without a description"):
        Suite().test_its_settings_are_described()


def test_a_run_that_fails_says_why_and_the_next_one_works(tmp_path: Path):
    suite = TestRefine()
    workspace, batch = suite.queue(tmp_path / "w")
    with pytest.raises(RuntimeError, match=r"the run of b99 ended with 1:[\s\S]*b99"):
        run_until_killed(suite.catalog, workspace.paths.root, "b99")
    assert not run_until_killed(suite.catalog, workspace.paths.root, batch)
    with pytest.raises(RuntimeError, match=r"no run can be started:[\s\S]*nowhere"):
        run_until_killed("tests.testing.nowhere:both", workspace.paths.root, batch)
