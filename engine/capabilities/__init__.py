"""What a backend can do, as typed requests, typed results and one protocol a capability."""

from engine.capabilities.base import (
    Artifact,
    Backend,
    BackendFamily,
    Call,
    CallContext,
    Capability,
    Critique,
    Missing,
    Priced,
    PromptVersion,
    Request,
    Result,
    Score,
)
from engine.capabilities.errors import (
    Blocked,
    OutcomeUnknown,
    ParkReason,
    Permanent,
    Retryable,
    StepError,
)
from engine.capabilities.image import Image, ImageBackend, ImageRequest, Picture
from engine.capabilities.text import Attempt, Refinement, RefineRequest, Text, TextBackend
from engine.capabilities.vision import EvaluateRequest, Evaluation, Vision, VisionBackend

__all__ = [
    "Artifact",
    "Attempt",
    "Backend",
    "BackendFamily",
    "Blocked",
    "Call",
    "CallContext",
    "Capability",
    "Critique",
    "EvaluateRequest",
    "Evaluation",
    "Image",
    "ImageBackend",
    "ImageRequest",
    "Missing",
    "OutcomeUnknown",
    "ParkReason",
    "Permanent",
    "Picture",
    "Priced",
    "PromptVersion",
    "RefineRequest",
    "Refinement",
    "Request",
    "Result",
    "Retryable",
    "Score",
    "StepError",
    "Text",
    "TextBackend",
    "Vision",
    "VisionBackend",
]
