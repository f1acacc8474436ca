"""Lanes and model hosts: a line each on every screen, and in full with a lane's width to change."""

import asyncio
import json
import time
from typing import Any

import pytest
from textual.widgets import OptionList

from db.rows import HostRow, LaneRow
from db.writes.engines import report_lanes
from db.writes.hosts import report_hosts
from tests.support.engines import Toy
from tests.tui.support import Place, running, seen, shows, until
from tui.app import Dashboard
from tui.screens.lanes import LanesScreen
from tui.widgets.bars import Hosts

AT = "2026-11-01T12:00:00.000000Z"
HOSTILE = "\x1b[2J\u202e[red]x"


def lane(name: str, *, width: int = 8, waiting: int = 0, state: str = "open") -> LaneRow:
    return LaneRow(name, state, None, None, 8, width, 60.0, 3, waiting, AT)


def host(device: str, state: str = "busy", models: str = "[]", **other: object) -> HostRow:
    values: dict[str, Any] = {
        "name": "A large GPU", "pid": 1, "message": "", "memory_total": 140 * 10**9,
        "memory_budget": 120 * 10**9, "memory_used": 31 * 10**9, "waiting": 3, "running": 2,
        "restarts": 0, "updated_at": AT,
    }  # fmt: skip
    return HostRow(device=device, state=state, models=models, **{**values, **other})


MODELS = json.dumps(
    [
        {"name": "openai/clip-vit", "bytes": 10**9, "offloaded": True},
        {"name": "stabilityai/sdxl-base", "bytes": 7 * 10**9, "offloaded": False},
    ]
)


SPEEDS = json.dumps([{"name": "sdxl", "bytes": 7 * 10**9, "offloaded": False, "seconds": 3.2}])


async def test_hosts_stand_beside_the_lanes(place: Place) -> None:
    place.batch("evening", ["one"])
    place.write(lambda c: report_lanes(c, [lane("openai", width=4, waiting=2)]))
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "openai 3/4 +2 wait")
        assert not pilot.app.screen.query_one(Hosts).display
        place.write(lambda c: report_hosts(c, [host("cuda:0", models=MODELS), host("cpu", "idle")]))
        await shows(pilot, "▸ cuda:0 busy 2 +3 wait  31.0 GB of 120 GB  sdxl-base +1", "· cpu idle")


async def test_all_of_a_host_and_nothing_hostile(place: Place) -> None:
    place.batch("evening", ["one"])
    place.write(lambda c: report_lanes(c, [lane("openai"), lane("fal", state="cooling")]))
    bad = host("cuda:1", "restarting", "{", name=HOSTILE, message=HOSTILE, restarts=1)
    place.write(lambda c: report_hosts(c, [host("cuda:0", models=MODELS), bad]))
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "openai")
        await pilot.press("w")
        await shows(
            pilot, "3 in flight, 8 at most, 0 waiting, 60 a minute, cooling",
            "stabilityai/sdxl-base", "(openai/clip-vit)", "restarting ([red]x)", "started again",
        )  # fmt: skip
        assert "\x1b" not in seen(pilot.app)
        await pilot.press("w")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")


async def test_machines_with_their_links_and_what_their_devices_do(place: Place) -> None:
    place.batch("evening", ["one"])
    far = host("gpu-a/cuda:0", "idle", machine="gpu-a", link="connected", latency_ms=12.34,
               version="Safelight 1", load=3, celsius=41)  # fmt: skip
    lost = host("gpu-b", "stopped", machine="gpu-b", link="lost", message=f"no answer{HOSTILE}",
                retry_at=time.time() + 3600)  # fmt: skip
    place.write(lambda c: report_hosts(c, [host("cuda:0", models=SPEEDS), far, lost]))
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "◆ gpu-b lost", "▸ cuda:0 busy", "· gpu-a/cuda:0 idle")
        await pilot.press("w")
        await shows(
            pilot, "sdxl · 7.0 GB · 3.2s a task", "gpu-a  connected · 12.3 ms · Safelight 1",
            "3 % load, 41 °C", "gpu-b  trying again in", "no answer[red]x",
        )  # fmt: skip
        assert "\x1b" not in seen(pilot.app)


async def test_a_lane_is_made_wider_and_narrower(tmp_path) -> None:
    toy = Toy(tmp_path / "workspace")
    toy.backend.change(concurrency=2)
    toy.queue(200)
    toy.backend.reply = lambda request, context: asyncio.sleep(0.05)
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    try:
        async with running(Dashboard(toy.root), (100, 30)) as pilot:
            await shows(pilot, "/2")
            await pilot.press("w")
            await shows(pilot, "2 at most")
            await pilot.press("j", "plus")
            await shows(pilot, "3 at most")
            await pilot.press("minus")
            await shows(pilot, "2 at most")
    finally:
        engine.stop()
        await task


async def test_who_only_watches_changes_no_lane(place: Place) -> None:
    place.batch("evening", ["one"])
    place.write(lambda c: report_lanes(c, [lane("openai")]))
    async with running(place.dashboard(read_only=True), (100, 30)) as pilot:
        await shows(pilot, "openai")
        await pilot.press("w", "plus")
        await until(pilot, lambda: isinstance(pilot.app.screen, LanesScreen))
        assert "wider" not in seen(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
    assert place.read("SELECT count(*) FROM commands") == [(0,)]


async def test_the_chosen_line_can_be_told_without_colours(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    place.write(lambda c: report_lanes(c, [lane("openai"), lane("fal")]))
    async with running(place.dashboard(), (80, 24)) as pilot:
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, LanesScreen))
        options = pilot.app.screen.query_one(OptionList)
        await until(pilot, lambda: options.option_count == 2)
        chosen = options.get_visual_style("option-list--option-highlighted")
        assert chosen.background.get_contrast_text().brightness < 0.5 < chosen.background.brightness
