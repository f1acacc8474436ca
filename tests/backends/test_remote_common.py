"""Shared by remote backends: settings, errors, limits, secrets, money."""

import base64
import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.backends.anthropic.chat import AnthropicChatClient
from engine.backends.anthropic.settings import AnthropicSettings
from engine.backends.common.error_bodies import said_in
from engine.backends.common.failures import Account, from_status, out_of_time, retry_after
from engine.backends.common.proxies import refuse_unusable_proxy
from engine.backends.common.readiness import find_key
from engine.backends.common.scrubbing import MASK, scrub
from engine.backends.common.settings import RemoteSettings
from engine.backends.common.spending import TokenPrices
from engine.backends.fal.image import FalImages
from engine.backends.fal.settings import FalSettings
from engine.backends.gemini.clients import gemini_speaker
from engine.backends.gemini.settings import GeminiSettings
from engine.backends.gemini_image.image import GeminiImages
from engine.backends.gemini_image.settings import GeminiImageSettings
from engine.backends.ollama.chat import OllamaChatClient
from engine.backends.ollama.settings import OllamaSettings
from engine.backends.openai.chat import OpenAIChatClient
from engine.backends.openai.images import OpenAIImages
from engine.backends.openai.settings import OpenAISettings
from engine.backends.stability.image import StabilityImages
from engine.backends.stability.settings import StabilitySettings
from engine.contract import Blocked, Permanent, Retryable
from tests.support.providers.misbehaviour import http_date

BACKENDS = [
    lambda keys: AnthropicChatClient(AnthropicSettings(), keys),
    lambda keys: OpenAIChatClient(OpenAISettings(base_url="http://127.0.0.1:9"), keys),
    lambda keys: OpenAIImages(OpenAISettings(), keys),
    lambda keys: OllamaChatClient(OllamaSettings(), keys),
    lambda keys: gemini_speaker(GeminiSettings(), keys),
    lambda keys: GeminiImages(GeminiImageSettings(), keys),
    lambda keys: FalImages(FalSettings(), keys),
    lambda keys: StabilityImages(StabilitySettings(), keys),
]
KEY_NAMES_OF_ALL = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "OLLAMA_API_KEY",
    "GEMINI_API_KEY",
    "FAL_KEY",
    "STABILITY_API_KEY",
)
ACCOUNT = Account("toy", ("TOY_KEY",), ("secret-1234",))


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example/v1",
        "http://127.0.0.1:8080",
        "http://localhost:11434/",
        "http://[::1]:9",
    ],
)
def test_addresses_that_are_taken(url: str) -> None:
    assert RemoteSettings(base_url=url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://gateway.example",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://192.168.1.4:11434",
        "http://0.0.0.0:80",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "gateway.example",
        "https://user:pass@gateway.example",
        "http://localhost@evil.example",
        "https://gateway.example/?key=x",
        "",
    ],
)
def test_addresses_that_are_not(url: str) -> None:
    with pytest.raises(ValidationError):
        RemoteSettings(base_url=url)


def test_a_setting_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="api_key"):
        RemoteSettings.model_validate({"api_key": "x"})


def test_keys_are_found_by_their_first_name() -> None:
    assert find_key({"A": " ", "B": " b "}, "A", "B") == "b"
    assert find_key({}, "A") is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("7", 7), ("0.5", 0.5), ("99999999", 86_400), ("soon", None), ("", None), ("-3", None)],
)
def test_waits_in_seconds(written: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": written}) == seconds


def test_waits_as_a_date_and_in_milliseconds() -> None:
    assert retry_after({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, 1795168800.0) == 30
    assert retry_after({"retry-after": http_date(-60)}) == 0
    assert retry_after({"retry-after-ms": "1500", "retry-after": "9"}) == 1.5


@given(st.text())
def test_no_header_makes_it_fail(written: str) -> None:
    wait = retry_after({"retry-after": written})
    assert wait is None or 0 <= wait <= 86_400


@pytest.mark.parametrize(
    ("status", "said", "kind", "reason"),
    [
        (401, "", Blocked, "key"),
        (403, "", Blocked, "key"),
        (400, "API key not valid. Please pass a valid API key.", Blocked, "key"),
        (402, "", Blocked, "quota"),
        (403, "User is locked. Reason: Exhausted balance.", Blocked, "quota"),
        (429, "You exceeded your current quota insufficient_quota", Blocked, "quota"),
        (400, "Your credit balance is too low to access the API.", Blocked, "quota"),
        (404, "model not found", Blocked, "backend"),
        (302, "", Blocked, "backend"),
        (408, "", Retryable, ""),
        (429, "slow down", Retryable, ""),
        (500, "insufficient_quota", Retryable, ""),
        (529, "overloaded", Retryable, ""),
        (400, "no such parameter", Permanent, ""),
        (413, "", Permanent, ""),
        (422, "", Permanent, ""),
    ],
)
def test_statuses(status: int, said: str, kind: type[Exception], reason: str) -> None:
    error = from_status(ACCOUNT, status, said)
    assert type(error) is kind
    assert getattr(error, "reason", "") == reason
    assert str(status) in error.message


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "You have reached your specified API usage limits. You will regain access on 1 May."),
        (400, "You have reached your specified workspace API usage limits."),
        (429, "Quota exceeded for metric: requests, limit: 0, model: m Please retry in 25.4s."),
        (429, "You exceeded your current quota, please check your plan and billing details."),
        (429, "Your project has exceeded its monthly spending cap."),
        (429, "This request would exceed your organization's monthly spend limit."),
        (429, "Your prepayment credits are depleted."),
        (400, "Budget has been exceeded! Current cost: 0.2, Max budget: 0.1 budget_exceeded"),
        (403, "Key limit exceeded (total limit)."),
        (403, "Your team has used all available credits or reached its spending limit."),
        (429, "Rate limit exceeded: free-models-per-day."),
        (400, "User location is not supported for the API use without a billing account linked."),
        (403, "This API method requires billing to be enabled."),
    ],
)
def test_what_only_money_or_a_long_time_lifts_is_a_quota(status: int, said: str) -> None:
    error = from_status(ACCOUNT, status, said)
    assert getattr(error, "reason", None) == "quota"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (429, "Quota exceeded, limit: 10, check your plan and billing. Please retry in 25.4s."),
        (429, "Quota exceeded, limit: 0.5 requests a second"),
        (422, 'prompt: "a sign that says payment required, budget exceeded"'),
        (400, "the usage limits of this parameter are 1 to 4"),
    ],
)
def test_what_passes_or_is_the_request_s_own_word_is_no_quota(status: int, said: str) -> None:
    assert isinstance(from_status(ACCOUNT, status, said), Retryable | Permanent)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "User location is not supported for the API use."),
        (403, "Country, region, or territory not supported unsupported_country_region_territory"),
    ],
)
def test_a_location_that_is_not_served_is_no_lack_of_money_or_key(status: int, said: str) -> None:
    error = from_status(ACCOUNT, status, said)
    assert isinstance(error, Blocked)
    assert error.reason == "backend"
    assert "toy.base_url" in error.remedy


def test_a_gateway_s_paths_are_accounts_of_their_own() -> None:
    lanes = {
        RemoteSettings(base_url=url).lane("toy", "m")
        for url in (
            None,
            "https://gw.example/a/v1",
            "https://gw.example/b/v1",
            "https://gw.example",
        )
    }
    assert lanes == {
        "toy:m",
        "toy:m@gw.example/a/v1",
        "toy:m@gw.example/b/v1",
        "toy:m@gw.example",
    }


def test_what_a_provider_says_is_shown_without_secrets_and_escapes() -> None:
    error = from_status(ACCOUNT, 400, "\x1b[2Jkey secret-1234 is bad")
    assert error.message == f"toy answered 400: key {MASK} is bad"


def test_a_redirect_s_target_is_shown_without_secrets() -> None:
    error = from_status(ACCOUNT, 307, "", {"Location": "https://evil.example/?k=secret-1234"})
    assert "evil.example" in error.message
    assert "secret-1234" not in error.message


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-****************abcd.",
        "x-api-key: sk-ant-api03-AbCdEf012345",
        "key AIzaSyB3kLmN0pQrStUvWxYz12345678",
        "GET /v1?key=abcdef12345&alt=json",
        "Authorization: Bearer abcdef.12345",
        "fal 0a1b2c3d-0000-1111-2222-333344445555:0123456789abcdef0123456789abcdef",
        "the key is id-of-it:half-of-it",
        "encoded pass%2Fword%3D",
    ],
)
def test_keys_of_any_shape_are_masked(text: str) -> None:
    cleaned = scrub(text, ["id-of-it:half-of-it", "pass/word="])
    assert MASK in cleaned
    for part in ("abcd", "AbCdEf", "B3kLmN", "abcdef", "0123456789abcdef", "half-of", "%2Fword"):
        assert part not in cleaned


SECRET = "sk-a/very+secret=key~0123456789"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_a_key_is_masked_wherever_it_begins(
    before: str, encode: Callable[[bytes], bytes]
) -> None:
    encoded = encode(f"{before}{SECRET}@host".encode()).decode()
    cleaned = scrub(f"authorization {encoded} refused", [SECRET])
    assert MASK in cleaned
    for start in range(len(encoded) - 8):
        piece = encoded[start : start + 8]
        whole = base64.urlsafe_b64decode(piece.translate(str.maketrans("+/", "-_")) + "====")
        assert piece not in cleaned or not any(
            part in whole.decode("latin-1") for part in ("cret=", "0123", "4567")
        )


@pytest.mark.parametrize("length", [6, 12, len(SECRET) - 1])
def test_a_key_that_is_cut_off_at_the_end_of_a_text_is_masked(length: int) -> None:
    assert scrub(f"echo {SECRET[:length]}", [SECRET]) == f"echo {MASK}"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("\u201csk-abcdef\u201d", "a typographic quotation mark (U+201C)"),
        ("sk-abc\u200bdef", "an invisible character (U+200B)"),
        ("sk-abc\ufeffdef", "an invisible character (U+FEFF)"),
        ("sk-abc\ndef", "a line break (U+000A)"),
        ("sk-abc\x1b[2Jdef", "a control character (U+001B)"),
        ("sk-abc\xa0def", "an invisible character (U+00A0)"),
        ("sk-schl\u00fcssel", "a character outside ASCII (U+00FC)"),
        ('"sk-abcdef"', "begins or ends with a quotation mark"),
    ],
)
@pytest.mark.parametrize("make", BACKENDS)
def test_a_key_that_cannot_be_one_is_refused_by_name_and_not_shown(
    make: Callable[[dict[str, str]], Any], value: str, fault: str
) -> None:
    names = dict.fromkeys(KEY_NAMES_OF_ALL, value)
    (missing,) = [item for item in make(names).missing() if item.reason == "key"]
    assert missing.what.startswith("a usable ")
    assert missing.what.split()[-1] in KEY_NAMES_OF_ALL
    assert fault in missing.remedy
    assert "abc" not in missing.what + missing.remedy
    assert "schl" not in missing.what + missing.remedy


def test_a_usual_key_is_taken() -> None:
    assert find_key({"A": "id-of-it:half_of.it/+=~ x"}, "A").fault == ""


@pytest.mark.parametrize("client", ["httpx", "httpx2", "requests"])
def test_a_socks_proxy_without_its_package_blocks_with_the_command(
    client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5h://127.0.0.1:9")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    refuse_unusable_proxy(client, "http://127.0.0.1:8188")
    with pytest.raises(Blocked, match="ALL_PROXY names a SOCKS proxy") as raised:
        refuse_unusable_proxy(client, "https://api.example")
    assert raised.value.reason == "backend"
    assert f"'{client}[socks]'" in raised.value.remedy
    monkeypatch.setenv("NO_PROXY", "*")
    refuse_unusable_proxy(client, "https://api.example")


def test_a_proxy_of_an_unknown_kind_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://127.0.0.1:9")
    with pytest.raises(Blocked, match="HTTPS_PROXY names a proxy of an unknown kind"):
        refuse_unusable_proxy("httpx", "https://api.example")


def test_words_that_are_no_keys_stay() -> None:
    text = "A task-based risk-free sky, desk-lamp and ask-me-anything; key concepts."
    assert scrub(text) == text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "no", "code": "c", "type": "t"}}', "no c t"),
        (b'{"error": "no"}', "no"),
        (b'{"message": "no"}', "no"),
        (b"<html>no</html>", "<html>no</html>"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 20_000, "["),
    ],
)
def test_a_provider_s_words_are_found_in_an_error_s_body(body: bytes, said: str) -> None:
    assert said_in(body).startswith(said)
    assert len(said_in(body)) <= 2000


def test_costs_are_rounded_up_to_whole_microdollars() -> None:
    assert TokenPrices(price_input=0.2, price_output=1.2).microdollars(1, 1) == 2
    assert TokenPrices(price_input=3, price_output=15).microdollars(1_000_000, 0) == 3_000_000
    assert TokenPrices().microdollars(9, 9) == 0


def test_the_example_of_an_env_file_names_every_key() -> None:
    from pathlib import Path

    from engine.backends.anthropic.settings import KEY_NAMES as ANTHROPIC
    from engine.backends.fal.settings import KEYS as FAL
    from engine.backends.gemini.settings import KEY_NAMES as GEMINI
    from engine.backends.gemini_image.settings import KEYS as GEMINI_IMAGE
    from engine.backends.openai.settings import KEY_NAMES as OPENAI
    from engine.backends.stability.settings import KEYS as STABILITY

    text = (Path(__file__).parents[2] / ".env.local.example").read_text()
    names = {*ANTHROPIC, *FAL, *GEMINI, *GEMINI_IMAGE, *OPENAI, *STABILITY, "OLLAMA_HOST"}
    assert [name for name in sorted(names) if name not in text] == []
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []


@pytest.mark.parametrize(("seconds", "words"), [(1.0, "1 second."), (0.5, "0.5 seconds.")])
def test_a_deadline_has_its_noun_in_the_right_number(seconds, words):
    error = out_of_time(Account("fal"), seconds)
    assert error.message == f"fal gave no whole answer within {words}"
