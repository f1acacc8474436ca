"""Traces: what goes to a provider and comes back, without its key and without images."""

import base64
import hashlib
import io
import json
import random
from typing import Any

import pytest
from PIL import Image

from engine.backends.common.tracing import MAX_READ, MAX_SHOWN, HttpExchange
from engine.contract import StepError
from engine.contract.tracing import MAX_BYTES, MAX_EXCHANGES, Recording, WireLog, wire_log
from engine.recipes.refine.agents.evaluator import EvaluateRequest
from engine.testing.context import MemoryContext
from tests.backends.chat_cases import BRIEF, PROVIDERS, Provider
from tests.backends.image_sellers import SELLERS, WITH_KEY, Seller
from tests.support.agents import run_agent
from tests.support.providers.chat import JUDGED, Script
from tests.support.providers.misbehaviour import instead, reset, status
from tests.support.providers.server import ProviderServer

PROMPT = "a röd barn, 月"


def noise() -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (64, 64), random.Random(3).randbytes(64 * 64 * 3)).save(out, "PNG")
    return out.getvalue()


def read(log: WireLog, *secrets: str) -> dict[str, Any]:
    """A trace that holds no secret and no image."""
    data = log.trace()
    text = data.decode()
    for secret in filter(None, secrets):
        assert secret not in text
        assert secret.rpartition(":")[2] not in text
    assert "\\u" not in text.replace("\\u00", "")
    for run in text.replace("\\", " ").split('"'):
        assert len(run) < 200 or " " in run
    found: dict[str, Any] = json.loads(data)
    return found


def all_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


every = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.label)


@every
async def test_a_chat_leaves_prompt_and_reply_and_no_image(provider: Provider) -> None:
    with ProviderServer(provider.route(Script(["about 70", JUDGED]))) as server:
        context, image = MemoryContext(), noise()
        request = EvaluateRequest(image=context.give(image), brief=BRIEF)
        with Recording(wanted=True) as log:
            await run_agent(provider.backend(server), "evaluate", request, context)
    trace = read(log, provider.key)
    assert base64.b64encode(image)[:60].decode() not in all_text(trace)
    first, repair = trace["exchanges"]
    assert BRIEF in all_text(first["request"]["body"])
    assert hashlib.sha256(image).hexdigest() in all_text(first["request"]["body"])
    assert first["request"]["method"] == "POST"
    assert provider.path in first["request"]["url"]
    assert "about 70" in all_text(first["reply"]["body"])
    assert "could not be used" in all_text(repair["request"]["body"])
    assert str(JUDGED["description"]) in all_text(repair["reply"]["body"])
    assert (repair["reply"]["status"], repair["reply"]["whole"]) == (200, True)


@every
async def test_a_key_that_is_echoed_is_masked(provider: Provider) -> None:
    echo = {"error": {"message": f"no such key: {provider.key}", "code": 500}}
    with ProviderServer(provider.route()) as server:
        server.misbehave(status(500, echo))
        context = MemoryContext()
        request = EvaluateRequest(image=context.give(noise()), brief=BRIEF)
        with Recording(wanted=True) as log, pytest.raises(StepError):
            await run_agent(provider.backend(server), "evaluate", request, context)
        assert provider.key in str(server.ledger[0].headers)
    (exchange,) = read(log, provider.key)["exchanges"]
    assert exchange["reply"]["status"] == 500
    assert "no such key: ***" in all_text(exchange["reply"]["body"])


@every
async def test_a_reply_that_never_comes_leaves_its_request(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        server.misbehave(reset())
        context = MemoryContext()
        request = EvaluateRequest(image=context.give(noise()), brief=BRIEF)
        with Recording(wanted=True) as log, pytest.raises(StepError):
            await run_agent(provider.backend(server), "evaluate", request, context)
    (exchange,) = read(log, provider.key)["exchanges"]
    assert BRIEF in all_text(exchange["request"]["body"])
    assert exchange["reply"] is None


@every
async def test_nothing_is_noted_where_nobody_asks(provider: Provider) -> None:
    with ProviderServer(provider.route()) as server:
        context = MemoryContext()
        request = EvaluateRequest(image=context.give(noise()), brief=BRIEF)
        with Recording(wanted=False) as log:
            assert wire_log() is None
            await run_agent(provider.backend(server), "evaluate", request, context)
        assert len(server.ledger) == 1
    assert len(log) == 0


every_seller = pytest.mark.parametrize("seller", SELLERS, ids=lambda seller: seller.name)


@every_seller
async def test_an_image_leaves_its_prompt_and_not_itself(
    seller: Seller, server: ProviderServer
) -> None:
    context = MemoryContext()
    request = seller.request(prompt=PROMPT)
    with Recording(wanted=True) as log:
        generated = await seller.backend(server).generate(request, context)
    sent = len([call for call in server.ledger if call.path != "/ws"])
    trace = read(log, seller.secret)
    assert len(trace["exchanges"]) == min(sent, MAX_EXCHANGES)
    assert PROMPT in all_text([one["request"]["body"] for one in trace["exchanges"]])
    replies = all_text([one["reply"]["body"] for one in trace["exchanges"]])
    assert generated.image.hash in replies  # the image, by the hash of its bytes
    data = await context.read(generated.image)
    assert base64.b64encode(data)[:60].decode() not in replies


@pytest.mark.parametrize("seller", WITH_KEY, ids=lambda seller: seller.name)
async def test_a_seller_that_echoes_the_key(seller: Seller, server: ProviderServer) -> None:
    server.misbehave(instead(f"<p>{seller.secret}".encode()), times=9)
    with Recording(wanted=True) as log, pytest.raises(StepError):
        await seller.backend(server).generate(seller.request(), MemoryContext())
    first = read(log, seller.secret)["exchanges"][0]
    assert "***" in all_text(first["reply"])


# -- one exchange -----------------------------------------------------------------------------


def exchange(
    body: bytes = b"",
    reply: bytes = b"",
    url: str = "https://a.example/v1",
    media_type: str = "",
    **headers: str,
) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    noted = HttpExchange("POST", url, sent, body)
    noted.answered(200, {"Content-Type": media_type} if media_type else {})
    for start in range(0, len(reply), 1 << 16):
        noted.take(reply[start : start + (1 << 16)])
    noted.ended()
    return noted.described()


@pytest.mark.parametrize(
    "name", ["authorization", "x_api_key", "X_Goog_Api_Key", "cookie", "x_auth_token"]
)
def test_a_secret_of_any_header_is_masked_wherever_it_stands(name: str) -> None:
    key = "Q7-plain+words/9"
    found = exchange(
        body=json.dumps({"me": f"I am {key}"}).encode(),
        reply=f"{key} is wrong".encode(),
        url=f"https://a.example/{key}?x={key}",
        **{name: f"Bearer {key}"},
    )
    assert key not in all_text(found)
    assert found["reply"]["body"] == "*** is wrong"


def test_secrets_of_an_address_are_masked() -> None:
    found = exchange(url="https://me:pw@a.example/v?name=x&api_key=abc&X-Amz-Signature=def&sig=ghi")
    assert found["request"]["url"] == (
        "https://***@a.example/v?name=x&api_key=***&X-Amz-Signature=***&sig=***"
    )


@pytest.mark.parametrize("written", ["plain", "url", "lines", "slashes", "nested"])
def test_base64_is_replaced_however_it_is_written(written: str) -> None:
    data = random.Random(1).randbytes(4000)
    text = {
        "plain": base64.b64encode(data).decode(),
        "url": base64.urlsafe_b64encode(data).decode(),
        "lines": base64.encodebytes(data).decode(),
        "slashes": base64.b64encode(data).decode(),
        "nested": json.dumps({"b": base64.b64encode(data).decode()}),
    }[written]
    body = json.dumps({"prompt": "a barn", "data": text})
    if written == "slashes":
        body = body.replace("/", "\\/")
    found = exchange(reply=body.encode())["reply"]["body"]
    assert found["prompt"] == "a barn"
    assert len(found["data"]) < 200
    assert hashlib.sha256(data).hexdigest() in found["data"]


def test_base64_that_is_cut_off_is_replaced_too() -> None:
    text = base64.b64encode(random.Random(1).randbytes(2 * MAX_READ)).decode()
    found = exchange(reply=f'{{"data": "{text}"}}'.encode())["reply"]
    assert found["body"].startswith('{"data": "<base64: ')
    assert len(found["body"]) < 200
    assert found["bytes"] > 2 * MAX_READ


def test_bytes_are_told_by_size_and_hash() -> None:
    data = random.Random(1).randbytes(100_000)
    expected = f"<binary: 100000 bytes, sha256 {hashlib.sha256(data).hexdigest()}>"
    assert exchange(reply=data, media_type="image/png")["reply"]["body"] == expected
    assert exchange(reply=data)["reply"]["body"] == expected
    form = b'--xyz\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + data
    form += (
        b'\r\n--xyz\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na barn\r\n--xyz--\r\n'
    )
    sent = exchange(body=form, content_type="multipart/form-data; boundary=xyz")
    assert [part["body"] for part in sent["request"]["body"]] == [expected, "a barn"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'"\\ud800"', b"NaN", b"\xff\xfe", b"", b"{"])
def test_whatever_comes_is_described(body: bytes) -> None:
    log = WireLog()
    noted = HttpExchange("GET", "https://a.example", {}, b"")
    noted.answered(200, {})
    noted.take(body)
    log.add(noted)
    (found,) = json.loads(log.trace())["exchanges"]
    assert found["reply"]["whole"] is False


def test_a_long_text_is_cut_and_says_so() -> None:
    found = exchange(reply=b"word " * MAX_SHOWN)["reply"]["body"]
    assert found.endswith(f"<cut: {4 * MAX_SHOWN} characters more>")


def test_a_trace_is_bounded_and_keeps_the_first_and_the_last() -> None:
    log = WireLog()
    for number in range(100):
        body = f"{number} ".encode() * 20_000
        log.add(HttpExchange("GET", f"https://a.example/{number}", {}, body))
    data = log.trace(step="x")
    assert len(data) <= MAX_BYTES
    found = json.loads(data)
    urls = [one["request"]["url"] for one in found["exchanges"]]
    assert (urls[0], urls[-1]) == ("https://a.example/0", "https://a.example/99")
    assert found["left_out"] + len(urls) == 100
