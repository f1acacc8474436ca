"""The client of a server: one door, and each request once, whatever the connection does."""

import inspect
import json
from contextlib import aclosing

import pytest

from engine.client.ids import UnknownId
from engine.client.remote import retrying
from engine.client.remote.async_workspace import AsyncRemoteWorkspace
from engine.client.remote.connect import connect, connect_async
from engine.client.remote.errors import NotSafelight, OtherVersion, RemoteError, Unreachable
from engine.client.remote.operations import reading
from engine.client.remote.server import Server
from engine.client.remote.workspace import RemoteWorkspace
from engine.client.workspace import Workspace
from tests.client.remote.conftest import engine_at
from tests.support.live_server import relaying, strange_server

_OWN = {"server", "transport", "close"}


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(retrying, "MAX_SECONDS", 0.0)


def _names(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")} - _OWN


# -- one list of operations -----------------------------------------------------------------------


def test_both_clients_have_the_same_operations() -> None:
    assert _names(RemoteWorkspace) == _names(AsyncRemoteWorkspace)
    for name in _names(RemoteWorkspace):
        one, other = getattr(RemoteWorkspace, name), getattr(AsyncRemoteWorkspace, name)
        assert inspect.signature(one) == inspect.signature(other) or name == "stream_events"
        assert one.__doc__


def test_operations_have_the_names_and_first_arguments_of_a_workspace_here() -> None:
    shared = _names(RemoteWorkspace) & _names(Workspace)
    assert {"queue", "estimate", "run", "append", "follow", "jobs", "results", "command"} <= shared
    assert {"approve", "reject", "rate", "undo", "star", "note", "archive", "waiting"} <= shared
    for name in shared - {"step_in"}:
        here = inspect.signature(getattr(Workspace, name)).parameters
        there = inspect.signature(getattr(RemoteWorkspace, name)).parameters
        needed = [p for p in here if here[p].default is inspect.Parameter.empty and p != "self"]
        assert [p for p in there if p in needed] == needed, name


# -- through a live server ------------------------------------------------------------------------


def test_a_batch_is_queued_run_and_read(remote, live) -> None:
    seen: list[str] = []
    with engine_at(live.workspace):
        batch = remote.run(
            "toy",
            ["first", {"id": "second", "prompt": "second"}],
            settings={"seed": 7, "steps": 1},
            progress=lambda document, events: seen.extend(event["type"] for event in events),
        )
    document = remote.batch(batch)
    assert (document["status"], document["jobs"]) == ("done", {"done": 2})
    assert (document["seed"], document["cost_usd"]) == (7, 0.0)
    assert "batch.done" in seen
    lines = remote.jobs(batch)
    assert [line["key"] for line in lines][1] == "second"
    job = remote.job(f"{document['name']}/second")
    assert (job["id"], job["input"]["prompt"]) == (lines[1]["id"], "second")
    assert [one["id"] for one in remote.results(batch)] == [line["id"] for line in lines]
    assert [event["type"] for event in remote.events(batch, last=1)] == ["batch.done"]
    assert remote.append(batch, ["third"]) == 1
    assert remote.estimate("toy", ["x", "y"])["jobs"] == 2
    assert remote.costs()["cost_usd"] >= 0.0025
    assert "refine" in [recipe["name"] for recipe in remote.recipes()]
    assert "prompt" in remote.schema("toy")["properties"]


def test_a_file_of_entries_gives_the_batch_its_name(remote, tmp_path) -> None:
    source = tmp_path / "evening.csv"
    source.write_text("id,prompt\nlamp,a lamp\n")
    batch = remote.queue("toy", source)
    assert remote.batch(batch)["name"].startswith("evening")
    assert [job["key"] for job in remote.jobs(batch)] == ["lamp"]
    remote.cancel(batch)


def test_commands_are_answered_and_refusals_are_the_engines(remote, live) -> None:
    batch = remote.queue("toy", ["p", "q"])
    [number] = remote.pause(batch)
    assert remote.answer(number)["status"] == "done"
    assert remote.batch(batch)["status"] == "paused"
    remote.resume(batch)
    remote.star(batch)
    remote.note(batch, "look")
    remote.budget(batch, "1.50")
    document = remote.batch(batch)
    assert (document["starred"], document["note"], document["budget_usd"]) == (True, "look", 1.5)
    remote.rate(remote.jobs("b1")[0]["id"], 4, note="good")
    assert remote.ratings(remote.jobs("b1")[0]["id"])[-1]["note"] == "good"
    remote.cancel(batch)
    [answer] = remote.step_in("approve", ["b1"])
    assert answer["status"] == "refused"
    assert "wait" in answer["answer"].lower()
    remote.pause_all()
    assert remote.status()["paused"]
    remote.resume_all()


def test_mistakes_are_sentences_of_ours(remote) -> None:
    with pytest.raises(UnknownId, match="'nowhere'"):
        remote.batch("nowhere")
    with pytest.raises(UnknownId, match="is a job"):
        remote.batch("j1")
    with pytest.raises(RemoteError, match="Nothing has the id 'b999'") as caught:
        remote.batch("b999")
    assert (caught.value.status, caught.value.code) == (404, "not-found")
    with pytest.raises(RemoteError, match="has no setting 'stepz'"):
        remote.queue("toy", ["x"], settings={"stepz": 3})
    with pytest.raises(RemoteError, match="/entries/0") as caught:
        remote.queue("toy", [{"prompt": 3}])
    assert caught.value.status == 422
    with pytest.raises(RemoteError, match="nothing"):
        remote.queue("nothing", ["x"])


def test_a_wrong_token_says_where_to_get_another(live) -> None:
    remote = RemoteWorkspace(Server(live.url, "sl_wrong"))
    with remote, pytest.raises(RemoteError) as caught:
        remote.status()
    assert caught.value.status == 401
    assert "safelight login" in caught.value.remedy
    assert "sl_wrong" not in repr(remote.server)


# -- connections that are cut ---------------------------------------------------------------------


def test_a_batch_whose_answer_is_lost_is_queued_once(live) -> None:
    left = [0, 10, 40]

    def cut(request: bytes) -> int | None:
        return left.pop() if request.startswith(b"POST /v1/batches") and left else None

    with relaying(live.port) as relay:
        relay.cut = cut
        with RemoteWorkspace(Server(relay.url, live.token)) as remote:
            batch = remote.queue("toy", ["only once"])
            sent = [line for line in relay.requests if line.startswith("POST /v1/batches")]
            names = [b["id"] for b in remote.batches() if b["id"] >= batch]
    assert len(sent) == 4
    assert names == [batch]


def test_a_batch_is_followed_over_a_restart_of_its_server(live, remote, monkeypatch) -> None:
    monkeypatch.setattr(reading, "POLL_SECONDS", 0.0)
    batch = remote.queue("toy", ["followed"])
    remote.cancel(batch)
    away = [0] * 15

    def cut(request: bytes) -> int | None:
        return away.pop() if b"/events?" in request.split(b"\r\n")[0] and away else None

    with relaying(live.port) as relay, engine_at(live.workspace):
        relay.cut = cut
        with RemoteWorkspace(Server(relay.url, live.token)) as through:
            assert through.follow(batch)["status"] == "cancelled"
    assert not away


def test_a_stream_that_is_cut_has_each_event_once_and_in_order(live, remote) -> None:
    before = remote.events()[-1]["id"]
    cuts = [700, 300, 900, 500]

    def cut(request: bytes) -> int | None:
        streams = b"text/event-stream" in request
        return cuts.pop() if streams and cuts else None

    with relaying(live.port) as relay:
        relay.cut = cut
        with RemoteWorkspace(Server(relay.url, live.token)) as through:
            batch = through.queue("toy", [f"n{number}" for number in range(12)])
            remote.cancel(batch)
            seen = []
            for event in through.stream_events(after=before):
                if "id" in event:
                    seen.append(event["id"])
                if len(seen) >= 12:
                    break
        streams = [line for line in relay.requests if line.startswith("GET /v1/events")]
    expected = [event["id"] for event in remote.events(after=before)]
    assert seen == expected[:12]
    assert len(streams) == 5


async def test_the_same_with_asyncio(live) -> None:
    async with AsyncRemoteWorkspace(Server(live.url, live.token)) as remote:
        batch = await remote.queue("toy", ["async"])
        await remote.cancel(batch)
        assert [job["status"] for job in await remote.jobs(batch)] == ["cancelled"]
        types = []
        async with aclosing(remote.stream_events(batch, after=0)) as events:
            async for event in events:
                types.append(event["type"])
                if event["type"] == "job.cancelled":
                    break
        assert types[-1] == "job.cancelled"
        name = await remote.upload(b"a text that is stored")
        assert name.startswith("sha256:")
        with pytest.raises(UnknownId):
            await remote.job("nowhere/at-all")


# -- servers that are not ours --------------------------------------------------------------------


@pytest.fixture
def strange():
    """The answer of a server that is not ours, and a client of it."""
    with strange_server() as server, RemoteWorkspace(Server(server.url, "sl_t")) as remote:
        yield server.answer, remote


def test_another_server_is_named_as_such(strange) -> None:
    answer, remote = strange
    with pytest.raises(NotSafelight, match="200, text/html"):
        remote.status()
    answer.update(status=404)
    with pytest.raises(NotSafelight):
        remote.batch("b1")
    answer.update(status=200, type="application/json", body=b"[1]")
    with pytest.raises(NotSafelight):
        remote.batch("b1")
    answer.update(status=302, headers={"location": "https://elsewhere.example/"})
    with pytest.raises(RemoteError, match=r"elsewhere\.example"):
        remote.batch("b1")


def test_an_older_or_newer_server_is_named_with_both_versions(strange) -> None:
    answer, remote = strange
    problem = {"status": 404, "code": "no-address", "detail": "There is no such address."}
    answer.update(
        status=404,
        type="application/problem+json",
        body=json.dumps(problem).encode(),
        headers={"safelight-version": "9.9.9"},
    )
    with pytest.raises(OtherVersion, match=r"Safelight 9\.9\.9\) has no GET /v1/recipes"):
        remote.recipes()


def test_refusals_are_cleaned_and_bounded(strange) -> None:
    answer, remote = strange
    problem = {"code": "x", "detail": "\x1b[31mred\u202e" + "x" * 10_000, "errors": [1, {}]}
    answer.update(status=409, type="application/problem+json", body=json.dumps(problem).encode())
    with pytest.raises(RemoteError) as caught:
        remote.batch("b1")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 1000


def test_a_server_that_is_not_there_is_tried_and_then_named(monkeypatch) -> None:
    remote = RemoteWorkspace(Server("http://127.0.0.1:9", "sl_t"))
    with remote, pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 cannot be reached"):
        remote.status()


def test_connect_takes_the_token_from_the_environment(live, monkeypatch) -> None:
    monkeypatch.setenv("SAFELIGHT_TOKEN", live.token)
    with connect(live.url) as remote:
        assert remote.status()["engine"]["running"] is False
    assert isinstance(connect_async(live.url), AsyncRemoteWorkspace)
