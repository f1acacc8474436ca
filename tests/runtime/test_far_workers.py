"""Steps on the processor that other machines do: here, processes that count as other machines."""

import asyncio
import hashlib
import importlib
import io
import os
import pkgutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import engine.backends.builtin
import engine.recipes
from engine.audio.synthesis.description import describe
from engine.backends.builtin.audio import synthesised
from engine.contract import Artifact, OpenFile, Retryable
from engine.contract.travelling import function_named, may_travel, name_of
from engine.models.hosts import compute_model, messages
from engine.models.hosts.links.link import HostLink, LinkEnd, OnEnd, OnReport
from engine.models.hosts.links.pipe import PipeLink
from engine.models.hosts.messages import WorkerOptions
from engine.recipes.common.films import plain_plan, segment_bytes
from engine.recipes.storyboard.likeness import crops_of
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.far_call import FarCall
from engine.runtime.process_pool import ComputePool
from engine.runtime.step.call_context import _of_files
from tests.video.films import shot, small_film

SOUND = (asdict(describe("rain on a roof", "")), 1.0, 7, False, 0.5)


class Machine:
    """Processes on this machine, in the place of another machine."""

    holdings = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0

    def link(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        machine = self

        class Link(PipeLink):
            def send(self, command: messages.HostCommand) -> None:
                if isinstance(command, messages.RunBatch) and command.operation == "call":
                    machine.calls += 1
                    if machine.cuts(self, on_end):
                        return
                super().send(command)

        return Link(options, on_report, on_end)

    def cuts(self, link: PipeLink, on_end: OnEnd) -> bool:
        """Does what happens to a call; returns whether it is not sent."""
        return False

    async def devices(self) -> list[Any]:
        return []

    def close(self) -> None:
        pass


class Cut(Machine):
    """A machine whose link is cut in the middle of its first call."""

    def cuts(self, link: PipeLink, on_end: OnEnd) -> bool:
        if self.calls > 1:
            return False
        link.close()
        on_end(LinkEnd(None, "cut"))
        return True


class Killed(Machine):
    """A machine on which something kills the worker in the middle of each call."""

    def cuts(self, link: PipeLink, on_end: OnEnd) -> bool:
        os.kill(link.pid, 9)
        return True


def picture(colour: str) -> bytes:
    """Return an image with an edge in it, as PNG."""
    image = Image.new("RGB", (192, 108), colour)
    image.paste("white", (20, 20, 90, 60))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


Ask = Callable[..., Any]


async def ask(pool: ComputePool, store: ArtifactStore, function: Ask, *args: Any) -> Any:
    """Runs a function as a step's context does."""
    assert may_travel(function, args)
    here = (_of_files, store.folder.absolute(), function, args)
    async with asyncio.timeout(120):
        return await pool.run_anywhere(FarCall(function, args, store), *here)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def kept(store: ArtifactStore, data: bytes, media_type: str = "image/png") -> Artifact:
    return Artifact(hash=store.put(data), media_type=media_type, size=len(data))


def travellers() -> set[str]:
    """Names of all functions that travel."""
    names = set()
    for package in (engine.backends.builtin, engine.recipes):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            members = vars(importlib.import_module(module.name)).values()
            names |= {name_of(one) for one in members if hasattr(one, "__stays_with__")}
    return names | {name_of(segment_bytes)}


def test_what_travels_is_a_list_that_is_looked_at() -> None:
    assert travellers() == {
        "engine.backends.builtin.audio:synthesised",
        "engine.backends.builtin.image:painted",
        "engine.recipes.common.films:segment_bytes",
        "engine.recipes.music_video.animation:schedules_of",
        "engine.recipes.music_video.grading:graded_image",
        "engine.recipes.music_video.song:measure",
        "engine.recipes.sound_effect.finishing:finished_file",
        "engine.recipes.sound_effect.steps:measured",
        "engine.recipes.storyboard.cut:animatic_bytes",
        "engine.recipes.storyboard.likeness:crops_of",
        "engine.recipes.visual_prompts.steps:measured",
    }
    assert all(function_named(name) for name in travellers())


@pytest.mark.parametrize(
    "name",
    [
        *(
            "os:system",
            "engine.recipes.common.films:join_files",
            "engine.recipes.common.films:segment_request",
        ),
        *(
            "engine.nowhere:f",
            "engine.recipes.common.films:nothing",
            "engine.recipes.common.films",
            ":",
            "",
        ),
        *("engine.recipes.common.films:Path.unlink", "engine..contract:x", "builtins:eval"),
    ],
)
def test_nothing_else_is_run(name: str) -> None:
    with pytest.raises(LookupError):
        function_named(name)


@pytest.mark.slow
async def test_results_are_those_of_this_machine(store: ArtifactStore) -> None:
    there, here = ComputePool(0, {Machine("box-a"): 1}), ComputePool(1)
    image = kept(store, picture("green"))
    sound = kept(store, synthesised(*SOUND), "audio/wav")
    song = function_named("engine.recipes.music_video.song:measure")
    measured = function_named("engine.recipes.visual_prompts.steps:measured")
    calls: list[tuple[Ask, Any]] = [
        (synthesised, SOUND),
        (crops_of, (image,)),
        (measured, (sound, "rain", False)),
        (song, (OpenFile(sound), "rain", "audio/wav", "", (), False)),
    ]
    for function, args in calls:
        assert await ask(there, store, function, *args) == await ask(here, store, function, *args)
    with pytest.raises(ValueError, match="image"):
        await ask(there, store, crops_of, sound)
    there.close()
    here.close()


@pytest.mark.slow
async def test_a_film_of_two_machines_is_that_of_one(store: ArtifactStore) -> None:
    film = small_film(shot(0, 1), shot(1, 2, 1), shot(2, 3), shot(3, 4, 1))
    images = [kept(store, picture(colour)) for colour in ("red", "blue")]
    spans = [(first, first + 23) for first in range(0, 96, 24)]

    async def rendered(pool: ComputePool) -> list[str]:
        plan = plain_plan(film)
        segments = await asyncio.gather(
            *(
                ask(pool, store, segment_bytes, plan, span, "preview", (2, 0), *images)
                for span in spans
            )
        )
        pool.close()
        return [hashlib.sha256(data).hexdigest() for data in segments]

    two = Machine("box-a"), Machine("box-b")
    both = await rendered(ComputePool(0, dict.fromkeys(two, 1)))
    assert both == await rendered(ComputePool(1))
    assert len(set(both)) > 1
    assert sum(machine.calls for machine in two) == len(spans)


async def test_a_step_of_a_machine_that_is_lost_is_done_elsewhere(store: ArtifactStore) -> None:
    cut = Cut("box-a")
    pool = ComputePool(0, {cut: 1, Machine("box-b"): 1})
    args = [(*SOUND[:2], seed, *SOUND[3:]) for seed in range(4)]
    results = await asyncio.gather(*(ask(pool, store, synthesised, *one) for one in args))
    assert results == [synthesised(*one) for one in args]
    assert cut.calls >= 1
    pool.close()


async def test_a_worker_that_dies_costs_an_attempt(store: ArtifactStore) -> None:
    pool = ComputePool(0, {Killed("box-a"): 1})
    with pytest.raises(Retryable, match="worker process on box-a died"):
        await ask(pool, store, synthesised, *SOUND)
    pool.close()


async def test_a_machine_with_other_versions_is_not_used(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = compute_model.about()
    other = {**own, "numpy": "1.0"}
    monkeypatch.setattr("engine.runtime.far_workers.about", lambda: other)
    box = Machine("box-a")
    pool = ComputePool(1, {box: 1})
    pool._far.start()
    before = time.monotonic()
    while "is not used" not in caplog.text and time.monotonic() - before < 60:
        await asyncio.sleep(0.01)
    assert f"numpy is {own['numpy']} there and 1.0 here" in caplog.text
    assert await ask(pool, store, synthesised, *SOUND) == synthesised(*SOUND)
    assert box.calls == 0
    pool.close()


async def test_a_call_that_is_cancelled_ends_its_worker(store: ArtifactStore) -> None:
    class Deaf(Machine):
        def cuts(self, link: PipeLink, on_end: OnEnd) -> bool:
            return self.calls == 1

    box = Deaf("box-a")
    pool = ComputePool(0, {box: 1})
    call = asyncio.create_task(ask(pool, store, synthesised, *SOUND))
    while not box.calls:
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await ask(pool, store, synthesised, *SOUND) == synthesised(*SOUND)  # by a new worker
    pool.close()


def test_what_needs_this_machine_stays() -> None:
    plan = {"lyrics": [{"text": "la"}]}
    assert not may_travel(segment_bytes, (plan, (0, 1), "preview", (0, 0)))
    song = function_named("engine.recipes.music_video.song:measure")
    assert not may_travel(song, ("stream", "name", "audio/wav", "", (), True))
