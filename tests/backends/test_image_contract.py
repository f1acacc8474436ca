"""Our own image backends keep the contract that plugin authors test theirs by."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from engine.backends.builtin import FAMILY as BUILTIN
from engine.contract import ImageRequest
from engine.testing.backend_contracts import ImageBackendContract
from tests.backends import (
    test_comfyui,
    test_fal,
    test_gemini_image,
    test_openai_images,
    test_stability,
)
from tests.support.providers.comfyui import ComfyUI
from tests.support.providers.fal import FalQueue
from tests.support.providers.gemini_image import GeminiImage
from tests.support.providers.openai_images import OpenAIImages
from tests.support.providers.server import ProviderServer
from tests.support.providers.stability import Stability


class TestBuiltin(ImageBackendContract):
    request: ClassVar = ImageRequest(prompt="a red boat", seed=7, width=96, height=64)

    def make_backend(self) -> Any:
        return BUILTIN.factories["image"](BUILTIN.settings(), {})


class _Seller(ImageBackendContract):
    """A backend that asks a server, here one of this machine that speaks its wire format."""

    provider: ClassVar[Callable[[], Any]]
    module: ClassVar[Any]

    @pytest.fixture(autouse=True)
    def _with_server(self) -> Iterator[None]:
        with ProviderServer(type(self).provider()) as server:
            self.server = server
            yield

    def make_backend(self) -> Any:
        return self.module.backend(self.server)

    def test_a_reusable_result_is_the_same_again(self) -> None:
        """The server draws another image for every request, so each result has a new server."""
        if not self.make_backend().info.reusable:
            pytest.skip("not reusable")
        results = []
        for _ in range(2):
            with ProviderServer(type(self).provider()) as self.server:
                results.append(self.answer())
        assert results[0] == results[1]


class TestOpenAI(_Seller):
    provider, module = OpenAIImages, test_openai_images


class TestFal(_Seller):
    provider, module = FalQueue, test_fal


class TestGemini(_Seller):
    provider, module = GeminiImage, test_gemini_image


class TestStability(_Seller):
    provider, module = Stability, test_stability


class TestComfyUI(_Seller):
    provider, module = ComfyUI, test_comfyui
