"""Tests of plugins: fake backends, a catalog in memory, and contract suites for pytest.

The suites need pytest: `pip install 'safelight[testing]'`.
"""

from engine.client.memory_catalog import MemoryCatalog
from engine.testing.backend_contracts import (
    AudioBackendContract,
    BackendContract,
    ChatBackendContract,
    EmbeddingBackendContract,
    ImageBackendContract,
    VideoBackendContract,
    VisionBackendContract,
)
from engine.testing.context import MemoryContext
from engine.testing.fakes import (
    FakeAudioBackend,
    FakeChatBackend,
    FakeImageBackend,
    FakeScoreBackend,
)
from engine.testing.recipe_contract import RecipeContract

__all__ = [
    "AudioBackendContract",
    "BackendContract",
    "ChatBackendContract",
    "EmbeddingBackendContract",
    "FakeAudioBackend",
    "FakeChatBackend",
    "FakeImageBackend",
    "FakeScoreBackend",
    "ImageBackendContract",
    "MemoryCatalog",
    "MemoryContext",
    "RecipeContract",
    "VideoBackendContract",
    "VisionBackendContract",
]
