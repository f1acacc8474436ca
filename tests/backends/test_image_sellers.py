"""Behaviour of all sellers of images: cut replies, deadlines, missing keys, one reference."""

from typing import Any

import pytest

from engine.contract import (
    Blocked,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StepError,
)
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from tests.backends.image_sellers import (
    ANSWERED_AT_ONCE,
    SELLERS,
    UNREACHABLE,
    WITH_KEY,
    Seller,
)
from tests.support.providers.images import image
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


def of(sellers: tuple[Seller, ...]) -> pytest.MarkDecorator:
    """Run a test once per seller."""
    return pytest.mark.parametrize("seller", sellers, ids=lambda seller: seller.name)


@of(ANSWERED_AT_ONCE)
@pytest.mark.parametrize(
    ("misbehaviour", "kind", "reason"),
    [
        (redirect("https://evil.example/"), Blocked, "backend"),
        (reset(acted=True), OutcomeUnknown, None),
        (truncated(0.5), OutcomeUnknown, None),
        (cut_short(0.5), OutcomeUnknown, None),
        (instead(b"<html>", headers={}), OutcomeUnknown, None),
        (huge(size=100 * 2**20), Permanent, None),
    ],
)
async def test_a_cut_reply_is_sent_once_and_its_outcome_is_unknown(
    seller: Seller,
    server: ProviderServer,
    misbehaviour: Misbehaviour,
    kind: type[StepError],
    reason: str | None,
) -> None:
    await seller.check_failure(server, misbehaviour, kind, reason)


@of(WITH_KEY)
@pytest.mark.parametrize("misbehaviour", [drip(0.02), hang(acted=True)])
async def test_a_call_that_hangs_or_drips_is_cut_off_at_its_deadline(
    seller: Seller, server: ProviderServer, misbehaviour: Misbehaviour
) -> None:
    server.misbehave(misbehaviour)
    assert isinstance(await seller.failure(seller.backend(server, timeout=0.3)), OutcomeUnknown)
    assert [call.acted for call in server.ledger] == [True]


@of(SELLERS)
async def test_a_call_that_was_not_sent_may_be_sent_again(seller: Seller) -> None:
    error = await seller.failure(seller.backend_at(UNREACHABLE, timeout=5))
    assert isinstance(error, Retryable)


@of(WITH_KEY)
def test_a_missing_key_is_named(seller: Seller) -> None:
    backend = EntryPointCatalog().backend("image", seller.name, {}, {})
    (requirement,) = backend.missing()
    assert (requirement.what, requirement.reason) == (seller.key_name, "key")


@of(tuple(seller for seller in SELLERS if seller.one_reference is not None))
async def test_a_model_of_one_reference_refuses_a_second_before_paying(
    seller: Seller, server: ProviderServer
) -> None:
    context = MemoryContext()
    first, second = (context.give(image(tint=tint)) for tint in range(2))
    request = seller.request(reference=first, more_references=(second,))
    backend: Any = seller.backend(server, **(seller.one_reference or {}))
    with pytest.raises(Permanent, match="one reference image at most") as caught:
        await backend.generate(request, context)
    assert "one sheet" in caught.value.remedy
    assert server.ledger == []
