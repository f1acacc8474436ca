"""ComfyUI: HTTP is the truth, the websocket a hint."""

import asyncio
import io
import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from engine.backends.comfyui import FAMILY, ComfySettings, queued, running
from engine.backends.comfyui import server as comfy_server
from engine.backends.comfyui.events import PromptEvent, preview_of, read_event
from engine.backends.comfyui.following import MAX_LOST
from engine.backends.comfyui.image import ComfyImages
from engine.backends.comfyui.queued import QueueReader
from engine.backends.comfyui.sizes import base_size, in_steps
from engine.backends.comfyui.states import PromptQueued
from engine.backends.comfyui.ticket import ComfyTicket
from engine.backends.comfyui.workflow import BUILT_IN, Workflow, load
from engine.backends.common.previews import MAX_BYTES, fit_preview
from engine.contract import Blocked, Permanent, Retryable
from engine.imaging.decode import describe
from engine.testing.context import MemoryContext
from tests.backends.image_sellers import COMFYUI as SELLER
from tests.support.engines import eventually
from tests.support.providers.comfyui import Execution, Socket, event, preview
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
from tests.support.providers.server import ProviderServer

backend, request, failure = SELLER.backend, SELLER.request, SELLER.failure

PROMPT, QUEUE, HISTORY, VIEW = "^/prompt$", "^/queue$", "^/history/", "^/view"


def noise() -> bytes:
    """An image that is larger than a preview may be."""
    out = io.BytesIO()
    Image.frombytes("RGB", (600, 400), random.Random(1).randbytes(720_000)).save(out, "PNG")
    return out.getvalue()


async def test_a_workflow_is_filled_sent_followed_and_its_image_fetched(server, provider):
    context = MemoryContext()
    asked = request(negative_prompt="fog")
    made = await backend(server, steps=12, cfg=4.5).generate(asked, context)
    (run,) = provider.executions
    sampler, size = run.graph["3"]["inputs"], run.graph["5"]["inputs"]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (2**62, 12, 4.5)
    assert (size["width"], size["height"]) == (512, 384)
    assert run.graph["6"]["inputs"]["text"] == "a red barn"
    assert run.graph["7"]["inputs"]["text"] == "fog"
    assert context.submissions == [run.prompt_id]
    assert run.client_id == run.prompt_id
    assert await context.read(made.image) == image(tint=0)
    assert made.seed == 2**62
    assert (None, "in ComfyUI's queue, 0 before it") in context.shown
    assert context.spent == 0


async def test_an_image_with_a_price_is_counted_and_its_prompt_not_sent_again_unreserved(
    server, provider
):
    context = MemoryContext()
    made = backend(server, price_per_image=0.01)
    assert (made.info.paid, made.worst_cost(request())) == (True, 10_000)
    await made.generate(request(), context)
    assert context.spent == 10_000
    forgotten = MemoryContext(request_id="7d1f8a9e-0000-4000-8000-000000000000")
    error = await failure(made, forgotten)
    assert isinstance(error, Retryable)
    assert error.resubmit
    assert len(provider.executions) == 1


async def test_the_id_is_stored_before_the_prompt_is_sent(server):
    class Forgetful(MemoryContext):
        async def submitted(self, request_id: str) -> None:
            assert server.calls(PROMPT) == []
            await super().submitted(request_id)

    context = Forgetful()
    await backend(server).generate(request(), context)
    assert len(context.submissions) == 1


@pytest.mark.parametrize("jobs", [False, True])
async def test_a_prompt_is_looked_for_before_it_is_sent_again(server, provider, jobs):
    provider.jobs = jobs
    first = MemoryContext()
    await backend(server).generate(request(), first)
    again = MemoryContext(request_id=first.submissions[0])
    await backend(server).generate(request(), again)
    assert len(provider.executions) == 1
    assert len(server.calls(PROMPT)) == 1


async def test_a_prompt_of_a_dead_engine_that_never_arrived_is_sent_under_its_id(server, provider):
    context = MemoryContext(request_id="7d1f8a9e-0000-4000-8000-000000000000")
    await backend(server).generate(request(), context)
    assert [run.prompt_id for run in provider.executions] == [context.request_id]
    assert context.submissions == []


async def test_jobs_are_asked_where_queue_and_history_know_nothing(server, provider):
    first = MemoryContext()
    await backend(server).generate(request(), first)
    provider.jobs, provider.forgets = True, True
    await backend(server).generate(request(), MemoryContext(request_id=first.submissions[0]))
    assert len(provider.executions) == 1


async def test_a_server_that_has_forgotten_a_prompt_is_sent_it_again_and_that_is_counted(
    server, provider
):
    provider.deadly = "a red barn"
    context, made = MemoryContext(), backend(server)
    for _ in range(MAX_LOST - 1):
        error = await failure(made, context)
        assert isinstance(error, Retryable)
        assert not error.resubmit  # or the count would be lost with the id
    error = await failure(made, context)
    assert isinstance(error, Permanent)
    assert "ComfyUI ended 3 times while it ran this prompt" in error.message
    assert len({run.prompt_id for run in provider.executions}) == 1
    assert len(provider.executions) == MAX_LOST


async def test_a_prompt_that_waited_while_its_server_vanished_is_not_blamed(server, provider):
    provider.hold = "pending"
    others = [Execution(f"other {number}", {}, "browser") for number in range(2)]
    provider.executions += others
    context = MemoryContext()
    for number in range(MAX_LOST + 1):
        task = asyncio.create_task(failure(backend(server), context))
        await eventually(lambda number=number: len(provider.executions) == 3 + number)
        await eventually(lambda: provider.executions[-1].looks > 2)
        provider.executions[-1].state = "gone"
        assert isinstance(await task, Retryable)
    assert context.submissions == [provider.executions[-1].prompt_id]


async def test_a_server_that_vanishes_under_a_prompt_is_counted_by_the_next_engine(provider):
    provider.hold = "running"
    context = MemoryContext()
    with ProviderServer(provider) as first:
        task = asyncio.create_task(failure(backend(first), context))
        await eventually(lambda: provider.executions and provider.executions[0].state == "running")
        await eventually(lambda: provider.executions[0].looks > 4)
        first.misbehave(reset(), times=float("inf"))
    error = await task
    assert isinstance(error, Retryable)
    assert error.parks == "backend"
    provider.start_again()
    provider.hold = None
    with ProviderServer(provider, port=first.port) as second:
        await backend(second).generate(request(), context)
    assert str(context.request_id) == f"{provider.executions[0].prompt_id} lost=1 alone"
    assert len(provider.executions) == 2


async def test_a_cut_submit_is_found_again_under_its_id(server, provider):
    server.misbehave(reset(acted=True), path=PROMPT)
    context = MemoryContext()
    error = await failure(backend(server), context)
    assert isinstance(error, Retryable)
    assert not error.resubmit
    await backend(server).generate(request(), context)
    assert len(provider.executions) == 1


def refusal(kind: str, name: str, value: str) -> dict[str, Any]:
    info = {"input_name": name, "received_value": value}
    problem = {"type": kind, "message": "Value not in list", "details": name, "extra_info": info}
    node = {"errors": [problem], "dependent_outputs": ["9"], "class_type": "CheckpointLoaderSimple"}
    top = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed"}
    return {"error": {**top, "details": "", "extra_info": {}}, "node_errors": {"4": node}}


async def test_a_checkpoint_that_is_not_there_blocks_with_its_name(server):
    body = refusal("value_not_in_list", "ckpt_name", "sd_xl_base_1.0.safetensors")
    server.misbehave(status(400, body), path=PROMPT)
    error = await failure(backend(server))
    assert isinstance(error, Blocked)
    assert error.reason == "weights"
    assert "sd_xl_base_1.0.safetensors" in error.remedy


@pytest.mark.parametrize("path", [PROMPT, HISTORY])
@pytest.mark.parametrize("code", [200, 400])
async def test_json_that_nobody_can_read_gives_a_sentence(server, path, code):
    server.misbehave(instead(b'{"a": ' + b"[" * 100_000, code=code), path=path, times=99)
    error = await failure(backend(server, timeout=2))
    assert error.message.startswith(("ComfyUI", "comfyui"))


@pytest.mark.parametrize("name", ["sampler_name", "scheduler", "scheduler_name", "upscale_method"])
async def test_a_choice_that_is_not_there_is_no_missing_file(server, name):
    body = refusal("value_not_in_list", name, "dpmpp_9m")
    server.misbehave(status(400, body), path=PROMPT)
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert name in error.message


@pytest.mark.parametrize(
    ("name", "value"), [("clip_name1", "t5"), ("model", "x.safetensors"), ("unet_name", "flux")]
)
async def test_every_input_that_chooses_a_file_is_known(server, name, value):
    server.misbehave(status(400, refusal("value_not_in_list", name, value)), path=PROMPT)
    error = await failure(backend(server))
    assert isinstance(error, Blocked)
    assert value in error.remedy


@pytest.mark.parametrize("value", ["sd15", "mine.gguf", "A.SAFETENSORS"])
async def test_a_loader_that_lacks_its_file_blocks_whatever_its_ending(server, value):
    server.misbehave(status(400, refusal("value_not_in_list", "unet_name", value)), path=PROMPT)
    assert isinstance(await failure(backend(server)), Blocked)


async def test_a_missing_file_beside_another_fault_fails_since_the_file_alone_mends_nothing(server):
    body = refusal("value_not_in_list", "ckpt_name", "sd15.safetensors")
    other = refusal("value_not_in_list", "sampler_name", "no_such")["node_errors"]["4"]
    body["node_errors"]["3"] = {**other, "class_type": "KSampler"}
    server.misbehave(status(400, body), path=PROMPT)
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "no_such" not in error.remedy


def sampler(name: str, value: str) -> dict[str, Any]:
    body = refusal("value_not_in_list", name, value)
    body["node_errors"]["4"]["class_type"] = "KSampler"
    return body


@pytest.mark.parametrize(
    "body",
    [
        refusal("value_bigger_than_max", "steps", "10001"),
        sampler("sampler_name", "no_such_sampler"),
        sampler("scheduler_name", "no_such"),
        {"error": {"type": "invalid_prompt", "message": "no class_type", "details": "node 3"}},
        b"<html>nope</html>",
        [],
        {"error": "?", "node_errors": []},
    ],
)
async def test_a_workflow_that_is_refused_fails_for_good_in_words(server, provider, body):
    server.misbehave(status(400, body), path=PROMPT)
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "refuses the workflow" in error.message
    assert provider.executions == []


async def test_node_errors_on_200_that_leave_the_result_out_are_a_failure(server, provider):
    provider.node_errors = refusal("value_not_in_list", "x", "y")["node_errors"]
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "leaves the result out" in error.message
    assert provider.deleted == [provider.executions[0].prompt_id]


async def test_node_errors_on_200_of_another_output_do_not_matter(server, provider):
    other = refusal("value_not_in_list", "x", "y")["node_errors"]["4"]
    provider.node_errors = {"30": {**other, "dependent_outputs": ["31"]}}
    await backend(server).generate(request(), MemoryContext())


def trouble(kind: str, exception: str, said: str = "it \x1b[31mbroke") -> list[Any]:
    data = {"node_id": "3", "node_type": "KSampler", "exception_type": exception}
    return [["execution_start", {}], [kind, {**data, "exception_message": said}]]


@pytest.mark.parametrize(
    ("messages", "kind", "anew"),
    [
        (trouble("execution_error", "ValueError"), Permanent, False),
        (trouble("execution_error", "torch.OutOfMemoryError"), Retryable, True),
        (
            trouble("execution_error", "torch.AcceleratorError", "CUDA error: out of memory"),
            Retryable,
            True,
        ),
        (trouble("execution_error", "RuntimeError", "Allocation on device"), Retryable, True),
        (trouble("execution_error", "RuntimeError", "not enough memory"), Retryable, True),
        (trouble("execution_interrupted", ""), Retryable, True),
        ("nonsense", Permanent, False),
        ([3, [], ["execution_error"]], Permanent, False),
    ],
)
async def test_a_run_that_failed_says_why(server, provider, messages, kind, anew):
    provider.trouble = messages
    error = await failure(backend(server))
    assert isinstance(error, kind)
    assert getattr(error, "resubmit", False) is anew
    assert "\x1b" not in error.message


@pytest.mark.parametrize(
    "outputs", [{}, {"9": {"text": ["x"]}}, {"9": {"images": [{"filename": ""}]}}, {"9": 3}]
)
async def test_a_run_without_an_image_fails_for_good(server, provider, outputs):
    provider.outputs = outputs
    assert isinstance(await failure(backend(server)), Permanent)


@pytest.mark.parametrize(
    "what", [status(500), reset(), truncated(0.3), instead(b"{"), instead([1]), redirect("/x")]
)
@pytest.mark.parametrize("path", [QUEUE, HISTORY])
async def test_a_look_that_fails_is_taken_again(server, provider, what, path):
    server.misbehave(what, path=path, method="GET")
    context = MemoryContext()
    try:
        await backend(server).generate(request(), context)
    except Blocked as error:
        assert "redirect" in error.message
    assert len(provider.executions) == 1


DEEP = instead(b'{"a": ' + b"[" * 100_000)


@pytest.fixture
def brief_looks_at_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up a queue that takes long or is long soon, and no other call."""
    monkeypatch.setattr(comfy_server, "QUEUE_SECONDS", 0.1)
    monkeypatch.setattr(comfy_server, "MAX_QUEUE_BYTES", 2**20)


@pytest.mark.usefixtures("brief_looks_at_the_queue")
@pytest.mark.parametrize("what", [huge(size=2 * 2**20), drip(0.05), hang(), status(403), DEEP])
async def test_a_queue_that_cannot_be_read_is_no_reason_to_fail(
    server, provider, what, monkeypatch
):
    monkeypatch.setattr(running, "MISSES", 1)
    server.misbehave(what, path=QUEUE, method="GET", times=float("inf"))
    context = MemoryContext()
    await backend(server).generate(request(), context)
    again = MemoryContext(context.request_id)
    await backend(server).generate(request(), again)
    assert len(provider.executions) == 1


@pytest.mark.parametrize("what", [drip(0.05), hang()])
async def test_looks_have_a_deadline_and_a_limit(server, provider, what, monkeypatch):
    monkeypatch.setattr(running, "MISSES", 1)
    server.misbehave(what, path=HISTORY, method="GET", times=float("inf"))
    error = await failure(backend(server, timeout=0.4))
    assert isinstance(error, Retryable)
    assert len(provider.executions) == 1


@pytest.mark.usefixtures("brief_looks_at_the_queue")
async def test_a_prompt_that_never_arrived_is_sent_once_an_unreadable_queue_is_empty(
    server, provider
):
    server.misbehave(hang(), path=QUEUE, method="GET", times=float("inf"))
    other = Execution("other", {}, "browser")
    provider.executions.append(other)
    context = MemoryContext(request_id="7d1f8a9e-0000-4000-8000-000000000000")
    task = asyncio.create_task(backend(server).generate(request(), context))
    await eventually(lambda: len(server.calls("^/prompt$")) > 3)
    assert provider.executions == [other]  # it may be in there, so it is not sent
    other.state = "over"
    with pytest.raises(Retryable):
        await task
    await backend(server).generate(request(), context)
    ticket = ComfyTicket.read(str(context.request_id))
    assert [run.prompt_id for run in provider.executions[1:]] == [ticket.prompt_id]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_prompt_is_found_in_a_queue_of_any_length_however_it_is_cut(cut, monkeypatch):
    monkeypatch.setattr(queued, "MAX_JSON_BYTES", 64)
    there = json.dumps({"queue_running": [], "queue_pending": [[1, "an id", {"x": "y" * 99}]]})

    def state(prompt_id: str) -> Any:
        reader = QueueReader(prompt_id)
        for start in range(0, len(there), cut):
            reader.take(there[start : start + cut].encode())
        return reader.state()

    assert state("an id") == PromptQueued(None)
    assert state("no id") is None


async def test_what_is_no_image_is_fetched_three_times_and_made_once(server, provider):
    server.misbehave(instead(b"<html>", headers={}), path=VIEW, times=float("inf"))
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert len(server.calls(VIEW)) == 3
    assert len(provider.executions) == 1


@pytest.mark.parametrize("state", ["pending", "running"])
async def test_a_cancelled_call_takes_its_own_prompt_back_and_no_other(server, provider, state):
    provider.hold = state
    other = asyncio.create_task(backend(server).generate(request(), MemoryContext()))
    await eventually(lambda: len(provider.executions) == 1)
    context = MemoryContext()
    mine = asyncio.create_task(backend(server).generate(request(), context))
    await eventually(lambda: len(provider.executions) == 2)
    await eventually(lambda: provider.executions[1].state == state)
    await eventually(lambda: provider.executions[1].looks > 3)
    context.withdrawn = True
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    prompt_id = provider.executions[1].prompt_id
    if state == "pending":
        assert (provider.deleted, provider.interrupted) == ([prompt_id], [])
    else:
        assert (provider.deleted, provider.interrupted) == ([], [prompt_id])
    assert provider.executions[0].state == state
    provider.hold = None
    await other


@pytest.mark.parametrize("state", ["pending", "running"])
async def test_a_call_that_an_engine_cuts_off_leaves_its_prompt_where_it_is(
    server, provider, state
):
    provider.hold = state
    context = MemoryContext()
    mine = asyncio.create_task(backend(server).generate(request(), context))
    await eventually(lambda: provider.executions and provider.executions[0].looks > 3)
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    assert (provider.deleted, provider.interrupted, provider.executions[0].state) == ([], [], state)
    provider.hold = None
    await backend(server).generate(request(), MemoryContext(context.request_id))
    assert len(provider.executions) == 1


async def test_a_prompt_in_a_queue_too_long_to_read_is_still_withdrawn(
    server, provider, monkeypatch
):
    monkeypatch.setattr(queued, "MAX_JSON_BYTES", 64)
    provider.hold = "running"
    context = MemoryContext()
    mine = asyncio.create_task(backend(server).generate(request(), context))
    await eventually(lambda: provider.executions and provider.executions[0].state == "running")
    context.withdrawn = True
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    assert provider.interrupted == [provider.executions[0].prompt_id]


async def test_an_image_whose_file_was_deleted_is_made_again_past_the_cache_once(server, provider):
    provider.lost_files = 1
    context = MemoryContext()
    made = await backend(server).generate(request(), context)
    assert await context.read(made.image) == image(tint=1)
    first, second = provider.executions
    assert first.prompt_id != second.prompt_id
    assert second.graph.pop("9")["inputs"].items() > first.graph.pop("9")["inputs"].items()
    assert second.graph == first.graph
    provider.lost_files = 9
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "deleted from its folder" in error.remedy
    assert len(provider.executions) == 4


async def test_a_deleted_image_is_not_made_again_where_that_may_cost_something(server, provider):
    provider.lost_files, provider.paid_nodes = 9, {"KSampler"}
    error = await failure(backend(server))
    assert isinstance(error, Permanent)
    assert "cannot be fetched" in error.message
    assert len(provider.executions) == 1


async def test_progress_and_previews_of_the_websocket_are_shown(server, provider):
    provider.hold = "running"
    frames: list[str | bytes] = [
        event("status", status={"exec_info": {"queue_remaining": 1}}, sid="x"),
        event("execution_start"),
        event("executing", node="3"),
        event("progress", value=5, max=20, node="3"),
        preview(image("JPEG")),
        preview(b"no image"),
        preview(noise()),
        event("progress", value=10, max=20, prompt_id="somebody else's"),
        "not json",
        event("progress", value="a", max=0),
        b"\x00",
    ]
    server.misbehave(Socket(frames), path="^/ws")
    context = MemoryContext()
    task = asyncio.create_task(backend(server).generate(request(), context))
    await eventually(lambda: len(context.previews) == 2)
    provider.hold = None
    await task
    first, second = context.previews
    assert first == image("JPEG")
    assert len(noise()) > MAX_BYTES >= len(second)
    assert describe(second) == ("image/jpeg", 512, 341)
    assert (0.25, "step 5 of 20") in context.shown
    assert (None, "node 3") in context.shown
    assert not any("10 of 20" in message for _, message in context.shown)
    (call,) = server.calls("^/ws")
    assert call.query["clientId"] == provider.executions[0].prompt_id


async def test_the_websocket_says_when_to_look_but_not_what_is_true(server, provider):
    provider.hold = "running"
    server.misbehave(Socket([event("execution_success")]), path="^/ws")
    context = MemoryContext()
    task = asyncio.create_task(backend(server, poll_seconds=0.02).generate(request(), context))
    await eventually(lambda: provider.executions and provider.executions[0].looks > 6)
    assert not task.done()
    provider.hold = None
    await task


async def test_a_reference_is_uploaded_and_used_under_the_servers_name(server, provider):
    context = MemoryContext()
    reference = context.give(image())
    await backend(server, denoise=0.4).generate(request(reference=reference), context)
    (run,) = provider.executions
    assert run.graph["10"]["inputs"]["image"] == "safe/reference (1).png"
    assert run.graph["3"]["inputs"]["denoise"] == 0.4
    assert provider.uploads[0]["image"] == image()


async def test_a_reference_without_a_place_is_refused_before_anything_runs(server, provider):
    context = MemoryContext()
    asked = request(reference=context.give(image()))
    with pytest.raises(Permanent, match="no place"):
        await backend(server, reference_workflow=None).generate(asked, context)
    assert server.ledger == []


async def test_the_refiner_shares_seed_steps_and_words(server, provider):
    await backend(server, workflow="refiner", steps=20).generate(request(), MemoryContext())
    (run,) = provider.executions
    base, refiner = run.graph["3"]["inputs"], run.graph["16"]["inputs"]
    assert (base["end_at_step"], refiner["start_at_step"]) == (16, 16)
    assert base["noise_seed"] == refiner["noise_seed"] == 2**62
    assert run.graph["14"]["inputs"]["text"] == "a red barn"


async def test_upscaling_makes_a_small_one_first(server, provider):
    asked = request(width=2048, height=1024)
    await backend(server, workflow="upscale").generate(asked, MemoryContext())
    graph = provider.executions[0].graph
    assert (graph["5"]["inputs"]["width"], graph["5"]["inputs"]["height"]) == (1448, 720)
    assert (graph["19"]["inputs"]["width"], graph["19"]["inputs"]["height"]) == (2048, 1024)


@pytest.mark.parametrize("name", BUILT_IN["image"])
def test_every_link_of_a_built_in_workflow_leads_to_a_node(name):
    workflow = Workflow.model_validate(load(name))
    for node in workflow.graph.values():
        for value in node.inputs.values():
            assert not isinstance(value, list) or value[0] in workflow.graph
    assert workflow.graph[str(workflow.output)].class_type == "SaveImage"
    assert {"prompt", "negative", "seed", "steps", "cfg", "checkpoint"} <= workflow.slots.keys()


def test_a_workflow_of_ones_own_is_kept_as_it_was_when_it_was_queued(tmp_path: Path):
    graph = {
        "a:1": {"class_type": "Text", "inputs": {"words": "", "n": 3}, "_meta": {"title": "T"}}
    }
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(graph))
    slots = {"prompt": ["a:1.words"], "seed": ["a:1.n"]}
    settings = ComfySettings(workflow=str(file), slots=slots)
    stored = settings.model_dump(mode="json")
    file.unlink()
    again = ComfySettings.model_validate(stored)
    assert again == settings
    filled = again.filled_workflow.filled({"prompt": "x", "seed": 5, "cfg": 2})
    assert filled == {
        "a:1": {"class_type": "Text", "inputs": {"words": "x", "n": 5}, "_meta": {"title": "T"}}
    }
    assert ComfyImages(settings).info.model == "mine"
    assert ComfyImages(settings).info.version != ComfyImages(ComfySettings()).info.version


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "neither a file"),
        ("{", "not a workflow"),
        ("[]", "not a workflow"),
        ('{"nodes": [], "links": []}', "Export"),
        ('{"3": {"inputs": {}}}', "class_type"),
        ("{}", "at least 1"),
        ('{"graph": {"3": {"class_type": "X", "inputs": {}}}, "output": "4"}', "no node"),
        (
            '{"graph": {"3": {"class_type": "X", "inputs": {}}}, "slots": {"seed": ["3.x"]}}',
            "no in",
        ),
    ],
)
def test_a_workflow_file_that_is_wrong_is_refused_in_words(tmp_path: Path, content, sentence):
    file = tmp_path / "mine.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValidationError, match=sentence):
        ComfySettings(workflow=str(file))


def test_a_slot_that_is_not_there_is_refused():
    with pytest.raises(ValidationError, match="no input"):
        ComfySettings(slots={"prompt": ["99.text"]})


def test_frames_are_read_as_hints_and_never_trusted():
    assert read_event(event("executing", node=None, prompt_id="p"), "p") == PromptEvent(over=True)
    assert read_event(event("execution_error", prompt_id="q"), "p") is None
    assert read_event("[]", "p") is None
    assert read_event('{"type": "progress", "data": 3}', "p") is None
    assert read_event(event("progress", value=30, max=20), "p") == PromptEvent(1.0, "step 30 of 20")
    huge_number = event("progress", value=10**400, max=3)
    assert read_event(huge_number, "p") is None
    assert read_event('{"type":' + "[" * 100_000, "p") is None
    metadata = b'{"node": 3}'
    frame = struct.pack(">II", 4, len(metadata)) + metadata + b"image"
    assert preview_of(frame) == b"image"
    assert preview_of(struct.pack(">II", 4, 2**31) + b"x") is None
    assert preview_of(b"\0\0\0\1") is None


ODD_FRAMES: list[str | bytes] = [
    '{"type": "progress", "data": {"value": %s, "max": 1}}' % ("9" * 400),
    '{"type": "progress", "data": {"value": 1.0, "max": %s}}' % ("9" * 400),
    '{"type": "progress", "data": {"value": NaN, "max": NaN}}',
    '{"type": "progress", "data": {"value": Infinity, "max": Infinity}}',
    '{"type": "progress", "data": {"value": -5, "max": 1e-320}}',
    '{"type": "progress", "data": {"value": %s, "max": 1}}' % ("9" * 5000),
    '{"type": "executing", "data": {"node": "\\ud800"}}',
    '{"type": ["progress"], "data": {}}',
    "[" * 200_000,
    "[1]",
    b"\0",
    struct.pack(">II", 1, 2) + image()[:50],
]


async def test_odd_frames_are_passed_over_and_what_follows_is_heard(server, provider):
    provider.hold = "running"
    frames: list[str | bytes] = [*ODD_FRAMES, event("progress", value=5, max=20)]
    server.misbehave(Socket(frames), path="^/ws")
    context = MemoryContext()
    task = asyncio.create_task(backend(server).generate(request(), context))
    await eventually(lambda: (0.25, "step 5 of 20") in context.shown)
    provider.hold = None
    await task
    assert len(server.calls("^/ws")) == 1


def test_a_preview_is_small_and_an_image_or_it_is_none():
    assert fit_preview(image("PNG")) == image("PNG")
    assert describe(fit_preview(image("WEBP")) or b"")[0] == "image/jpeg"
    assert fit_preview(b"") is None
    assert fit_preview(noise()[: MAX_BYTES + 1]) is None


def test_sizes_are_those_that_can_be_made():
    assert [in_steps(side) for side in (64, 67, 69, 4096)] == [64, 64, 72, 4096]
    assert base_size(512, 768) == (512, 768)
    wide, high = base_size(4096, 2048)
    assert abs(wide * high - 1024 * 1024) < 20_000


def test_the_family_needs_no_key():
    made = FAMILY.factories["image"](ComfySettings(model="mine.safetensors"), {})
    assert made.missing() == []
    assert (made.info.model, made.info.paid, made.info.resumable) == (
        "mine.safetensors",
        False,
        True,
    )
