"""Files of providers: from where they are fetched, and what counts as an image."""

import base64

import pytest

from engine.backends.common import download
from engine.backends.common.download import (
    FileLocations,
    ImageSettings,
    UnusableFile,
    checked,
    data_uri,
    fetch_file,
    from_base64,
)
from engine.backends.common.failures import Account
from engine.contract import Permanent, Retryable
from tests.support.providers.images import image
from tests.support.providers.misbehaviour import (
    drip,
    hang,
    huge,
    instead,
    redirect,
    reset,
    status,
    truncated,
)
from tests.support.providers.server import ProviderServer, Received
from tests.support.providers.wire import Reply

ACCOUNT = Account("fal", (), ("secret-key-0123456789",))


def files(call: Received, server: ProviderServer) -> Reply:
    return Reply(image("JPEG"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.0)
    with ProviderServer(files) as found:
        yield found


def locations(server: ProviderServer, **fields) -> FileLocations:
    return FileLocations(ACCOUNT, server.url, **{"timeout": 10, **fields})


async def test_an_image_is_fetched_as_it_is(server):
    assert await fetch_file(locations(server), f"{server.url}/x") == image("JPEG")
    assert server.ledger[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "what",
    [
        instead(b"<html>", headers={}),
        instead(image()[:-40], headers={}),
        status(500),
        status(429),
        reset(),
        truncated(0.5),
    ],
)
async def test_what_may_come_right_is_fetched_up_to_three_times(server, what):
    server.misbehave(what, times=2)
    assert await fetch_file(locations(server), f"{server.url}/x") == image("JPEG")
    server.misbehave(what, times=float("inf"))
    with pytest.raises((UnusableFile, Retryable)) as caught:
        await fetch_file(locations(server), f"{server.url}/x")
    assert not getattr(caught.value, "resubmit", False)
    assert len(server.ledger) == 6


@pytest.mark.parametrize(
    "what", [status(404), status(403), status(410), status(401), huge(size=80 * 2**20)]
)
async def test_what_never_comes_right_is_permanent_at_once(server, what):
    server.misbehave(what, times=float("inf"))
    with pytest.raises(Permanent):
        await fetch_file(locations(server), f"{server.url}/x")
    assert len(server.ledger) == 1


@pytest.mark.parametrize("what", [drip(0.02), hang()])
async def test_a_fetch_has_a_deadline(server, what, monkeypatch):
    monkeypatch.setattr(download, "FETCHES", 1)
    server.misbehave(what)
    with pytest.raises(Retryable):
        await fetch_file(locations(server, timeout=0.2), f"{server.url}/x")


async def test_a_compressed_reply_is_not_unpacked(server):
    server.misbehave(instead(b"x", headers={"content-encoding": "gzip"}), times=float("inf"))
    with pytest.raises(Permanent, match="compressed"):
        await fetch_file(locations(server), f"{server.url}/x")


async def test_redirects_are_followed_where_files_may_lie_and_not_beyond(server):
    server.misbehave(redirect("/moved", 302))
    assert await fetch_file(locations(server), f"{server.url}/x") == image("JPEG")
    server.misbehave(redirect("/again"), times=float("inf"))
    with pytest.raises(Permanent, match="more than") as caught:
        await fetch_file(locations(server), f"{server.url}/x")
    assert caught.value.keeps_call
    server.behave()
    before = len(server.ledger)
    server.misbehave(redirect("http://localhost:9/x"))
    with pytest.raises(Permanent, match="localhost"):
        await fetch_file(locations(server), f"{server.url}/x")
    assert len(server.ledger) == before + 1


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("https://fal.media/files/x.png", True),
        ("https://v3.fal.media/files/x.png", True),
        ("https://V3.FAL.MEDIA./x.png", True),
        ("https://queue.fal.run/x.png", True),
        ("http://fal.media/x.png", False),
        ("https://evilfal.media/x.png", False),
        ("https://fal.media.evil.example/x.png", False),
        ("https://user@fal.media/x.png", False),
        ("https://fal.media@evil.example/x.png", False),
        ("https://127.0.0.1/x.png", False),
        ("ftp://fal.media/x.png", False),
        ("//fal.media/x.png", False),
        ("https://fal.media:99999999/x.png", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_files_lie_with_the_provider_and_where_it_says(url, held):
    shelf_ = FileLocations(ACCOUNT, "https://queue.fal.run", ("fal.media",))
    assert shelf_.holds(url) is held


async def test_an_image_inside_a_reply_is_checked_like_any_other(server):
    assert await fetch_file(locations(server), data_uri(image(), "image/png")) == image()
    for bad in ("data:image/png,abc", "data:image/png;base64,!!!", "data:;base64,aGVsbG8="):
        with pytest.raises(UnusableFile):
            await fetch_file(locations(server), bad)
    assert server.ledger == []


def test_base64_has_a_limit():
    text = base64.b64encode(b"x" * 100).decode()
    assert from_base64(ACCOUNT, text, 100) == b"x" * 100
    with pytest.raises(UnusableFile):
        from_base64(ACCOUNT, text, 50)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_cut_image_is_none(kind):
    whole = image(kind, size=(200, 200))
    assert await checked(ACCOUNT, whole) == whole
    with pytest.raises(UnusableFile):
        await checked(ACCOUNT, whole[: len(whole) // 2])


def test_money_is_rounded_up_and_unknown_prices_are_asked_about():
    assert ImageSettings(price_per_image=0.0000001).cost == 1
    assert ImageSettings(price_per_image=0.04).cost == 40_000
    assert ImageSettings().cost == 0
    assert ImageSettings().asks
    assert ImageSettings(price_per_image=0.08).asks
    assert not ImageSettings(price_per_image=0.01).asks


def in_lines(text: str) -> str:
    return "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))


@pytest.mark.parametrize(
    "written",
    [
        lambda data: base64.b64encode(data).decode(),
        lambda data: "data:image/png;base64," + base64.b64encode(data).decode(),
        lambda data: in_lines(base64.b64encode(data).decode()),
        lambda data: base64.urlsafe_b64encode(data).decode(),
        lambda data: base64.b64encode(data).decode().rstrip("="),
    ],
    ids=["plain", "uri", "wrapped", "url-safe", "unpadded"],
)
@pytest.mark.parametrize("size", [(31, 17), (32, 17), (33, 19)])
def test_base64_of_every_dialect_is_an_image(written, size):
    data = image(size=size) + b"\xff\xfe"  # bytes that only one alphabet has letters for
    assert from_base64(ACCOUNT, written(data)) == data


@pytest.mark.parametrize("text", ["a", "%%%%", "é", "AAAAA"])
def test_what_is_no_base64_is_no_image(text):
    with pytest.raises(UnusableFile):
        from_base64(ACCOUNT, text)


async def test_addresses_of_this_machine_and_relative_ones_are_fetched(server):
    base = locations(server, setting="toy.download_hosts")
    for url in (f"http://localhost:{server.port}/x", "/x", "x", f"//127.0.0.1:{server.port}/x"):
        assert await fetch_file(base, url) == image("JPEG")
    with pytest.raises(Permanent, match="localhost") as caught:
        await fetch_file(base, "http://localhost:9/x")
    assert "toy.download_hosts" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "hosts", "held"),
    [
        ("http://localhost:8000/x", (), True),
        ("http://[::1]:8000/x", (), True),
        ("https://localhost:8000/x", (), False),
        ("http://localhost:9000/x", (), False),
        ("http://localhost:9000/x", ("localhost",), True),
        ("http://192.168.1.4:8000/x", ("192.168.1.4",), False),
        ("ftp://localhost:8000/x", ("localhost",), False),
    ],
)
def test_a_server_of_this_machine_is_itself_under_any_of_its_names(url, hosts, held):
    assert FileLocations(ACCOUNT, "http://127.0.0.1:8000/v1", hosts).holds(url) is held


def test_no_provider_elsewhere_can_point_to_this_machine():
    assert not FileLocations(ACCOUNT, "https://api.example/v1").holds("http://localhost:443/x")
