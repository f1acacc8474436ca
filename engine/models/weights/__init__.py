"""Weights of models, on this machine or the hub.

A backend declares its needs (`RequiredWeights`); `find` looks for them without network access,
`require` does so when a model is loaded, and `pull` fetches them on an operator's command: nothing
is ever fetched automatically, and no code that a model may bring is ever run.
"""

from engine.models.weights.finding import (
    check_hash,
    find,
    hash_of,
    holds_weights,
    identity,
    missing_weights,
    require,
    size,
)
from engine.models.weights.fingerprint import marked
from engine.models.weights.lane_names import lane_of
from engine.models.weights.pulling import PullError, pull
from engine.models.weights.requirements import (
    SAFE_FILES,
    BackendWithWeights,
    RequiredWeights,
    model_needs,
)
from engine.models.weights.safe_load import load_tensors
from engine.models.weights.sources import WeightsSource, checked_source, parse_source

__all__ = [
    "SAFE_FILES",
    "BackendWithWeights",
    "PullError",
    "RequiredWeights",
    "WeightsSource",
    "check_hash",
    "checked_source",
    "find",
    "hash_of",
    "holds_weights",
    "identity",
    "lane_of",
    "load_tensors",
    "marked",
    "missing_weights",
    "model_needs",
    "parse_source",
    "pull",
    "require",
    "size",
]
