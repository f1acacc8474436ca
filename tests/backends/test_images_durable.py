"""Through the real engine: nothing is generated twice, whenever it is killed or stopped."""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.queries import batches
from engine.runtime.job.load import load_batch
from engine.runtime.lanes import lane as lanes
from tests.support.clips import clip
from tests.support.effort import cases
from tests.support.engines import eventually
from tests.support.optional import needs
from tests.support.providers.comfyui import ComfyUI
from tests.support.providers.draw import QUICK, Studio, die
from tests.support.providers.fal import FalQueue
from tests.support.providers.misbehaviour import hang, reset, status
from tests.support.providers.openai_images import OpenAIImages as OpenAIRoutes
from tests.support.providers.server import ProviderServer

pytestmark = pytest.mark.usefixtures("one_process")

SECRET = "0f0f0f0f-1111-2222-3333-444444444444:5555666677778888aaaabbbbccccdddd"
KEYS = {"FAL_KEY": SECRET, "STABILITY_API_KEY": SECRET, "OPENAI_API_KEY": "sk-0123456789abcdef"}
FILES = "^/files/|/view"
SUBMIT = "^/fal-ai/[^?]*sdxl$"


def fal_settings(server: ProviderServer, **more: Any) -> dict[str, Any]:
    own = {"base_url": server.url, "poll_seconds": 0.002, **more}
    return {"image": "fal", **{f"fal.{name}": value for name, value in own.items()}}


def comfy_settings(server: ProviderServer, **more: Any) -> dict[str, Any]:
    own = {"base_url": server.url, "poll_seconds": 0.005, **more}
    return {"image": "comfyui", **{f"comfyui.{name}": value for name, value in own.items()}}


def fal_made(queue: FalQueue) -> Counter[str]:
    return Counter(made.arguments["prompt"] for made in queue.generations)


def comfy_made(comfy: ComfyUI) -> Counter[str]:
    return Counter(run.graph["6"]["inputs"]["text"] for run in comfy.executions)


@cases("seed", range(2), usual=1)
async def test_fal_is_never_made_to_do_the_same_twice_by_kills(tmp_path: Path, seed: int):
    queue, moments = FalQueue(), random.Random(seed)
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(8, fal_settings(server, concurrency=1, ask_above=0))
        killed = [await die(studio.root, "fal", moments.randrange(1, 90)) for _ in range(6)]
        await studio.run()
        assert sum(killed) > 3
        made = fal_made(queue)
        assert set(made.values()) == {1}
        for job in studio.jobs():
            if job.state == "done":
                assert made[json.loads(job.input)["prompt"]] == 1
            else:
                assert (job.state, job.reason) == ("parked", "unknown-outcome")


async def test_clips_are_never_ordered_twice_by_kills(tmp_path: Path):
    needs("av", "cv2")
    queue, moments = FalQueue(clip=clip(5.0)), random.Random(5)
    with ProviderServer(queue) as server:
        own = {"base_url": server.url, "poll_seconds": 0.002, "concurrency": 1, "ask_above": 0}
        settings = {f"fal.{name}": value for name, value in own.items()}
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(4, {"video": "fal", **settings}, recipe="shoot")
        killed = [await die(studio.root, "clips", moments.randrange(1, 60)) for _ in range(5)]
        await studio.run()
        assert sum(killed) > 2
        made = fal_made(queue)
        assert set(made.values()) == {1}
        for job in studio.jobs():
            if job.state == "done":
                assert made[json.loads(job.input)["prompt"]] == 1
            else:
                assert (job.state, job.reason) == ("parked", "unknown-outcome")


@cases("seed", range(2), usual=1)
async def test_comfyui_does_everything_once_whatever_is_killed(tmp_path: Path, seed: int):
    comfy, moments = ComfyUI(), random.Random(seed)
    with ProviderServer(comfy) as server:
        studio = Studio(tmp_path / "work", {})
        studio.queue(3, comfy_settings(server))
        killed = [await die(studio.root, "comfyui", moments.randrange(1, 150)) for _ in range(6)]
        await studio.run()
        assert any(killed)
        assert {job.state for job in studio.jobs()} == {"done"}
        assert comfy_made(comfy) == {f"image {number}": 1 for number in range(3)}


async def test_jobs_wait_for_a_comfyui_that_is_not_running_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)
    comfy = ComfyUI()
    with ProviderServer(comfy) as first:
        place = first
    studio = Studio(tmp_path / "work", {})
    studio.queue(3, comfy_settings(place))
    engine, task = await studio.start()
    await eventually(lambda: {job.state for job in studio.jobs()} == {"parked"})
    assert {job.reason for job in studio.jobs()} == {"backend"}
    assert all("Check that it is running" in (job.message or "") for job in studio.jobs())
    with ProviderServer(comfy, port=place.port):
        await studio.becomes("done")
        engine.stop()
        await task
    assert comfy_made(comfy) == {f"image {number}": 1 for number in range(3)}


async def test_a_new_engine_goes_back_to_a_request_that_an_old_one_left(tmp_path: Path):
    queue = FalQueue(hold=True)
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS, {"engine": {"grace_seconds": 0}})
        studio.queue(2, fal_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: [step.state for step in studio.steps()] == ["submitted"] * 2)
        engine.stop()
        await task
        queue.hold = False
        await studio.run()
        assert {job.state for job in studio.jobs()} == {"done"}
        assert fal_made(queue) == {"image 0": 1, "image 1": 1}
        assert not any(made.cancelled for made in queue.generations)


@pytest.mark.parametrize("running", [False, True])
async def test_a_cancelled_job_lets_fal_end_and_keeps_what_is_paid_for(tmp_path: Path, running):
    queue = FalQueue(hold=True)
    if running:
        queue.steps = queue.steps[1:]
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        batch = studio.queue(1, fal_settings(server, price_per_image=0.5))
        engine, task = await studio.start()
        await eventually(lambda: queue.generations and queue.generations[0].looks > 2)
        studio.workspace.command("cancel", [batch])
        await studio.becomes("cancelled")
        queue.hold = False
        await eventually(lambda: studio.steps()[0].state == "done")
        engine.stop()
        await task
        (step,) = studio.steps()
        assert step.cost == 500_000
        assert len(queue.generations) == 1
        assert not queue.generations[0].cancelled


@pytest.mark.parametrize("state", ["pending", "running"])
async def test_a_cancelled_job_takes_its_prompt_out_of_comfyui(tmp_path: Path, state):
    comfy = ComfyUI(hold=state)
    with ProviderServer(comfy) as server:
        studio = Studio(tmp_path / "work", {})
        batch = studio.queue(1, comfy_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: comfy.executions and comfy.executions[0].looks > 3)
        studio.workspace.command("cancel", [batch])
        await studio.becomes("cancelled")
        await eventually(lambda: comfy.executions[0].state == "gone")
        engine.stop()
        await task
        prompt_id = comfy.executions[0].prompt_id
        assert (comfy.deleted or comfy.interrupted) == [prompt_id]


@pytest.mark.parametrize("state", ["pending", "running"])
async def test_an_engine_that_stops_leaves_its_prompts_and_the_next_finds_them(tmp_path, state):
    comfy = ComfyUI(hold=state)
    with ProviderServer(comfy) as server:
        studio = Studio(tmp_path / "work", {}, {"engine": {"grace_seconds": 0}})
        studio.queue(2, comfy_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: [run.state for run in comfy.executions] == [state] * 2)
        await eventually(lambda: [step.state for step in studio.steps()] == ["submitted"] * 2)
        engine.stop()
        await task
        assert (comfy.deleted, comfy.interrupted) == ([], [])
        comfy.hold = None
        await studio.run()
        assert {job.state for job in studio.jobs()} == {"done"}
        assert comfy_made(comfy) == {"image 0": 1, "image 1": 1}


async def test_a_deadline_leaves_its_prompt_and_goes_back_to_it(tmp_path: Path):
    comfy = ComfyUI(hold="running")
    with ProviderServer(comfy) as server:
        studio = Studio(tmp_path / "work", {}, {"engine": {"deadline_seconds": 0.3}})
        studio.queue(1, comfy_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: "Try 2" in "".join(_retries(studio)))
        comfy.hold = None
        await studio.becomes("done")
        engine.stop()
        await task
        assert (comfy.interrupted, len(comfy.executions)) == ([], 1)


async def test_a_cancelled_job_that_was_paused_takes_its_prompt_back_too(tmp_path: Path):
    comfy = ComfyUI(hold="running")
    with ProviderServer(comfy) as server:
        studio = Studio(tmp_path / "work", {})
        studio.queue(1, comfy_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: comfy.executions and comfy.executions[0].state == "running")
        studio.workspace.command("pause", ["j1"])
        await studio.becomes("paused")
        assert comfy.interrupted == []
        studio.workspace.command("cancel", ["j1"])
        await studio.becomes("cancelled")
        await eventually(lambda: comfy.executions[0].state == "gone")
        engine.stop()
        await task


async def test_a_prompt_that_ends_comfyui_is_given_up_and_the_others_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)
    comfy = ComfyUI(deadly="image 1")
    with ProviderServer(comfy) as server:
        studio = Studio(tmp_path / "work", {}, {"retry": {**QUICK["retry"], "tries": 2}})
        studio.queue(4, comfy_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: all(job.state in {"done", "failed"} for job in studio.jobs()))
        engine.stop()
        await task
        assert [job.state for job in studio.jobs()] == ["done", "failed", "done", "done"]
        (error,) = [error for error in studio.errors() if error.kind == "permanent"]
        assert "ComfyUI ended 3 times while it ran this prompt" in error.message
        assert comfy_made(comfy)["image 1"] in {3, 4}  # once in company, then alone
        comfy.deadly = ""
        studio.workspace.command("retry", ["j2"])
        await studio.run()
        assert {job.state for job in studio.jobs()} == {"done"}


async def test_a_prompt_that_ends_comfyui_before_it_has_answered_is_given_up_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)
    with ProviderServer(ComfyUI()) as server:
        server.misbehave(reset(), path=r"/prompt$", method="POST", times=100)
        studio = Studio(tmp_path / "work", {}, {"retry": {**QUICK["retry"], "tries": 2}})
        studio.queue(1, comfy_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: all(job.state in {"done", "failed"} for job in studio.jobs()))
        engine.stop()
        await task
        (error,) = [error for error in studio.errors() if error.kind == "permanent"]
        assert "ComfyUI ended 3 times while it ran this prompt" in error.message
        assert len(server.calls(r"/prompt$", "POST")) == 3


async def test_a_hung_request_is_cut_off_by_the_deadline_and_gone_back_to(tmp_path: Path):
    queue = FalQueue(hold=True)
    with ProviderServer(queue) as server:
        studio = Studio(
            tmp_path / "work", KEYS, {"engine": {"deadline_seconds": 0.3, "grace_seconds": 5}}
        )
        studio.queue(1, fal_settings(server))
        engine, task = await studio.start()
        await eventually(lambda: queue.generations and queue.generations[0].looks > 2)
        await eventually(lambda: "Try 2" in "".join(_retries(studio)))
        queue.hold = False
        await studio.becomes("done")
        engine.stop()
        await task
        assert len(queue.generations) == 1


def _retries(studio: Studio) -> list[str]:
    with studio.workspace.reading() as connection:
        rows = connection.execute("SELECT message FROM events WHERE type = 'step.retry'")
        return [str(row[0]) for row in rows]


async def test_refused_keys_and_unknown_outcomes_park_and_say_why(tmp_path: Path):
    queue = FalQueue()
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(1, fal_settings(server, ask_above=0))
        server.misbehave(status(401, {"detail": f"bad key {SECRET}"}), path=SUBMIT)
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.reason) == ("parked", "key")
        assert "FAL_KEY" in str(job.message)
        server.misbehave(reset(acted=True), path=SUBMIT)
        studio.workspace.command("resume", ["b1"])
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.reason) == ("parked", "unknown-outcome")
        assert len(server.calls(SUBMIT)) == 2
        studio.workspace.command("retry", ["b1"])
        await studio.run()
        assert studio.jobs()[0].state == "done"


def openai_settings(server: ProviderServer, **more: Any) -> dict[str, Any]:
    own = {"base_url": f"{server.url}/v1", **more}
    return {"image": "openai", **{f"openai.{name}": value for name, value in own.items()}}


@pytest.mark.parametrize(
    ("price", "end", "asked", "counted"),
    [
        (0.04, ("done", None), 2, (40_000, 40_000, 0)),
        (0.5, ("parked", "unknown-outcome"), 1, (0, 0, 500_000)),
    ],
)
async def test_a_call_that_a_crash_cut_is_made_again_if_it_costs_little(
    tmp_path: Path, price: float, end: tuple[str, str | None], asked: int, counted: tuple[int, ...]
):
    routes = OpenAIRoutes()
    with ProviderServer(routes) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(1, openai_settings(server, price_image=price))
        assert await die(studio.root, "openai", 1)
        assert len(routes.asked) == 1
        await studio.run()
        (job,) = studio.jobs()
        assert ((job.state, job.reason), len(routes.asked)) == (end, asked)
        assert spent(studio) == counted


async def test_a_gateway_of_this_machine_with_a_price_keeps_to_the_budget(tmp_path: Path):
    routes = OpenAIRoutes()
    with ProviderServer(routes) as server:
        studio = Studio(tmp_path / "work", KEYS, {"budget": {"total": 0.25}})
        studio.queue(6, openai_settings(server, price_image=0.1))
        await studio.run()
        assert {job.reason for job in studio.jobs() if job.state == "parked"} == {"budget"}
        assert len(routes.asked) == 2
        assert spent(studio) == (200_000, 0, 0)


@pytest.mark.parametrize("url", ["/files/\ud800.png", "/files/\0.png"])
async def test_an_address_that_cannot_be_stored_loses_no_cost(tmp_path: Path, url: str):
    routes = OpenAIRoutes(reply={"data": [{"url": url}]})
    with ProviderServer(routes) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(1, openai_settings(server, price_image=0.1))
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost, spent(studio)) == ("failed", 100_000, (100_000, 0, 0))
        assert studio.errors()[-1].kind == "permanent"


async def test_an_image_on_a_host_that_is_added_later_is_not_bought_again(tmp_path: Path):
    queue = FalQueue()
    with ProviderServer(queue) as server, ProviderServer(queue) as files:
        queue.file_url = f"{files.url.replace('127.0.0.1', 'localhost')}/files/x.png"
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(1, fal_settings(server, price_per_image=0.5))
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost) == ("failed", 500_000)
        assert "download_hosts" in str(studio.errors()[-1].remedy)
        queue.file_url = None  # what is asked for again is on a host of its own now
        studio.workspace.command("retry", ["b1"])
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost, len(queue.generations)) == ("done", 500_000, 1)


def test_hosts_of_files_may_be_added_for_a_batch_that_is_queued(tmp_path: Path):
    studio = Studio(tmp_path / "work", KEYS)
    studio.queue(1, {"image": "fal", "fal.download_hosts": ["cdn.example"]})
    own = {"fal": {"download_hosts": ["late.example"], "model": "another/model"}}
    with studio.workspace.reading() as connection:
        row = batches.batch(connection, 1)
    assert row is not None
    made: Any = load_batch(row, studio.workspace.catalog, {}, own).backends["image"]
    assert made.settings.download_hosts == ("cdn.example", "late.example")
    assert made.info.model == "fal-ai/fast-lightning-sdxl"


async def test_one_path_of_a_gateway_without_money_holds_up_no_other(tmp_path: Path):
    routes = OpenAIRoutes()
    with ProviderServer(routes) as server:
        studio = Studio(tmp_path / "work", KEYS)
        for path in ("poor", "rich"):
            settings = {"image": "openai", "openai.base_url": f"{server.url}/{path}/v1"}
            studio.queue(2, settings | {"openai.concurrency": 1})
        server.misbehave(status(402), path="^/poor/", times=float("inf"))
        await studio.run()
        with studio.workspace.reading() as connection:
            states = {
                row[0]: row[1]
                for row in connection.execute(
                    "SELECT batch_id, group_concat(DISTINCT state || ' ' || coalesce(reason, ''))"
                    " FROM jobs GROUP BY 1"
                )
            }
        assert states == {1: "parked quota", 2: "done "}


async def test_an_image_that_is_fetched_on_a_later_try_is_counted_once(tmp_path: Path):
    queue = FalQueue()
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(1, fal_settings(server, price_per_image=0.5))
        server.misbehave(reset(), path=FILES, times=4)
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost) == ("done", 500_000)
        assert [call.status for call in studio.calls()] == ["retryable", "done"]
        assert len(queue.generations) == 1


IMAGE_SELLERS: dict[str, tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]] = {
    "fal": (FalQueue, lambda server: fal_settings(server, price_per_image=0.5)),
    "openai": (
        lambda: OpenAIRoutes(by_url=True),
        lambda server: {
            "image": "openai",
            "openai.base_url": f"{server.url}/v1",
            "openai.image_model": "dall-e-3",
            "openai.price_image": 0.5,
        },
    ),
    "comfyui": (ComfyUI, lambda server: comfy_settings(server, price_per_image=0.5)),
}


def generated(seller: Any) -> int:
    if isinstance(seller, ComfyUI):
        return len(seller.executions)
    return len(seller.generations if isinstance(seller, FalQueue) else seller.asked)


@pytest.mark.usefixtures("one_fetch")
@pytest.mark.parametrize("name", IMAGE_SELLERS)
async def test_a_download_that_stalls_in_every_try_is_paid_for_once(tmp_path: Path, name: str):
    make, settings = IMAGE_SELLERS[name]
    seller = make()
    with ProviderServer(seller) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(1, settings(server) | {f"{name}.timeout": 0.3})
        server.misbehave(hang(), path=FILES, times=float("inf"))
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost, generated(seller)) == ("failed", 500_000, 1)
        assert "downloaded" in str(job.message)
        assert spent(studio) == (500_000, 0, 0)
        server.behave()
        studio.workspace.command("retry", ["b1"])
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost, generated(seller)) == ("done", 500_000, 1)
        assert spent(studio) == (500_000, 0, 0)


@pytest.mark.parametrize("name", IMAGE_SELLERS)
async def test_a_download_that_outlasts_the_engine_s_deadline_goes_on(tmp_path: Path, name: str):
    make, settings = IMAGE_SELLERS[name]
    seller = make()
    with ProviderServer(seller) as server:
        studio = Studio(
            tmp_path / "work", KEYS, {"engine": {"deadline_seconds": 0.5, "grace_seconds": 10}}
        )
        studio.queue(1, settings(server))
        server.misbehave(hang(), path=FILES)
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost, generated(seller)) == ("done", 500_000, 1)
        assert [call.status for call in studio.calls()] == ["retryable", "done"]
        assert spent(studio) == (500_000, 0, 0)


@pytest.mark.parametrize("name", IMAGE_SELLERS)
async def test_a_new_engine_downloads_what_an_old_one_could_not(tmp_path: Path, name: str):
    make, settings = IMAGE_SELLERS[name]
    seller = make()
    with ProviderServer(seller) as server:
        studio = Studio(tmp_path / "work", KEYS, {"engine": {"grace_seconds": 0}})
        studio.queue(1, settings(server))
        server.misbehave(hang(), path=FILES, times=float("inf"))
        engine, task = await studio.start()
        await eventually(lambda: server.calls(FILES))
        assert spent(studio) == (500_000, 0, 0)  # before the image is here
        engine.stop()
        await task
        server.behave()
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.cost, generated(seller)) == ("done", 500_000, 1)
        assert spent(studio) == (500_000, 0, 0)


def spent(studio: Studio) -> tuple[int, ...]:
    """Cost of the batch, presumed cost, and reserved cost."""
    sql = "SELECT cost, presumed, (SELECT sum(reserved) FROM steps) FROM batches"
    with studio.workspace.reading() as connection:
        return tuple(connection.execute(sql).fetchone())


async def test_a_single_call_that_was_cut_is_asked_about(tmp_path: Path):
    with ProviderServer() as server:
        studio = Studio(tmp_path / "work", KEYS)
        settings = {"image": "stability", "stability.base_url": server.url}
        studio.queue(1, settings | {"stability.ask_above": 0})
        server.misbehave(reset(), times=float("inf"))
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.reason) == ("parked", "unknown-outcome")
        assert len(server.ledger) == 1


async def test_keys_are_nowhere_after_failures(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    queue = FalQueue()
    caplog.set_level("DEBUG")
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        studio.queue(4, fal_settings(server))
        server.misbehave(status(422, {"detail": f"Key {SECRET} is odd"}), path=SUBMIT)
        server.misbehave(status(500, {"detail": f"Key {SECRET} is odd"}), path=SUBMIT)
        await studio.run()
        assert {job.state for job in studio.jobs()} == {"done", "failed"}
        assert {call.status for call in studio.calls()} >= {"done", "permanent"}
    half = SECRET.partition(":")[2]
    assert half not in caplog.text
    for path in studio.root.rglob("*"):
        if path.is_file() and path.name != ".env":
            assert half.encode() not in path.read_bytes(), path
    for error in studio.errors():
        assert half not in f"{error.message}{error.traceback}"


async def test_refine_runs_with_images_from_fal(tmp_path: Path):
    queue = FalQueue(kind="JPEG")
    with ProviderServer(queue) as server:
        studio = Studio(tmp_path / "work", KEYS)
        file = tmp_path / "prompts.json"
        file.write_text(json.dumps([{"id": "barn", "prompt": "a red barn in fog at dawn"}]))
        settings = fal_settings(server, price_per_image=0.002)
        settings |= {"max_iterations": 2, "target_score": 100, "seed": 7}
        studio.workspace.queue("refine", file, settings=settings)
        await studio.run()
        (job,) = studio.jobs()
        assert (job.state, job.iterations, job.cost) == ("done", 2, 4000)
        assert queue.generations[0].arguments["prompt"].startswith("a red barn")
        folder = studio.root / "outputs" / "results" / "barn"
        images = sorted(path.name for path in folder.glob("*.png"))
        assert images == ["iteration_1.png", "iteration_2.png"]
        results = json.loads((folder / "iteration_1_results.json").read_text())
        assert (results["backend"], results["model"]) == ("fal", "fal-ai/fast-lightning-sdxl")
