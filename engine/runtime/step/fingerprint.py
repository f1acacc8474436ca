"""Identity of a call: operation, typed request, backend, model and version.

Base URL, timeouts, limits, prices and concurrency are not in it: they change how a call is sent,
not what it is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from engine.contract import Call, Request, Result

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """A backend in the snapshot of the batch that was queued with it.

    Attributes:
        backend: Its name.
        model: Its model.
        version: Its version.
        versions: Version of each operation that has another one, by its name.
    """

    backend: str
    model: str
    version: str
    versions: Mapping[str, str] = field(default_factory=dict)

    def version_of(self, operation: str) -> str:
        """The version that an operation is done by."""
        return self.versions.get(operation, self.version)


def fingerprint(call: Call[Result], identity: Identity) -> str:
    """SHA-256 of a call's identity and request as canonical JSON, 64 hexadecimal digits.

    The JSON is one object with the keys `backend`, `model`, `operation`, `request` and `version`:
    keys sorted, no spaces, ASCII.
    """
    return fingerprint_of(identity, call.operation, call.request)


def fingerprint_of(identity: Identity, operation: str, request: Request) -> str:
    """Return the fingerprint of an operation and its request; see `fingerprint`."""
    version = identity.version_of(operation)
    before, after = _around_request(identity.backend, identity.model, operation, version)
    text = _CANONICAL.encode(request.model_dump(mode="json"))
    return hashlib.sha256(f"{before}{text}{after}".encode()).hexdigest()


@lru_cache(maxsize=256)
def _around_request(backend: str, model: str, operation: str, version: str) -> tuple[str, str]:
    """Return the JSON before and after the request: the same for most calls of a batch."""
    names = {"backend": backend, "model": model, "operation": operation, "version": version}
    before, _, after = _CANONICAL.encode({**names, "request": None}).partition('"request":null')
    return f'{before}"request":', after
