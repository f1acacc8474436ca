"""What a backend can do, as typed requests, typed results and one protocol a capability."""

from engine.capabilities.base import (
    Artifact,
    Call,
    CallContext,
    Critique,
    Missing,
    PromptVersion,
    Request,
    Result,
    Score,
)
from engine.capabilities.image import ImageBackend, ImageRequest, Picture
from engine.capabilities.text import Attempt, Refinement, RefineRequest, TextBackend
from engine.capabilities.vision import EvaluateRequest, Evaluation, VisionBackend

__all__ = [
    "Artifact",
    "Attempt",
    "Call",
    "CallContext",
    "Critique",
    "EvaluateRequest",
    "Evaluation",
    "ImageBackend",
    "ImageRequest",
    "Missing",
    "Picture",
    "PromptVersion",
    "RefineRequest",
    "Refinement",
    "Request",
    "Result",
    "Score",
    "TextBackend",
    "VisionBackend",
]
