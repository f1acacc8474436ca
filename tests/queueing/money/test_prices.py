"""The price table, worst cases and estimates; all of it pure."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.queries import batches
from engine.backends.common.chat import worst_cost
from engine.backends.fal.settings import FalSettings
from engine.backends.gemini_image.settings import GeminiImageSettings
from engine.backends.openai.settings import OpenAISettings
from engine.backends.stability.settings import StabilitySettings
from engine.client.workspace import Workspace
from engine.contract import Artifact, ImageRequest
from engine.contract.chat.conversation import ChatTurn, Conversation, InlineImage
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.money.estimate import BackendUse, Pool, estimate
from engine.queueing.money.prices import PricesError, PriceTable, load_prices, prices_for
from engine.queueing.money.rate import projected, rate
from engine.queueing.queue import QueueError
from engine.recipes.refine.agents.evaluator import EVALUATOR, EvaluateRequest, EvaluatorAnswer
from engine.text.amounts import in_words, limit_of, price_of

TODAY = dt.date(2026, 11, 29)


@pytest.mark.parametrize(
    ("dollars", "limit", "price"),
    [("5", 5_000_000, 5_000_000), ("$0.0000019", 1, 2), (0.1, 100_000, 100_000), (0, 0, 0)],
)
def test_a_limit_is_rounded_down_and_a_price_up(dollars: Any, limit: int, price: int) -> None:
    assert (limit_of(dollars), price_of(dollars)) == (limit, price)


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "five", "1e30"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount|is not from 0"):
        limit_of(text)


@given(st.integers(0, 10**12))
def test_an_amount_in_words_is_the_amount(microdollars: int) -> None:
    assert limit_of(in_words(microdollars)) == microdollars


def table(*entries: dict[str, Any]) -> PriceTable:
    given_ = {"backend": "x", "model": "*", "source": "here", "date": TODAY}
    return PriceTable.model_validate({"price": [{**given_, **entry} for entry in entries]})


def test_the_first_entry_that_matches_and_still_holds_counts() -> None:
    prices = table(
        {"model": "a*", "unit": "image", "dollars": 1, "until": TODAY},
        {"unit": "image", "dollars": 2},
    )
    found = [
        prices.find(backend, model, "image", day)
        for backend, model, day in [
            ("x", "apple", TODAY),
            ("x", "apple", TODAY + dt.timedelta(1)),
            ("x", "pear", TODAY),
            ("y", "pear", TODAY),
        ]
    ]
    assert [price and price.dollars for price in found] == [1, 2, 2, None]


def test_what_is_set_is_left_alone_and_nothing_is_counted_twice() -> None:
    prices = table(
        {"unit": "image", "dollars": 1},
        {"unit": "second", "dollars": 2},
        {"unit": "million_tokens_in", "dollars": 3},
        {"unit": "million_tokens_out", "dollars": 4},
    )

    def of(capability: Any, settings: Any) -> dict[str, float]:
        return prices_for(prices, capability, "x", "m", settings.model_dump(), TODAY)

    assert of("image", FalSettings()) == {"price_per_image": 1}
    assert of("image", FalSettings(price_per_second=0.1)) == {}
    assert of("image", FalSettings(price_per_image=0)) == {}
    assert of("image", GeminiImageSettings(price_output=30)) == {}
    assert of("image", OpenAISettings(price_input=1)) == {
        "price_image": 1,
        "price_image_input": 3,
        "price_image_output": 4,
    }
    assert of("vision", OpenAISettings(price_input=9)) == {"price_output": 4}


def test_every_packaged_price_has_its_source_and_the_defaults_are_priced(tmp_path: Path) -> None:
    prices = load_prices(tmp_path)
    assert all(entry.source and entry.date <= TODAY for entry in prices.price)
    for backend, model in [("anthropic", "claude-haiku-5-5"), ("openai", "gpt-5.6-luna")]:
        assert prices.find(backend, model, "million_tokens_out", TODAY)
    assert prices.find("fal", "fal-ai/fast-lightning-sdxl", "image", TODAY)
    sounds = FalSettings().audio_model
    assert prices_for(prices, "audio", "fal", sounds, FalSettings().model_dump(), TODAY) == {
        "price_per_sound_second": 0.002
    }
    for backend, model in [
        ("openai", OpenAISettings().image_model),
        ("gemini-image", GeminiImageSettings().model),
        ("stability", StabilitySettings().model),
    ]:
        assert prices.find(backend, model, "image", TODAY)


def test_the_quality_that_is_set_has_its_own_price_and_none_the_dearest(tmp_path: Path) -> None:
    prices = load_prices(tmp_path)

    def of(**settings: Any) -> float:
        chosen = OpenAISettings(**settings)
        found = prices_for(
            prices, "image", "openai", chosen.image_model, chosen.model_dump(), TODAY
        )
        return found["price_image"]

    assert [of(image_quality=name) for name in ("low", "high", "max", None)] == [
        0.006,
        0.053,
        0.211,
        0.211,
    ]
    assert of(image_model="gpt-image-1-mini", image_quality="low") == 0.006


def test_a_workspace_has_prices_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text(
        '[[price]]\nbackend = "fal"\nmodel = "fal-ai/*"\nunit = "image"\ndollars = 0.5\n'
        'source = "a contract"\ndate = 2026-01-01\n'
    )
    found = load_prices(tmp_path).find("fal", "fal-ai/fast-sdxl", "image", TODAY)
    assert found is not None
    assert found.dollars == 0.5


LOCAL = "http://127.0.0.1:4000/v1"


@pytest.mark.parametrize(
    ("capability", "name", "settings"),
    [
        ("vision", "openai", {"base_url": LOCAL, "price_output": 4}),
        ("text", "anthropic", {"base_url": LOCAL, "price_input": 4}),
        ("text", "gemini", {"base_url": LOCAL, "price_input": 4, "price_output": 4}),
        ("text", "ollama", {"price_input": 4, "price_output": 4}),
        ("text", "ollama", {"base_url": "https://ollama.com"}),
        ("image", "openai", {"base_url": LOCAL, "price_image": 0.1}),
        ("image", "openai", {"base_url": LOCAL, "price_image_output": 30}),
        ("image", "fal", {"base_url": LOCAL}),
        ("image", "stability", {"base_url": LOCAL}),
        ("image", "gemini-image", {"base_url": LOCAL}),
    ],
)
def test_what_has_a_price_is_paid_wherever_its_server_is(
    capability: Any, name: str, settings: dict[str, Any]
) -> None:
    backend = EntryPointCatalog().backend(capability, name, settings, {})
    assert backend.info.paid
    unpriced = {key: value for key, value in settings.items() if not key.startswith("price")}
    if unpriced != settings:
        assert not EntryPointCatalog().backend(capability, name, unpriced, {}).info.paid


def test_a_server_of_one_s_own_has_the_workspace_s_prices_and_no_provider_s(tmp_path: Path) -> None:
    source = tmp_path / "prompts.txt"
    source.write_text("a lamp\n")
    workspace = Workspace(tmp_path / "work", create=True)
    chosen = {"vision": "openai", "openai.base_url": LOCAL}
    assert workspace.estimate("refine", source, settings=chosen).is_free
    (workspace.paths.root / "prices.toml").write_text(
        "".join(
            f'[[price]]\nbackend = "openai"\nmodel = "*"\nunit = "million_tokens_{way}"\n'
            'dollars = 2\nsource = "a contract"\ndate = 2026-01-01\n'
            for way in ("in", "out")
        )
    )
    found = workspace.estimate("refine", source, settings=chosen)
    assert [line.paid for line in found.lines if line.backend == "openai"] == [True]
    assert found.cost is not None
    assert found.cost[1] > 0


@pytest.mark.parametrize(
    ("capability", "name", "settings", "asks"),
    [
        ("image", "stability", {"price_per_image": 0.04}, False),
        ("image", "stability", {"price_per_image": 0.06}, True),
        ("image", "stability", {}, True),
        ("image", "fal", {"price_per_second": 0.001, "max_seconds": 40}, False),
        ("image", "fal", {"price_per_second": 0.001, "max_seconds": 60}, True),
        ("image", "gemini-image", {"price_per_image": 0.03}, False),
        ("image", "gemini-image", {"price_per_image": 0.03, "image_size": "4K"}, True),
        ("image", "openai", {"price_image": 0.05}, False),
        ("image", "openai", {"price_image_output": 30}, True),
    ],
)
def test_what_costs_little_is_made_again_and_what_is_not_known_is_asked_about(
    capability: Any, name: str, settings: dict[str, Any], asks: bool
) -> None:
    backend: Any = EntryPointCatalog().backend(capability, name, settings, {})
    request = ImageRequest(prompt="a lamp", seed=1, width=512, height=512)
    assert backend.asks(request) is asks


@pytest.mark.parametrize(("price", "asks"), [(3, False), (7, True), (None, True)])
def test_a_chat_is_asked_about_after_a_crash_as_it_is_when_it_is_cut(
    price: float | None, asks: bool
) -> None:
    settings = {"price_input": price, "price_output": price}
    backend: Any = EntryPointCatalog().backend("vision", "openai", settings, {})
    image = Artifact(hash="0" * 64, media_type="image/png", size=1)
    assert backend.asks(EvaluateRequest(brief="a lamp", image=image), EVALUATOR) is asks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("price = 3", "price"),
        ("[[price", "cannot be read"),
        ('[[price]]\nbackend="a"\nmodel="b"\nunit="hour"\ndollars=1\n', "price.0.unit"),
        ('[[price]]\nbackend="a"\nmodel="b"\nunit="second"\ndollars=-1\n', "price.0.dollars"),
    ],
)
def test_a_table_that_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(PricesError, match=said):
        load_prices(tmp_path)


def test_a_batch_keeps_the_prices_that_it_was_queued_with(tmp_path: Path) -> None:
    source = tmp_path / "prompts.txt"
    source.write_text("a lamp\n")
    workspace = Workspace(tmp_path / "work", create=True)
    chosen = {"image": "fal", "vision": "openai", "openai.price_input": 7}
    workspace.queue("refine", source, settings=chosen)
    with workspace.reading() as connection:
        [batch] = batches.batches(connection)
    kept = {name: made["settings"] for name, made in json.loads(batch.snapshot)["backends"].items()}
    assert kept["image"]["price_per_image"] == 0.0025
    assert (kept["vision"]["price_input"], kept["vision"]["price_output"]) == (7, 6)
    (workspace.paths.root / "prices.toml").write_text("price = 3")
    with pytest.raises(QueueError, match=r"prices\.toml"):
        workspace.queue("refine", source, settings=chosen)


def test_the_worst_case_of_a_chat_is_two_rounds_of_all_that_may_be_said() -> None:
    settings = OpenAISettings(price_input=1, price_output=10, max_tokens=1000)
    talk = Conversation(
        "x" * 100, (ChatTurn("user", "é" * 50, (InlineImage(b"", "a"),)),), EvaluatorAnswer
    )
    worst = worst_cost(settings, talk)
    assert worst is not None
    assert worst >= 2 * (200 + 4096) + 2 * 1000 * 10
    assert worst_cost(settings.model_copy(update={"price_output": None}), talk) is None
    assert worst_cost(OpenAISettings(price_input=0, price_output=0), talk) == 0


def test_the_worst_cases_of_images() -> None:
    assert FalSettings(price_per_image=0.0025).worst == 2500
    assert FalSettings(price_per_second=0.001, max_seconds=30).worst == 30_000
    assert FalSettings().worst is None
    assert GeminiImageSettings(price_per_image=0.04).worst == 40_000
    assert GeminiImageSettings(price_per_image=0.04, price_output=30).worst is None
    assert GeminiImageSettings(price_per_image=0.04, image_size="4K").worst == 136_000
    assert GeminiImageSettings(price_per_image=0.04, image_size="2K").usual == (64_000, 64_000)


def use(**changes: Any) -> BackendUse:
    given_ = {
        "capability": "image",
        "backend": "x",
        "model": "m",
        "paid": True,
        "calls": (1, 3),
        "cost": (10, 20),
        "seconds": 2.0,
        "concurrency": 4,
    }
    return BackendUse.model_validate({**given_, **changes})


def test_an_estimate_is_a_range_over_all_jobs() -> None:
    found = estimate(100, [use(), use(capability="vision", paid=False, seconds=0.5)], in_flight=8)
    assert found.steps == (200, 600)
    assert found.cost == (1000, 6000)
    assert found.seconds == pytest.approx((50, 150))
    assert [line.cost for line in found.lines] == [(1000, 6000), (0, 0)]


def test_what_is_computed_here_is_part_of_the_time() -> None:
    """The processes are shared by all jobs, and one job has all of them."""
    quick = [use(seconds=0.1, concurrency=64)]
    pooled = estimate(10, quick, in_flight=10, pool=Pool(120.0, processes=4))
    assert pooled.cpu_seconds == 1200
    assert pooled.seconds == pytest.approx((300, 300))
    one = estimate(1, [use()], in_flight=1, pool=Pool(8.0, processes=4))
    assert one.seconds == pytest.approx((4, 8))
    assert estimate(10, quick, in_flight=10).cpu_seconds is None
    unknown = estimate(1, [use(seconds=None)], in_flight=1, pool=Pool(8.0))
    assert (unknown.seconds, unknown.cpu_seconds) == (None, 8)


def test_fallbacks_raise_what_it_may_cost_and_not_the_least_or_the_time() -> None:
    alone = estimate(10, [use()], in_flight=8)
    other = use(calls=(0, 3), seconds=None, is_fallback=True)
    both = estimate(10, [use(), other], in_flight=8)
    assert alone.cost is not None
    assert both.cost == (alone.cost[0], 2 * alone.cost[1])
    assert (both.seconds, len(both.lines)) == (alone.seconds, 2)
    assert estimate(1, [use(), use(cost=None, is_fallback=True)], in_flight=1).cost is None


def test_what_is_not_known_makes_an_estimate_unknown_and_not_small() -> None:
    assert estimate(1, [use(cost=None), use()], in_flight=1).cost is None
    assert estimate(1, [use(calls=None), use()], in_flight=1).steps is None
    assert estimate(1, [use(seconds=None)], in_flight=1).seconds is None
    assert estimate(1, [use(paid=False, cost=None)], in_flight=1).is_free


def test_the_narrowest_place_makes_the_time() -> None:
    assert estimate(60, [use(requests_per_minute=10)], in_flight=60).seconds == (360, 1080)
    assert estimate(10, [use()], in_flight=1).seconds == (20, 60)


def test_rate_and_projection() -> None:
    assert (rate(1000, 1800), rate(1000, 0), rate(1000, None)) == (2000, None, None)
    assert (projected(100, 1, 10), projected(100, 0, 10), projected(100, 3, 3)) == (1000, None, 100)
