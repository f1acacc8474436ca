"""Sellers of images: each one's backend, and the server that speaks its wire format in tests.

A test module of one seller sets `SELLER`; the fixtures `provider` and `server` are then its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from engine.contract import ImageRequest, StepError
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from tests.support.providers.comfyui import ComfyUI
from tests.support.providers.fal import FalQueue
from tests.support.providers.gemini_image import GeminiImage
from tests.support.providers.misbehaviour import Misbehaviour
from tests.support.providers.openai_images import OpenAIImages
from tests.support.providers.server import ProviderServer
from tests.support.providers.stability import Stability

UNREACHABLE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Seller:
    """One seller of images.

    Attributes:
        name: Of its family of backends.
        provider: Creates the routes of a server that stands in for it.
        key_name: Variable that its key is read from; empty for a seller without keys.
        request_fields: Usual request of its tests.
        settings: Usual settings of its tests.
        path: Path of its API under the server's address.
        one_reference: Settings of a model that takes exactly one reference image; None if all
            take several.
    """

    name: str
    provider: Callable[[], Any]
    key_name: str
    secret: str
    request_fields: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    path: str = ""
    one_reference: dict[str, Any] | None = None

    def backend(self, server: ProviderServer, **settings: Any) -> Any:
        """Return a backend that calls a server, as one that costs money if it has a key."""
        return self.backend_at(server.url, **settings)

    def backend_at(self, address: str, **settings: Any) -> Any:
        """Return a backend that calls an address."""
        options = {"base_url": address + self.path, "timeout": 20, **self.settings, **settings}
        keys = {self.key_name: self.secret}
        backend: Any = EntryPointCatalog().backend("image", self.name, options, keys)
        if self.key_name:
            backend.info = replace(backend.info, paid=True)
        return backend

    def request(self, **fields: Any) -> ImageRequest:
        """Return the usual request, with other fields where given."""
        return ImageRequest(**{**self.request_fields, **fields})

    async def failure(self, backend: Any, context: MemoryContext | None = None) -> StepError:
        """Return the error of a call that has to fail; it shows no part of the key."""
        with pytest.raises(StepError) as caught:
            await backend.generate(self.request(), context or MemoryContext())
        shown = f"{caught.value} {caught.value.remedy}"
        assert not any(part in shown for part in self.secret.split(":") if part)
        return caught.value

    async def check_failure(
        self,
        server: ProviderServer,
        misbehaviour: Misbehaviour,
        kind: type[StepError],
        reason: str | None,
    ) -> None:
        """Check the error of a call that is sent once and misbehaved with."""
        server.misbehave(misbehaviour)
        error = await self.failure(self.backend(server))
        assert isinstance(error, kind), error
        assert getattr(error, "reason", None) == reason
        assert len(server.ledger) == 1


OPENAI = Seller(
    "openai",
    OpenAIImages,
    "OPENAI_API_KEY",
    "sk-proj-OpenAIImagesSecret0123456789",
    {"prompt": "a red barn", "seed": 5, "width": 1500, "height": 1000},
    path="/v1",
    one_reference={"image_model": "dall-e-2"},
)
FAL = Seller(
    "fal",
    FalQueue,
    "FAL_KEY",
    "0f0f0f0f-1111-2222-3333-444444444444:5555666677778888aaaabbbbccccdddd",
    {"prompt": "a red barn", "seed": 11, "width": 512, "height": 384},
    settings={"poll_seconds": 0.002},
    one_reference={},
)
GEMINI = Seller(
    "gemini-image",
    GeminiImage,
    "GEMINI_API_KEY",
    "AIzaSyGeminiImageSecretKey0123456789abc",
    {"prompt": "a red barn", "seed": 2**40 + 3, "width": 2048, "height": 1024},
)
STABILITY = Seller(
    "stability",
    Stability,
    "STABILITY_API_KEY",
    "sk-stability-secret",
    {"prompt": "a röd barn", "seed": 2**40, "width": 1600, "height": 900},
    one_reference={"model": "ultra"},
)
COMFYUI = Seller(
    "comfyui",
    ComfyUI,
    "",
    "",
    {"prompt": "a red barn", "seed": 2**62, "width": 515, "height": 384},
    settings={"poll_seconds": 0.005},
    one_reference={},
)
SELLERS = (OPENAI, FAL, GEMINI, STABILITY, COMFYUI)
WITH_KEY = SELLERS[:-1]
ANSWERED_AT_ONCE = (OPENAI, GEMINI, STABILITY)
"""Sellers whose reply is the image: a call that was cut off cannot be found again."""
