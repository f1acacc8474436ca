"""Fingerprints are what stores hold: their form never changes."""

import hashlib
import json
from typing import Any, cast

import pytest

from engine.contract import Call, Result
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from engine.runtime.step.fingerprint import Identity, fingerprint
from tests.support.toys import ToyBackend


def as_documented(call: Call[Result], identity: Identity) -> str:
    plain = {
        "operation": call.operation,
        "backend": identity.backend,
        "model": identity.model,
        "version": identity.version_of(call),
        "request": call.request.model_dump(mode="json"),
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def never(_backend: Any, _request: Any, _context: Any) -> Any:
    raise AssertionError("a fingerprint calls nobody")


def ask(brief: str) -> Call[Result]:
    request = RefineRequest(brief=brief, attempts=())
    return cast("Call[Result]", Call(ToyBackend(), "refine", request, Refinement, never))


@pytest.mark.parametrize("brief", ["a lamp", "lämp 灯", '"request":null', "\\", "a\nb\x1b"])
@pytest.mark.parametrize("odd", ["toy", 'x","request":null,"y', '"request":null', "灯\\", ""])
def test_a_fingerprint_is_the_hash_of_canonical_json(brief: str, odd: str) -> None:
    for identity in (
        Identity(odd, "m", "1"),
        Identity("b", odd, "1"),
        Identity("b", "m", odd),
        Identity("b", "m", "1", {"refine": odd}),
    ):
        call = ask(brief)
        assert fingerprint(call, identity) == as_documented(call, identity)


def test_a_fingerprint_of_an_earlier_release_holds() -> None:
    """A store that exists is full of them: another one would pay for all calls again."""
    found = fingerprint(ask("a lamp"), Identity("builtin", "rules", "1"))
    assert found == "868d1530b882a81c2febc949d62ffd47fc1001e04b317ce3d17433f12d85c9ad"
