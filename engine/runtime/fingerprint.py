"""What makes two calls the same: operation, typed request, backend, model and version.

Base URL, timeouts, limits, prices and concurrency are not in it: they change how a call is made,
not what it is.
"""

import hashlib
import json
from dataclasses import dataclass

from engine.capabilities import Call, Result

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a batch's snapshot says of the backend that it was queued with."""

    backend: str
    model: str
    version: str


def fingerprint(call: Call[Result], identity: Identity) -> str:
    """SHA-256 of a call's identity and request as canonical JSON, 64 hexadecimal digits."""
    plain = {
        "operation": call.operation,
        "backend": identity.backend,
        "model": identity.model,
        "version": identity.version,
        "request": call.request.model_dump(mode="json"),
    }
    return hashlib.sha256(_CANONICAL.encode(plain).encode()).hexdigest()
