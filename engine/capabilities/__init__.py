"""What a backend can do, as typed requests, typed results and one protocol a capability."""

from engine.capabilities.base import (
    Artifact,
    Backend,
    BackendFamily,
    Call,
    CallContext,
    Critique,
    Missing,
    PromptVersion,
    Request,
    Result,
    Score,
)
from engine.capabilities.image import Image, ImageBackend, ImageRequest, Picture
from engine.capabilities.text import Attempt, Refinement, RefineRequest, Text, TextBackend
from engine.capabilities.vision import EvaluateRequest, Evaluation, Vision, VisionBackend

__all__ = [
    "Artifact",
    "Attempt",
    "Backend",
    "BackendFamily",
    "Call",
    "CallContext",
    "Critique",
    "EvaluateRequest",
    "Evaluation",
    "Image",
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
    "Text",
    "TextBackend",
    "Vision",
    "VisionBackend",
]
