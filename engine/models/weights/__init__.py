"""Where the weights of models are, on this machine or the hub.

A backend says what it wants (`Wanted`); `find` looks for it without asking the network, `require`
does so where a model is loaded, and `pull` fetches it when an operator says so: nothing is ever
fetched by itself, and no code that a model may bring is ever run.
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
from engine.models.weights.marks import marked
from engine.models.weights.pulling import PullError, pull
from engine.models.weights.queues import lane_of
from engine.models.weights.sources import Source, checked_source, parse_source
from engine.models.weights.states import load_tensors
from engine.models.weights.wanted import SAFE_FILES, Wanted, Weighted

__all__ = [
    "SAFE_FILES",
    "PullError",
    "Source",
    "Wanted",
    "Weighted",
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
    "parse_source",
    "pull",
    "require",
    "size",
]
