"""Identity of a call: operation, typed request, backend, model and version.

Base URL, timeouts, limits, prices and concurrency are not in it: they change how a call is sent,
not what it is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from engine.contract import Call, ChatBackend, Request, Result

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """A backend in the snapshot of the batch that was queued with it.

    Attributes:
        backend: Its name.
        model: Its model.
        version: Its version.
        versions: Version of each operation with a different one, by its name.
        agents: Version of the results of each agent of the recipe, by its id. None for a batch of
            an older release, whose `version` and `versions` have those of the agents.
    """

    backend: str
    model: str
    version: str
    versions: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, str] | None = None

    def version_of(self, call: Call[Any]) -> str:
        """Return the version of a call's result.

        An agent that the recipe does not name has the version that its backend gives it now.
        """
        if call.agent is None or self.agents is None:
            return self.versions.get(call.operation, self.version)
        known = self.agents.get(call.operation)
        return known or cast("ChatBackend", call.backend).version_of(call.agent)


def fingerprint(call: Call[Result], identity: Identity) -> str:
    """Return the SHA-256 of a call's identity and request as canonical JSON, 64 hex digits.

    The JSON is one object with the keys `backend`, `model`, `operation`, `request` and `version`:
    keys sorted, no spaces, ASCII.
    """
    return fingerprint_of(identity, call.operation, call.request, identity.version_of(call))


def fingerprint_of(
    identity: Identity, operation: str, request: Request, version: str | None = None
) -> str:
    """Return the fingerprint of an operation and its request; see `fingerprint`.

    Args:
        identity: What the batch's snapshot has of the backend.
        operation: Name of the operation.
        request: The request.
        version: Version of the result; that of the backend's own operation by default.
    """
    version = identity.versions.get(operation, identity.version) if version is None else version
    before, after = _around_request(identity.backend, identity.model, operation, version)
    text = _CANONICAL.encode(request.model_dump(mode="json"))
    return hashlib.sha256(f"{before}{text}{after}".encode()).hexdigest()


@lru_cache(maxsize=256)
def _around_request(backend: str, model: str, operation: str, version: str) -> tuple[str, str]:
    """Return the JSON before and after the request: the same for most calls of a batch."""
    names = {"backend": backend, "model": model, "operation": operation, "version": version}
    before, _, after = _CANONICAL.encode({**names, "request": None}).partition('"request":null')
    return f'{before}"request":', after
