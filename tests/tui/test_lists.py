"""Pages of long lists: the same rows as sorting everything would give, at a million too."""

import itertools
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from db.queries import anchors, lists
from engine.client.views import listing as listing_module
from engine.client.views.filters import Filter
from engine.client.views.listing import Listing, PageRequest
from engine.text.state_symbols import WORST_FIRST
from tests.tui.support import Place, running, seen, until
from tui.screens.batch import BatchScreen

STATES = ("queued", "done", "failed", "done", "cancelled", "parked")


def fill(place: Place, count: int) -> None:
    """A batch of many jobs, in one statement."""
    place.batch("many", [])

    def insert(connection: sqlite3.Connection) -> None:
        connection.execute(
            """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
               INSERT INTO jobs (batch_id, position, key, state, seed, input, output, place, score,
                                 created_at, rating, started_at, finished_at)
               SELECT 1, i, printf('k%07d', i),
                 CASE i % 6 WHEN 0 THEN 'queued' WHEN 2 THEN 'failed' WHEN 4 THEN 'cancelled'
                   WHEN 5 THEN 'parked' ELSE 'done' END,
                 1, '{}', 'o', i, CASE WHEN i % 2 THEN (i * 7919) % 1009 END, '2026',
                 CASE i % 3 WHEN 1 THEN i % 7 END,
                 CASE WHEN i % 11 THEN '2026-11-01T12:00:00.000000Z' END,
                 CASE WHEN i % 6 IN (1, 2, 3, 4)
                   THEN printf('2026-11-01T12:00:%02d.000000Z', i % 13) END
               FROM n""",
            (count,),
        )
        for state in set(STATES):
            connection.execute(
                f"UPDATE batches SET {state} = (SELECT count(*) FROM jobs WHERE state = ?)",
                (state,),
            )

    place.write(insert)


@pytest.fixture
def hundred(place: Place) -> Iterator[sqlite3.Connection]:
    fill(place, 100)
    connection = place.store.reader()
    yield connection
    connection.close()


def scored(row: sqlite3.Row) -> tuple[bool, float, int]:
    return row["score"] is None, row["score"] or 0, row["position"]


def has_letters(text: str, letters: str) -> bool:
    return re.search(".*".join(map(re.escape, letters)), text) is not None


def everything(connection: sqlite3.Connection, ask: PageRequest) -> list[int]:
    """What sorting all rows in Python gives."""
    rows = connection.execute("SELECT * FROM jobs").fetchall()
    wanted = ask.filter
    rows = [
        row
        for row in rows
        if (wanted.states is None or row["state"] in wanted.states)
        and all(word in row["key"] for word in wanted.words)
        and not any(word in row["key"] for word in wanted.without)
        and all(has_letters(row["key"], letters) for letters in wanted.fuzzy)
    ]
    keys = {
        "position": lambda r: r["position"],
        "state": lambda r: (WORST_FIRST.index(r["state"]), r["position"]),
        "worst": lambda r: (
            r["state"] != "failed",
            r["score"] is None,
            r["score"] or 0,
            r["position"],
        ),
        "lowest": lambda r: (
            r["state"] == "failed",
            r["score"] is None,
            r["score"] or 0,
            r["position"],
        ),
        "time": lambda r: (*_by_time(r), r["position"]),
        "rating": lambda r: (r["rating"] is None, -(r["rating"] or 0), r["position"]),
        "best": lambda r: (r["state"] == "failed", r["score"] is None, -(r["score"] or 0), 0),
    }
    return [row["id"] for row in sorted(rows, key=keys[ask.order])]


def _by_time(row: sqlite3.Row) -> tuple[int, float]:
    """Return the place of a job in the order by time: running, ended, never begun, waiting."""
    if row["finished_at"] is None:
        return (0 if row["state"] == "running" else 3), 0.0
    if row["started_at"] is None:
        return 2, 0.0
    return 1, -(row["position"] % 13)


FILTERS = (
    "", "state:failed", "!state:done", "1", "1 !5 state:done,failed", "state:running", "~12 !5",
    "~%", "%", "_",
)  # fmt: skip


@pytest.mark.parametrize("order", ["position", "state", "worst", "lowest", "rating", "time"])
@pytest.mark.parametrize("text", FILTERS)
def test_every_page_is_what_sorting_gives(hundred, order: str, text: str) -> None:
    batch = lists.batch_line(hundred, 1)
    whole = everything(hundred, PageRequest(order=order, filter=Filter.parse(text)))
    if order == "state" and Filter.parse(text).by_name:
        whole.sort(key=lambda id_: state_of(hundred, id_))
    listing = Listing(1)
    for start in range(0, 100, 7):
        ask = PageRequest(order=order, filter=Filter.parse(text), start=start, count=10)
        page = listing.page(hundred, batch, ask)
        assert page.total == len(whole)
        assert [row.id for row in page.rows] == whole[page.start : page.start + 10]
        assert page.start <= start
        back = listing.page(hundred, batch, replace(ask, reverse=True))
        assert [row.id for row in back.rows] == whole[::-1][back.start : back.start + 10]


def state_of(connection: sqlite3.Connection, id_: int) -> tuple[str, int]:
    row = connection.execute("SELECT state, position FROM jobs WHERE id = ?", (id_,)).fetchone()
    return row["state"], row["position"]


@pytest.mark.parametrize(
    "text",
    ["x" * 60_000, f"~{'x' * 60_000}", "a word " * 2_000],
    ids=["word", "letters", "words"],
)
def test_a_long_text_that_is_pasted_as_a_filter_matches_nothing(hundred, text: str) -> None:
    batch = lists.batch_line(hundred, 1)
    page = Listing(1).page(hundred, batch, PageRequest(filter=Filter.parse(text)))
    assert (page.total, page.rows) == (0, ())


def test_best_first_where_lower_is_better(hundred) -> None:
    batch = lists.batch_line(hundred, 1)
    page = Listing(1).page(
        hundred, batch, PageRequest(order="best", higher_is_better=False, count=5)
    )
    scores = [row.score for row in page.rows]
    assert scores == sorted(scores)


def test_pages_are_found_by_an_index(hundred) -> None:
    seen_plans: list[str] = []
    hundred.set_trace_callback(seen_plans.append)
    batch = lists.batch_line(hundred, 1)
    for order, text in itertools.product(
        ("position", "state", "worst", "best", "rating", "time", "cost"),
        ("", "s:fail", "s:fail,done"),
    ):
        if order not in {"position", "state"} and text:
            continue  # a filtered list by score is found whole and kept
        Listing(1).page(
            hundred, batch, PageRequest(order=order, filter=Filter.parse(text), start=40)
        )
    hundred.set_trace_callback(None)
    for sql in [s for s in seen_plans if "OFFSET" in s or "position >" in s]:
        plan = " ".join(row["detail"] for row in hundred.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SCAN jobs" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


@pytest.mark.slow
@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
async def test_very_many_rows_are_painted_and_jumped_through(place: Place, count: int) -> None:
    fill(place, count)
    async with running(place.dashboard(), (100, 30)) as pilot:
        pilot.app.push_screen(BatchScreen(1, "many"))
        await until(pilot, lambda: "k0000001" in seen(pilot.app))
        rows = pilot.app.screen.rows
        assert rows.total == count
        assert len(rows.state.window) <= 400
        await pilot.press("G")
        await until(pilot, lambda: f"k{count:07}" in seen(pilot.app))
        await pilot.press("pageup", "k")
        await until(pilot, lambda: rows.current is not None)
        rows.go(count // 2)
        await until(pilot, lambda: f"k{count // 2 + 1:07}" in seen(pilot.app))
        await pilot.press("s", "w")
        await until(pilot, lambda: rows.current is not None and rows.current.state == "failed")
        assert len(rows.state.window) <= 400


@pytest.mark.parametrize("order", ["worst", "best", "state", "rating", "time", "cost"])
def test_pages_from_anchors_are_those_from_the_ends(
    hundred: sqlite3.Connection, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = lists.batch_line(hundred, 1)
    asks = [PageRequest(order=order, start=start, count=9) for start in range(0, 100, 4)]
    plain = [Listing(1).page(hundred, batch, ask).rows for ask in asks]
    monkeypatch.setattr(anchors, "HOP", 7)
    listing = Listing(1)
    assert listing.page(hundred, batch, asks[0]).rows == plain[0]
    assert not listing.is_ready
    for _ in range(10):
        for ask, rows in zip(asks, plain, strict=True):
            assert listing.page(hundred, batch, ask).rows == rows
    assert listing.is_ready


def test_anchors_hold_for_one_state_of_the_batch(
    hundred: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "HOP", 7)
    monkeypatch.setattr(anchors, "HOPS", 2)
    monkeypatch.setattr(listing_module, "ANCHORS_SECONDS", -1.0)
    listing, ask = Listing(1), PageRequest(order="worst", count=9)
    for _ in range(30):
        listing.page(hundred, lists.batch_line(hundred, 1), ask)
    assert listing.is_ready
    changed = replace(lists.batch_line(hundred, 1), done=17, queued=33)
    listing.page(hundred, changed, ask)
    assert not listing.is_ready
