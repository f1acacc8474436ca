"""Capabilities of backends: typed requests, typed results and one protocol per capability.

Each name is imported when it is first used: a module that needs one of the contracts, or only the
settings, does not wait for all of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.contract.agent import Agent, AnyAgent, Rule, RuleInput
    from engine.contract.backend import (
        Artifact,
        Backend,
        BackendFamily,
        BackendInfo,
        BaseBackend,
        Call,
        CallContext,
        Critique,
        Limits,
        MissingRequirement,
        OpenFile,
        PromptVersion,
        Request,
        Result,
        Score,
    )
    from engine.contract.capability import Capability
    from engine.contract.errors import (
        Blocked,
        OutcomeUnknown,
        ParkReason,
        Permanent,
        Rejected,
        Retryable,
        StepError,
    )
    from engine.contract.image import (
        IMAGE,
        GeneratedImage,
        ImageBackend,
        ImageInfo,
        ImageProxy,
        ImageRequest,
    )
    from engine.contract.model_host import BatchReporter, LoadContext, LoadedModel, ModelKey, Task
    from engine.contract.score import (
        SCORE,
        CompareRequest,
        Comparison,
        ImageScore,
        ScoreBackend,
        ScoreInfo,
        ScoreProxy,
        ScoreRequest,
        ScorerScores,
        ScoreTable,
        Similarity,
    )
    from engine.contract.text import TEXT, BaseChatBackend, ChatBackend, TextProxy
    from engine.contract.vision import VISION, VisionProxy
    from engine.text.errors import UserError

__all__ = [
    "IMAGE",
    "SCORE",
    "TEXT",
    "VISION",
    "Agent",
    "AnyAgent",
    "Artifact",
    "Backend",
    "BackendFamily",
    "BackendInfo",
    "BaseBackend",
    "BaseChatBackend",
    "BatchReporter",
    "Blocked",
    "Call",
    "CallContext",
    "Capability",
    "ChatBackend",
    "CompareRequest",
    "Comparison",
    "Critique",
    "GeneratedImage",
    "ImageBackend",
    "ImageInfo",
    "ImageProxy",
    "ImageRequest",
    "ImageScore",
    "Limits",
    "LoadContext",
    "LoadedModel",
    "MissingRequirement",
    "ModelKey",
    "OpenFile",
    "OutcomeUnknown",
    "ParkReason",
    "Permanent",
    "PromptVersion",
    "Rejected",
    "Request",
    "Result",
    "Retryable",
    "Rule",
    "RuleInput",
    "Score",
    "ScoreBackend",
    "ScoreInfo",
    "ScoreProxy",
    "ScoreRequest",
    "ScoreTable",
    "ScorerScores",
    "Similarity",
    "StepError",
    "Task",
    "TextProxy",
    "UserError",
    "VisionProxy",
]

_MODULES: dict[str, tuple[str, ...]] = {
    "engine.contract.agent": ("Agent", "AnyAgent", "Rule", "RuleInput"),
    "engine.contract.backend": (
        "Artifact",
        "Backend",
        "BackendFamily",
        "BackendInfo",
        "BaseBackend",
        "Call",
        "CallContext",
        "Critique",
        "Limits",
        "MissingRequirement",
        "OpenFile",
        "PromptVersion",
        "Request",
        "Result",
        "Score",
    ),
    "engine.contract.capability": ("Capability",),
    "engine.contract.errors": (
        "Blocked",
        "OutcomeUnknown",
        "ParkReason",
        "Permanent",
        "Rejected",
        "Retryable",
        "StepError",
    ),
    "engine.contract.image": (
        "IMAGE",
        "GeneratedImage",
        "ImageBackend",
        "ImageInfo",
        "ImageProxy",
        "ImageRequest",
    ),
    "engine.contract.model_host": (
        "BatchReporter",
        "LoadContext",
        "LoadedModel",
        "ModelKey",
        "Task",
    ),
    "engine.contract.score": (
        "SCORE",
        "CompareRequest",
        "Comparison",
        "ImageScore",
        "ScoreBackend",
        "ScoreInfo",
        "ScoreProxy",
        "ScoreRequest",
        "ScorerScores",
        "ScoreTable",
        "Similarity",
    ),
    "engine.contract.text": ("TEXT", "BaseChatBackend", "ChatBackend", "TextProxy"),
    "engine.contract.vision": ("VISION", "VisionProxy"),
    "engine.text.errors": ("UserError",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'engine.contract' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
