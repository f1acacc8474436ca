"""Webhooks: each event arrives signed, also over kills, lies, slow receivers and false names."""

import base64
import hashlib
import hmac
import json
import logging
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from db.clock import ago
from db.queries.webhooks import deliveries, webhooks
from db.rows import DeliveryRow
from db.writes.webhooks import (
    MEANINGS,
    USUAL_TYPES,
    WEBHOOK_TYPES,
    add_webhook,
    claim_delivery,
)
from engine.api.intake.bodies import WebhookBody
from engine.config.alert_settings import AlertKind
from engine.config.api_settings import ApiSettings
from engine.config.trust.grants import trust
from engine.config.trust.webhook_hosts import UntrustedHost, host_grant
from engine.contract import Blocked
from engine.runtime.live_settings import LiveSettings
from engine.runtime.webhooks import sender as sender_module
from engine.runtime.webhooks.permission import check_webhook
from engine.runtime.webhooks.post import Reply
from engine.runtime.webhooks.sender import DELAYS, WebhookSender, outcome_of
from engine.runtime.webhooks.signing import VARIABLE, NoSecret, headers_of, keys_of, new_secret
from engine.runtime.webhooks.target import AllowedHosts, WebhookRefused, target_of
from tests.support.engines import Toy
from tests.support.receiver import Message, Receiver, receiving

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLDER = "whsec_" + base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def receiver(toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Receiver]:
    """A receiver that the user has named, and the secret."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["127.0.0.1"]')
    monkeypatch.setenv(VARIABLE, SECRET)
    monkeypatch.setattr(sender_module, "DELAYS", (0.0,) * len(DELAYS))
    toy.settings.api = ApiSettings(webhook_hosts=["127.0.0.1"])
    with receiving() as created:
        yield created


def add(toy: Toy, url: str, types=USUAL_TYPES, batch_id: int | None = None) -> int:
    with toy.store.intake() as write:
        return write(lambda c: add_webhook(c, batch_id, url, types))


def kept(toy: Toy) -> list[DeliveryRow]:
    return toy.read(lambda c: deliveries(c))


def bodies(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(message.body) for message in receiver.messages]


def is_signed(message: Message, secret: str) -> bool:
    """Check a signature as the standard says, without our own code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}."
    digest = hmac.new(key, head.encode() + message.body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}" in message.headers["webhook-signature"].split()


# -- what arrives ---------------------------------------------------------------------------------


async def test_the_events_of_a_batch_arrive_once_over_restarts(toy: Toy, receiver) -> None:
    add(toy, receiver.url)
    toy.queue(2)
    await toy.run()
    await toy.run()
    told = sorted(bodies(receiver), key=lambda body: body["event"])
    assert [body["type"] for body in told] == ["job.finished", "job.finished", "batch.finished"]
    batch = told[-1]["data"]["batch"]
    assert (batch["id"], batch["status"], batch["jobs"]) == ("b1", "done", {"done": 2})
    assert {body["data"]["job"]["status"] for body in told[:2]} == {"done"}
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 3
    assert all(is_signed(message, SECRET) for message in receiver.messages)
    assert {message.path for message in receiver.messages} == {"/hook?token=hidden"}
    assert {row.state for row in kept(toy)} == {"delivered"}


async def test_a_webhook_of_a_batch_gets_only_its_own_and_only_what_it_wants(
    toy: Toy, receiver
) -> None:
    add(toy, receiver.url, ["batch.finished"], batch_id=2)
    toy.queue()
    toy.queue()
    await toy.run()
    [body] = bodies(receiver)
    assert (body["type"], body["data"]["batch"]["id"]) == ("batch.finished", "b2")


async def test_while_a_secret_changes_both_sign(toy: Toy, receiver, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{SECRET}  {OLDER}")
    add(toy, receiver.url, ["batch.finished"])
    toy.queue()
    await toy.run()
    [message] = receiver.messages
    assert is_signed(message, SECRET)
    assert is_signed(message, OLDER)


async def test_a_used_up_budget_is_one_event_however_many_jobs_wait(toy: Toy, receiver) -> None:
    def dear(_request: Any, _context: Any) -> None:
        raise Blocked("Spent.", reason="budget", remedy="Raise it.")

    toy.backend.reply = dear
    add(toy, receiver.url, ["job.parked", "budget.reached"])
    toy.queue(3)
    await toy.run()
    types = [body["type"] for body in bodies(receiver)]
    assert (types.count("job.parked"), types.count("budget.reached")) == (3, 1)


def test_the_signature_is_that_of_the_standard() -> None:
    key = keys_of({VARIABLE: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    headers = headers_of(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", ["", "whsec_", "plain", "whsec_????", "whsec_c2hvcnQ="])
def test_what_is_no_secret_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(NoSecret) as caught:
        keys_of({VARIABLE: text})
    assert not text or text not in caught.value.message.replace("is not whsec_ and base64", "")
    assert keys_of({VARIABLE: new_secret()})


# -- receivers that fail, lie or are slow ---------------------------------------------------------


async def test_a_retry_has_the_same_id_and_body(toy: Toy, receiver) -> None:
    receiver.answers = [500, b"no HTTP at all\r\n\r\n", (302, {"location": receiver.url}), 200]
    add(toy, receiver.url, ["batch.finished"])
    toy.queue()
    await toy.run()
    assert len(receiver.messages) == 4
    assert len({m.headers["webhook-id"] for m in receiver.messages}) == 1
    assert len({m.body for m in receiver.messages}) == 1
    assert all(is_signed(message, SECRET) for message in receiver.messages)
    [row] = kept(toy)
    assert (row.state, row.attempts, row.status) == ("delivered", 4, 200)


async def test_after_the_last_try_it_has_failed_and_says_so(toy: Toy, receiver, caplog) -> None:
    receiver.answers = [503] * (len(DELAYS) + 1)
    add(toy, receiver.url, ["batch.finished"])
    toy.queue()
    with caplog.at_level(logging.DEBUG):
        await toy.run()
    [row] = kept(toy)
    assert (row.state, row.attempts) == ("failed", len(DELAYS) + 1)
    assert row.error == "The receiver answered 503."
    assert "did not take a batch.finished" in caplog.text
    assert SECRET not in caplog.text
    assert "hidden" not in caplog.text


def test_the_tries_go_on_for_two_hours_and_heed_the_receiver() -> None:
    assert sum(DELAYS) == pytest.approx(7200, abs=30)
    first = outcome_of(Reply(500), 1)
    assert ago(-3) < first.next_at < ago(-8)
    later = outcome_of(Reply(429, retry_after=600), 1)
    assert ago(-590) < later.next_at < ago(-610)
    assert outcome_of(Reply(429, retry_after=1e7), 1).next_at < ago(-3700)


async def test_410_ends_it_and_drops_the_rest(toy: Toy, receiver) -> None:
    receiver.answers = [410]
    add(toy, receiver.url)
    toy.queue(3)
    await toy.run()
    toy.queue()
    await toy.run()
    assert len(receiver.messages) <= 2  # two may have been under way
    [webhook] = toy.read(lambda c: webhooks(c, ended=True))
    assert webhook.reason == "The receiver answered 410: it is gone."
    assert {row.state for row in kept(toy)} <= {"dropped", "delivered"}


async def test_a_slow_receiver_is_given_up_and_tried_again(toy: Toy, receiver) -> None:
    answering = threading.Event()
    receiver.answers = [lambda _message: answering.wait(20) and 200]
    add(toy, receiver.url, ["batch.finished"])
    toy.queue()
    toy.settings.api.webhook_hosts = []  # the engine leaves it to the sender below
    await toy.run()
    toy.settings.api.webhook_hosts = ["127.0.0.1"]
    await send(toy, seconds=0.2)
    [row] = kept(toy)
    assert (row.state, row.error) == ("pending", "It did not answer in 0.2 s.")
    answering.set()
    await send(toy)
    assert [row.state for row in kept(toy)] == ["delivered"]


async def send(toy: Toy, seconds: float = 15.0) -> None:
    """Send what is pending now, in the place of an engine."""

    async def write(operation):
        with toy.store.intake() as transaction:
            return transaction(operation)

    await write(lambda c: c.execute("UPDATE deliveries SET next_at = '' WHERE state = 'pending'"))
    reader = toy.store.reader()
    sender = WebhookSender(
        write, reader, LiveSettings(toy.paths, toy.settings, None), seconds=seconds
    )
    await sender.look()
    while sender._tasks:
        await next(iter(sender._tasks))
    reader.close()


async def test_a_kill_in_a_try_repeats_it_with_the_same_id(toy: Toy, receiver) -> None:
    add(toy, receiver.url, ["batch.finished"])
    toy.queue()
    toy.settings.api.webhook_hosts = []
    await toy.run()
    toy.settings.api.webhook_hosts = ["127.0.0.1"]
    [row] = kept(toy)
    with toy.store.intake() as write:  # a process that claims it and is killed
        write(lambda c: c.execute("UPDATE deliveries SET next_at = ''"))
        assert write(lambda c: claim_delivery(c, row.id, ago(-30))) is not None
        assert write(lambda c: claim_delivery(c, row.id, ago(-30))) is None
    await toy.run()
    assert receiver.messages == []  # the claim holds
    await send(toy)
    [row] = kept(toy)
    assert (row.state, row.attempts, len(receiver.messages)) == ("delivered", 2, 1)


# -- where it may go ------------------------------------------------------------------------------


async def test_nothing_is_sent_to_a_host_that_is_no_longer_named(toy: Toy, receiver) -> None:
    add(toy, receiver.url, ["batch.finished"])
    toy.settings.api.webhook_hosts = ["hooks.example"]
    toy.queue()
    await toy.run()
    assert receiver.messages == []
    [row] = kept(toy)
    assert (row.state, row.attempts) == ("pending", 0)
    assert "the settings do not name it" in row.error


async def test_a_name_is_resolved_once_and_never_to_a_private_address(
    toy: Toy, receiver, monkeypatch
) -> None:
    answers = ["10.0.0.1", "127.0.0.1", "192.168.1.1"]
    asked: list[str] = []

    def rebinding(host, port, *_args, **_kwargs):
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setenv("SAFELIGHT_API__WEBHOOK_HOSTS", '["localhost", "127.0.0.1"]')
    toy.settings.api.webhook_hosts = ["localhost", "127.0.0.1"]
    add(toy, receiver.url.replace("127.0.0.1", "localhost"), ["batch.finished"])
    toy.queue()
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", rebinding)
        await toy.run()
        [row] = kept(toy)
        assert "it resolves to 10.0.0.1, which is not public" in row.error
        assert (receiver.messages, row.attempts) == ([], 0)
        await send(toy)
    assert asked == ["localhost", "localhost"]
    [message] = receiver.messages
    assert message.headers["host"] == f"localhost:{receiver.port}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "192.0.0.8", "2001::1", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
async def test_private_addresses_are_refused_unless_they_are_named(address, monkeypatch) -> None:
    def resolve(_host, port, *_args, **_kwargs):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    target = target_of("https://hooks.example/x")
    with pytest.raises(WebhookRefused, match="is not public"):
        await AllowedHosts(["hooks.example"]).resolve(target)
    assert await AllowedHosts(["hooks.example", address]).resolve(target)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x", "ftp://hooks.example", "https://u:p@hooks.example",
        "hooks.example",        "https://hooks.example/\r\nx: y", "https://hooks.example/#f", "https://hooks.example:0/",
        "file:///etc/passwd", "https://" + "x" * 3000,
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(WebhookRefused):
        target_of(url)


def test_a_host_may_be_named_with_its_port() -> None:
    hosts = AllowedHosts(["hooks.example:8443", "[::1]:9000"])
    hosts.check(target_of("https://HOOKS.example:8443/x?a=b"))
    hosts.check(target_of("http://[::1]:9000/"))
    with pytest.raises(WebhookRefused):
        hosts.check(target_of("https://hooks.example/x"))


def test_a_host_that_only_a_file_names_takes_trust(toy: Toy, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("SAFELIGHT_API__WEBHOOK_HOSTS", raising=False)
    monkeypatch.setenv(VARIABLE, SECRET)
    toy.settings.api = ApiSettings(webhook_hosts=["hooks.example"])
    environment = LiveSettings(toy.paths, toy.settings, None).environment
    check = ("https://hooks.example/x", toy.paths.root, toy.settings, environment)
    with pytest.raises(UntrustedHost, match=r"only this workspace's files name"):
        check_webhook(*check)
    trust(toy.paths.root, [host_grant("hooks.example")])
    assert check_webhook(*check).shown == "https://hooks.example"


async def test_alerts_are_sent_to_those_who_name_them_once_and_without_a_command(
    toy: Toy, receiver: Receiver
) -> None:
    add(toy, receiver.url, ["alert.done", "alert.error_rate"])
    add(toy, receiver.url + "&usual")
    await toy.run()  # notes where the history ends
    toy.queue(2)
    await toy.run()
    await toy.run()
    sent = [body for body in bodies(receiver) if body["type"].startswith("alert.")]
    [alert] = sent
    assert alert["type"] == "alert.done"
    assert alert["data"]["batch"]["jobs"] == {"done": 2}
    [message] = [one for one in receiver.messages if json.loads(one.body) == alert]
    assert not message.path.endswith("usual")
    assert message.headers["webhook-signature"].startswith("v1,")


def test_the_page_has_every_type_with_its_meaning() -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", page, re.MULTILINE)
    assert dict(rows) == MEANINGS
    assert {type_.removeprefix("alert.") for type_ in MEANINGS if type_.startswith("alert.")} == {
        *get_args(AlertKind)
    }
    events = get_args(get_args(WebhookBody.model_fields["events"].annotation)[0])
    assert events == WEBHOOK_TYPES
