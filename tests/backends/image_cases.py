"""What the tests of all sellers of images share: how calls are cut, and what comes of it."""

from typing import Any

import pytest

from engine.contract import Blocked, ImageRequest, OutcomeUnknown, Permanent, StepError
from engine.testing.context import MemoryContext
from tests.support.providers.misbehaviour import (
    Misbehaviour,
    cut_short,
    drip,
    hang,
    huge,
    instead,
    redirect,
    reset,
    truncated,
)
from tests.support.providers.server import ProviderServer

Case = tuple[Misbehaviour, type[StepError], str | None]
"""What a provider does, what comes of it, and why its lane is blocked where it is."""

CUT: list[Case] = [
    (redirect("https://evil.example/"), Blocked, "backend"),
    (reset(acted=True), OutcomeUnknown, None),
    (truncated(0.5), OutcomeUnknown, None),
    (cut_short(0.5), OutcomeUnknown, None),
    (instead(b"<html>", headers={}), OutcomeUnknown, None),
    (huge(size=100 * 2**20), Permanent, None),
]
"""The same with whoever sells images and cannot find a call again."""

ENDLESS: list[Misbehaviour] = [drip(0.02), hang(acted=True)]
"""Replies that never end by themselves."""


async def failure(
    made: Any, asked: ImageRequest, secret: str, context: MemoryContext | None = None
) -> StepError:
    """The error of a call that has to fail; its words hold no secret."""
    with pytest.raises(StepError) as caught:
        await made.generate(asked, context or MemoryContext())
    assert secret not in f"{caught.value} {caught.value.remedy}"
    return caught.value


def check(error: StepError, server: ProviderServer, kind: type[StepError], reason: Any) -> None:
    """Checks an error of a call that was sent once."""
    assert isinstance(error, kind), error
    assert getattr(error, "reason", None) == reason
    assert len(server.ledger) == 1
