"""The gallery in a real browser: keys, a decision by a click, live cards, a phone."""

import asyncio
import shutil

import pytest

from engine.client.workspace import Workspace
from tests.support.chromium import chromium, find_chromium, gallery_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="chromium is not installed"),
]

HERE = "document.querySelector('.current')?.id"


async def test_by_keys_and_clicks(painted, tmp_path):
    root = shutil.copytree(painted, tmp_path / "w")
    workspace = Workspace(root)
    async with chromium() as tab:
        with gallery_server(root) as link:
            base = link.partition("/login")[0]
            await tab.look(1400, 900)
            await tab.open(link)
            assert await tab.run("location.href") == f"{base}/"
            await _rate_by_keys(tab, base, workspace)
            await _compare(tab)
            await _decide_by_a_click(tab, base, workspace)
            await _see_it_live(tab, base, workspace)
            await _on_a_phone(tab, base)
        with gallery_server(root) as other:  # the session outlives the server
            await tab.open(f"{other.partition('/login')[0]}/b1")
            assert await tab.run("document.querySelector('h1').textContent") == "entries"
    code = link.rpartition("=")[2]
    assert all(code not in log.read_text() for log in root.rglob("*.log"))


async def _rate_by_keys(tab, base, workspace):
    await tab.open(f"{base}/b1?sort=best")
    first = await tab.run("document.querySelectorAll('.card')[1].id")
    for key in ("j", "j", "4"):
        await tab.press(key)
    assert await tab.until(HERE) == first
    await tab.until("document.querySelector('.flash')?.textContent.includes('Rated')")
    [rated] = [job for job in workspace.jobs("b1") if job.rating is not None]
    assert (f"j{rated.id}", rated.rating) == (first, 4)
    await tab.until("document.querySelectorAll('.current [aria-pressed=true]').length")


async def _compare(tab):
    for key in ("x", "k", "x", "="):
        await tab.press(key)
    await tab.until("location.pathname === '/compare'")
    await tab.click("#swipe")
    await tab.until("document.querySelector('.side2').style.clipPath.includes('50%')")
    await tab.press("?")
    await tab.until("document.querySelector('dialog').open")
    assert tab.complaints == []


async def _decide_by_a_click(tab, base, workspace):
    await tab.open(f"{base}/j1")
    await tab.click("#part-iteration-1 [data-choose]")
    await tab.until("!!document.querySelector('.flash, .consequence')")
    if await tab.run("!!document.querySelector('.consequence')"):
        await tab.click(".consequence button.primary")
    await tab.until("document.querySelector('.flash')?.textContent.includes('Decided')")
    await asyncio.to_thread(workspace.follow, "b1")
    await tab.until("!!document.querySelector('#part-iteration-1.taken')")
    assert tab.complaints == []


async def _see_it_live(tab, base, workspace):
    """A card changes on an open page once another door has changed its job."""
    await tab.open(f"{base}/b1")
    await asyncio.to_thread(workspace.command, "rate", ["j3"], {"value": "5"})
    await asyncio.to_thread(
        workspace.command, "decide", ["j3"], {"key": "iteration-2/prompt", "value": "a blue gate"}
    )
    await tab.until("document.querySelector('#j3').textContent.includes('queued')")
    await tab.until("document.querySelectorAll('#j3 [aria-pressed=true]').length")
    assert tab.complaints == []


async def _on_a_phone(tab, base):
    for dark in (False, True):
        await tab.look(390, 844, dark=dark)
        for path in ("/", "/b1", "/j1", "/j1/at/iteration-1", "/compare?job=1&job=2", "/devices"):
            await tab.open(f"{base}{path}")
            width = await tab.run("document.documentElement.scrollWidth")
            assert width == 390, f"{path} is {width} pixels wide"
            small = "e => e.offsetWidth && (e.offsetWidth < 24 || e.offsetHeight < 24)"
            buttons = f"[...document.querySelectorAll('button, summary')].filter({small}).length"
            assert await tab.run(buttons) == 0, path
