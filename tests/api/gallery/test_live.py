"""Live pages: no change is missed, whenever it comes."""

import json

from db.queries.history import last_event
from engine.api.events.pages import EventFilter
from engine.api.gallery.live import LiveStream
from engine.api.services import Services


def _last(workspace):
    with workspace.reading() as connection:
        return last_event(connection)


def _decide(workspace, job, text):
    workspace.command("decide", [job], {"key": "iteration-2/prompt", "value": text})


def _jobs(frame):
    number, data = frame.decode().split("\n")[:2]
    assert number.startswith("id: ")
    return json.loads(data.removeprefix("data: "))["jobs"]


async def test_no_change_is_missed_between_a_page_and_its_stream(workspace):
    after = _last(workspace)
    _decide(workspace, "j2", "a fox at noon")  # the page is read, its stream is not open yet
    services = Services(workspace)
    async with services.running():
        stream = LiveStream(services, EventFilter(batch_id=1), after).frames()
        assert (await anext(stream)).startswith(b"retry: ")
        assert _jobs(await anext(stream)) == [2]
        _decide(workspace, "j1", "a lake at noon")
        assert _jobs(await anext(stream)) == [1]
        await stream.aclose()


async def test_a_page_is_asked_for_its_own_job_only(workspace):
    after = _last(workspace)
    for job in ("j1", "j3"):
        _decide(workspace, job, "a change")
    services = Services(workspace)
    async with services.running():
        stream = LiveStream(services, EventFilter(job_id=3), after).frames()
        await anext(stream)
        assert _jobs(await anext(stream)) == [3]
        await stream.aclose()


def test_the_stream_starts_after_what_the_page_has(seen):
    live = seen.page("/b1").body["data-live"]
    assert live.startswith("batch=1&after=")
    assert int(live.rpartition("=")[2]) > 0
