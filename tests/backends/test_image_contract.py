"""Our own image backends keep the contract that plugin authors test theirs by."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from engine.backends.builtin import FAMILY as BUILTIN
from engine.contract import ImageRequest
from engine.testing.backend_contracts import ImageBackendContract
from tests.backends import image_sellers
from tests.backends.image_sellers import Seller
from tests.support.providers.server import ProviderServer


class TestBuiltin(ImageBackendContract):
    request: ClassVar = ImageRequest(prompt="a red boat", seed=7, width=96, height=64)

    def make_backend(self) -> Any:
        return BUILTIN.factories["image"](BUILTIN.settings(), {})


class _Remote(ImageBackendContract):
    """A backend that calls a server, here one of this machine that speaks its wire format."""

    seller: ClassVar[Seller]

    @pytest.fixture(autouse=True)
    def _with_server(self) -> Iterator[None]:
        with ProviderServer(self.seller.provider()) as self.server:
            yield

    def make_backend(self) -> Any:
        return self.seller.backend(self.server)

    def test_a_reusable_result_is_the_same_again(self) -> None:
        """The server draws another image for every request, so each result has a new server."""
        if not self.make_backend().info.reusable:
            pytest.skip("not reusable")
        results = []
        for _ in range(2):
            with ProviderServer(self.seller.provider()) as self.server:
                results.append(self.answer())
        assert results[0] == results[1]


class TestOpenAI(_Remote):
    seller = image_sellers.OPENAI


class TestFal(_Remote):
    seller = image_sellers.FAL


class TestGemini(_Remote):
    seller = image_sellers.GEMINI


class TestStability(_Remote):
    seller = image_sellers.STABILITY


class TestComfyUI(_Remote):
    seller = image_sellers.COMFYUI
