"""Events over the wire: pages, and streams that go on where they were cut."""

import asyncio
import contextlib
import json
import socket
from typing import Any, cast

import httpx
import pytest
import uvicorn

from db.queries.callers import tokens
from db.queries.history import events_after, last_event
from db.writes.callers import revoke_token
from db.writes.events import record_event
from engine.api.app import make_app
from engine.api.events.pages import EventFilter
from engine.api.events.stream import _Stream
from engine.api.services import Services
from engine.api.serving.changes import Changes
from tests.api.conftest import headers, problem
from tests.api.live import free_port

SSE = {"Accept": "text/event-stream"}


def record(workspace, count: int, type_: str = "test.event", **where: Any) -> None:
    with workspace.store.intake() as write:
        write(lambda c: [record_event(c, type_, message=str(n), **where) for n in range(count)])


def test_pages_of_events_follow_their_links(client, workspace) -> None:
    record(workspace, 30)
    path, ids = "/v1/events?limit=7", []
    while path:
        page = client.get(path).json()
        ids += [event["id"] for event in page["events"]]
        path = page["links"].get("next")
    with workspace.reading() as connection:
        assert ids == [row.id for row in events_after(connection, 0)]


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("types=job.done", {"job.done"}),
        ("types=job.*", {"job.done", "job.started", "job.failed", "job.parked"}),
        ("types=job.failed,batch.done", {"job.failed", "batch.done"}),
        ("batch=b2&types=batch.*,job.*", {"batch.queued", "job.started", "job.parked"}),
        ("job=j2&types=job.*", {"job.started", "job.failed"}),
    ],
)
def test_events_are_chosen(client, query, types) -> None:
    events = client.get(f"/v1/events?limit=200&{query}").json()["events"]
    assert {event["type"] for event in events} <= types
    assert events


def test_events_that_are_no_longer_kept_are_410(client, workspace) -> None:
    with workspace.store.intake() as write:
        write(lambda c: c.execute("DELETE FROM events WHERE id < 10"))
    document = problem(client.get("/v1/events?after=3"), 410, "events-gone")
    assert document["oldest"] == 10
    problem(client.get("/v1/events", headers={**SSE, "Last-Event-ID": "3"}), 410, "events-gone")
    assert client.get("/v1/events?after=9").status_code == 200
    problem(client.get("/v1/events", headers={**SSE, "Last-Event-ID": "x"}), 400, "bad-query")
    problem(client.get("/v1/events?batch=b99", headers=SSE), 404, "not-found")


# -- streams: a real server in this process, so that connections can be cut ------------------


@contextlib.asynccontextmanager
async def served(workspace):
    port = free_port()
    config = uvicorn.Config(make_app(workspace), port=port, log_config=None, ws="none")
    server = uvicorn.Server(config)
    cast("Any", server).capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = server.force_exit = True
        await task


async def frames(response) -> Any:
    """Yield the frames of a stream: id, type and document."""
    frame: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            frame[name] = value
        elif "data" in frame:
            yield int(frame.get("id", 0)), frame["event"], json.loads(frame["data"])
            frame = {}


async def test_a_stream_cut_often_has_every_event_once_and_in_order(workspace, token) -> None:
    """A hundred cuts at random places, while another process writes."""
    secret, cuts, seen = token("read"), 100, []
    with workspace.reading() as connection:
        start = last_event(connection)

    async def write() -> None:
        for _ in range(cuts):
            await asyncio.to_thread(record, workspace, 3)
            await asyncio.sleep(0.01)
        await asyncio.to_thread(record, workspace, 1, "test.end")

    async with (
        served(workspace) as (url, _),
        httpx.AsyncClient(headers=headers(secret), timeout=30) as client,
    ):
        writing = asyncio.create_task(write())
        last, ended, turn = start, False, 0
        while not ended:
            turn += 1
            known = {**SSE, "Last-Event-ID": str(last)}
            async with client.stream("GET", f"{url}/v1/events", headers=known) as response:
                assert response.headers["content-type"].startswith("text/event-stream")
                count = 0
                async for id_, type_, _document in frames(response):
                    last = id_ or last
                    seen += [id_] if id_ else []
                    count += 1
                    ended = type_ == "test.end"
                    if ended or (turn <= cuts and count > turn % 4):
                        break
        await writing
    with workspace.reading() as connection:
        expected = [row.id for row in events_after(connection, start, limit=10_000)]
    assert seen == expected
    assert turn > cuts / 2


async def test_a_stream_of_a_job_has_its_events_and_progress_only(workspace, token) -> None:
    path = "/v1/events?job=j5&types=test.a,progress"
    async with (
        served(workspace) as (url, _),
        httpx.AsyncClient(headers=headers(token("read")), timeout=30) as client,
        client.stream("GET", f"{url}{path}", headers=SSE) as stream,
    ):
        received = frames(stream)
        first = asyncio.create_task(anext(received))
        await asyncio.sleep(0.2)
        record(workspace, 1, "test.a", job_id=4, batch_id=2)
        record(workspace, 1, "test.b", job_id=5, batch_id=3)
        record(workspace, 1, "test.a", job_id=5, batch_id=3)
        _, type_, document = await asyncio.wait_for(first, 10)
        assert (type_, document["job"]) == ("test.a", "j5")
        with workspace.store.intake() as write:
            write(
                lambda c: c.execute(
                    "INSERT INTO progress (step_id, batch_id, job_id, fraction, message, at)"
                    " VALUES (1, 3, 5, 0.5, 'half', 'now')"
                )
            )
        id_, type_, document = await asyncio.wait_for(anext(received), 10)
        assert (id_, type_, document["fraction"]) == (0, "progress", 0.5)


async def test_a_stream_that_fell_behind_ends_instead_of_leaving_events_out(workspace) -> None:
    record(workspace, 30)
    services = Services(workspace)
    stream = _Stream(services, EventFilter(), 5)
    with workspace.store.intake() as write:
        write(lambda c: c.execute("DELETE FROM events WHERE id < 20"))
    sent = [frame async for frame in stream.frames("t1", None)]
    assert sent[-1] == b": gone\n\n"
    assert not services.streams
    services.close()


async def test_a_token_has_a_limit_of_streams(workspace, token) -> None:
    workspace.settings.api.max_streams = 2
    secret = token("read")
    async with (
        served(workspace) as (url, _),
        httpx.AsyncClient(headers=headers(secret), timeout=30) as client,
        client.stream("GET", f"{url}/v1/events", headers=SSE) as one,
        client.stream("GET", f"{url}/v1/events", headers=SSE) as two,
    ):
        assert (one.status_code, two.status_code) == (200, 200)
        async with client.stream("GET", f"{url}/v1/events", headers=SSE) as three:
            await three.aread()
            problem(three, 429, "too-many-streams")
        other = {**SSE, **headers(token("read"))}
        async with client.stream("GET", f"{url}/v1/events", headers=other) as four:
            assert four.status_code == 200


async def test_a_stream_ends_with_its_token(workspace, token) -> None:
    secret = token("read")
    async with (
        served(workspace) as (url, _),
        httpx.AsyncClient(headers=headers(secret), timeout=30) as client,
        client.stream("GET", f"{url}/v1/events", headers=SSE) as stream,
    ):
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith("retry")
        with workspace.reading() as connection:
            number = tokens(connection)[-1].id
        with workspace.store.intake() as write:
            write(lambda c: revoke_token(c, number))
        record(workspace, 1)
        assert "event: test.event" not in [line async for line in lines]


@pytest.mark.parametrize("last", ["0" * 20 + "9" * 20, "0" * 20 + "9" * 5000])
def test_the_number_of_an_event_is_no_longer_than_any(client, last) -> None:
    answer = client.get("/v1/events", headers={**SSE, "Last-Event-ID": last})
    problem(answer, 400, "bad-query")


async def test_a_slow_reader_holds_no_connection_of_the_store(workspace, token) -> None:
    """A caller that reads nothing gets no more than its buffers, and the store is free."""
    record(workspace, 20_000)
    async with served(workspace) as (url, server):
        services = server.config.loaded_app
        while not hasattr(services, "state"):
            services = services.app
        pool = services.state.services.readers
        host, port = url.removeprefix("http://").split(":")
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((host, int(port)))
            slow.sendall(
                f"GET /v1/events?after=1 HTTP/1.1\r\nHost: {host}\r\n"
                "Accept: text/event-stream\r\n"
                f"Authorization: Bearer {token('read')}\r\n\r\n".encode()
            )
            free = 0
            async with asyncio.timeout(30):
                while free < 10 or not services.state.services.streams:
                    await asyncio.sleep(0.05)
                    free = free + 1 if pool.in_use == 0 else 0


async def test_one_poller_serves_all_and_rests_without_streams(workspace) -> None:
    changes = Changes(workspace.store)
    poller = asyncio.create_task(changes.poll())
    with changes.watching(), changes.watching():
        version = changes.version
        assert await changes.wait(version, 5)
        await asyncio.sleep(0.7)
        version = changes.version
        record(workspace, 1)
        assert await changes.wait(version, 5)
        assert changes.since(0) is None
        with workspace.reading() as connection:
            newest = last_event(connection)
        assert [row.id for row in changes.since(newest - 1)] == [newest]
    await asyncio.sleep(0.3)
    version = changes.version
    record(workspace, 1)
    await asyncio.sleep(0.3)
    assert changes.version == version
    poller.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await poller
